import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeClient } from '../kube/client.ts';
import { AlreadyExistsError, ApiError, ConflictError, InvalidError, NotFoundError } from '../kube/errors.ts';
import type { Fence } from '../kube/fence.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import { OldPictureError } from '../engine/execute.ts';
import { mergePatch } from '../base/merge-patch.ts';
import type { Meshes } from '../mesh/registry.ts';
import type { CallersObserver } from './callers-observer.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Faults } from './faults.ts';
import type { GateReader } from './gates/gate-reader.ts';
import type { Observer } from './metrics/observer.ts';
import type { RecordRefusals } from './record-refusals.ts';
import type { Unanswered } from './unanswered.ts';

/** What reconcilers work with. */
export interface Context {
  readonly view: ClusterView;
  readonly client: KubeClient;
  readonly meshes: Meshes;
  readonly fence: Fence;
  readonly unanswered: Unanswered;
  /** Writes to objects of our own that are refused. */
  readonly records: RecordRefusals;
  readonly faults: Faults;
  readonly events: EventRecorder;
  /** Whoever measures what is done. */
  readonly observer: Observer;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many namespaces of one migration may be under way at once. */
  readonly maxConcurrentNamespaces: number;
  /** Who calls whom by metrics of each mesh, where they are configured. */
  readonly callers: readonly CallersObserver[];
  /** Reads what gates ask for, where there is a Prometheus. */
  readonly gates: GateReader | undefined;
}

/** What is to happen with a key after it was looked at. */
export type Result =
  /** Something was written: look again as soon as the cache holds it. */
  | { readonly kind: 'Again' }
  /** The picture was old: look again when something changes, or after a delay that grows while nothing does. */
  | { readonly kind: 'Stale' }
  /** Look again after `ms`, or when something changes. */
  | {
      readonly kind: 'After';
      readonly ms: number;
      /** A slot has become free without a change that anybody would see. */ readonly freed?: boolean;
    }
  | { readonly kind: 'Idle' }
  /** There is no such object: it is looked at when there is one again. */
  | { readonly kind: 'Gone' };

/**
 * Whether one of our own writes to these objects is not in the cache yet: a decision made now would be made on the
 * past.
 */
export function isBehind(
  { fence, view }: Context,
  objects: readonly { readonly resource: Resource; readonly namespace: string | undefined; readonly name: string }[],
): boolean {
  return objects.some(({ resource, namespace, name }) =>
    fence.pending(resource, namespace, name, view.storeOf(resource) ?? { resourceVersion: '', listedAt: -Infinity }),
  );
}

/** Notes a write for the fence. */
export function noteWrite({ fence, clock }: Context, resource: Resource, object: KubeObject): void {
  const { namespace, name, resourceVersion } = object.metadata;
  if (resourceVersion !== undefined) fence.wrote(resource, namespace, name, resourceVersion, clock.monotonic());
}

/** Whether a status is stored as it is to be. */
export function isStored(object: KubeObject, status: object): boolean {
  return (
    mergePatch((object['status'] ?? {}) as Record<string, unknown>, status as Record<string, unknown>) === undefined
  );
}

/**
 * Thrown when the API server has answered a status without fields of it, because its CRD is an older one or a webhook
 * takes them out: nothing may follow from it.
 */
export class StatusNotKeptError extends Error {
  override readonly name = 'StatusNotKeptError';
}

/**
 * Stores a status if it differs, on condition that nobody has changed the object since it was read: so a person's edit
 * of the status is never overwritten, it makes this fail and is read next time. Returns whether something was written.
 */
export async function storeStatus(
  context: Context,
  resource: Resource,
  object: KubeObject,
  status: object,
  signal: AbortSignal,
): Promise<boolean> {
  const patch = mergePatch((object['status'] ?? {}) as Record<string, unknown>, status as Record<string, unknown>);
  if (patch === undefined) return false;
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const answer = await context.client.mergePatch(
    resource,
    namespace,
    name,
    { metadata: { uid, resourceVersion }, status: patch },
    { subresource: 'status', signal },
  );
  noteWrite(context, resource, answer);
  const lost = Object.keys(
    mergePatch((answer['status'] ?? {}) as Record<string, unknown>, status as Record<string, unknown>) ?? {},
  );
  if (lost.length > 0)
    throw new StatusNotKeptError(
      `the API server does not keep ${lost.join(', ')}: install the CRDs of this version (crds/), or look for a webhook on ${resource.plural}`,
    );
  return true;
}

/** Failures that only mean that the picture was old: the next look, at a newer one, is the remedy. */
export function isStale(error: unknown): boolean {
  return (
    error instanceof OldPictureError ||
    error instanceof ConflictError ||
    error instanceof NotFoundError ||
    error instanceof AlreadyExistsError
  );
}

/** One sentence about a refused write, for the status. */
export function refusal(error: unknown): string | undefined {
  const isRefusal =
    error instanceof InvalidError || (error instanceof ApiError && error.code >= 400 && error.code < 500);
  return isRefusal ? error.sentence.slice(0, 600) : undefined;
}
