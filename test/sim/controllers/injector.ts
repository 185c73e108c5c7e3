import type { Clock } from '../../../src/base/clock.ts';
import type { KubeObject, Resource } from '../../../src/api/object.ts';
import { SimStatusError, type SimApi } from '../sim-api.ts';
import { firesFor, type InjectionWebhook } from './injector-webhooks.ts';
import type { Istiod } from './istiod.ts';
import { mutatingWebhookConfigurations, namespaces } from './kinds.ts';
import type { Pod } from './pod-types.ts';
import { withSidecar, wantsSidecar } from './sidecar.ts';
import { listOf } from './typed-api.ts';

/** Lets a scenario take the webhook down. */
export interface InjectorControl {
  /** False: every call fails, and because of `failurePolicy: Fail` no pod that a webhook selects can be created. */
  reachable: boolean;
  /** How far behind the API server's own view of namespaces is, by which it matches `namespaceSelector`. Default: 0. */
  lagMs: number;
}

type Labels = Readonly<Record<string, string>>;

/** Labels of a namespace, and when they came to be these. */
interface Since {
  readonly at: number;
  readonly labels: Labels;
}

interface Call {
  readonly webhook: InjectionWebhook;
  readonly revision: string;
}

/**
 * Istio's sidecar injector as mutating admission: which pods it sees is decided by the installed
 * MutatingWebhookConfigurations.
 */
export function addInjector(api: SimApi, istiod: Istiod, clock: Pick<Clock, 'monotonic'>): InjectorControl {
  const control: InjectorControl = { reachable: true, lagMs: 0 };
  const seen = labelsSeen(api, clock);
  api.addMutatingAdmission((resource, object) =>
    isPod(resource)
      ? admit(api, control, istiod, object as Pod, seen(object.metadata.namespace ?? '', control.lagMs))
      : object,
  );
  return control;
}

/** The labels that a namespace had so long ago, or its first ones. */
function labelsSeen(
  api: SimApi,
  clock: Pick<Clock, 'monotonic'>,
): (namespace: string, lagMs: number) => Labels | undefined {
  const history = new Map<string, readonly Since[]>();
  api.watch(namespaces, ({ type, object: { metadata } }) => {
    const before = type === 'ADDED' ? [] : (history.get(metadata.name) ?? []);
    history.set(metadata.name, [...before.slice(-20), { at: clock.monotonic(), labels: metadata.labels ?? {} }]);
  });
  return (namespace, lagMs) => {
    const all = history.get(namespace) ?? [];
    return (all.findLast(({ at }) => at <= clock.monotonic() - lagMs) ?? all[0])?.labels;
  };
}

function isPod({ group, kind }: Resource): boolean {
  return group === '' && kind === 'Pod';
}

function admit(
  api: SimApi,
  control: InjectorControl,
  istiod: Istiod,
  pod: Pod,
  labels: Labels | undefined,
): KubeObject {
  const call = callFor(api, pod, labels);
  if (call === undefined) return pod;
  if (!control.reachable || !istiod.isUp) throw unreachable(call.webhook);
  return wantsSidecar(pod) ? withSidecar(pod, { revision: call.revision, hbone: istiod.ambient }) : pod;
}

function callFor(api: SimApi, pod: Pod, labels: Labels | undefined): Call | undefined {
  for (const { metadata, ...configuration } of listOf(api, mutatingWebhookConfigurations)) {
    if (metadata.labels?.['app'] !== 'sidecar-injector') continue;
    const webhook = (configuration['webhooks'] as readonly InjectionWebhook[]).find((candidate) =>
      firesFor(candidate, pod.metadata.labels, labels),
    );
    if (webhook !== undefined) return { webhook, revision: metadata.labels['istio.io/rev'] ?? 'default' };
  }
  return undefined;
}

/**
 * The API server's answer when a webhook with `failurePolicy: Fail` cannot be called (webhook.NewErrCallingWebhook).
 */
function unreachable({ name }: InjectionWebhook): SimStatusError {
  const cause =
    'Post "https://istiod.istio-system.svc:443/inject?timeout=10s": dial tcp 10.96.0.15:443: connect: connection refused';
  return new SimStatusError(
    500,
    'InternalError',
    `Internal error occurred: failed calling webhook "${name}": failed to call webhook: ${cause}`,
  );
}
