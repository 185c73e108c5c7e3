import pRetry from 'p-retry';
import type { KubeClient } from '../../src/kube/client.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { kinds } from './resources.ts';

/** Occurs while the cluster is not yet in a state that it always reaches when everything works. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

/** Tries again and again, for a minute, what throws a NotReadyError; anything else that it throws ends it at once. */
export async function until<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  return await pRetry(attempt, {
    signal,
    retries: Infinity,
    factor: 1,
    minTimeout: 200,
    maxRetryTime: 60_000,
    shouldRetry: ({ error }) => error instanceof NotReadyError,
  });
}

/** `what` completes the sentence "it is not true that ...". */
export async function untilTrue(what: string, signal: AbortSignal, holds: () => Promise<boolean>): Promise<void> {
  await until(signal, async () => {
    if (!(await holds())) throw new NotReadyError(`after a minute it is still not true that ${what}`);
  });
}

interface Webhook {
  readonly clientConfig: { readonly caBundle?: string };
  readonly failurePolicy?: string;
}

/**
 * istiod writes its certificate authority into the webhooks of its chart, and lets the validating one fail requests
 * only after that one has worked; from then on injection and validation are certain.
 */
export async function webhooksReady(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const injector = await webhooksOf(client, kinds.mutatingWebhook, 'istio-sidecar-injector', signal);
  const validator = await webhooksOf(client, kinds.validatingWebhook, 'istio-validator-istio-system', signal);
  const all = [...injector, ...validator];
  return (
    all.length > 0 &&
    all.every(({ clientConfig }) => (clientConfig.caBundle ?? '') !== '') &&
    validator.every(({ failurePolicy }) => failurePolicy === 'Fail')
  );
}

async function webhooksOf(
  client: KubeClient,
  resource: Resource,
  name: string,
  signal: AbortSignal,
): Promise<readonly Webhook[]> {
  return (await client.get<KubeObject & { readonly webhooks: readonly Webhook[] }>(resource, undefined, name, signal))
    .webhooks;
}

/** istiod creates the class when it starts with ambient, and accepts it. */
export async function waypointClassAccepted(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const gatewayClass = await existing(client, kinds.gatewayClass, undefined, 'istio-waypoint', signal);
  return hasCondition(gatewayClass, 'Accepted');
}

/** Every node has its KWOK status. */
export async function nodesReady(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const { items } = await client.list(kinds.node, { signal });
  return items.length > 0 && items.every((node) => hasCondition(node, 'Ready'));
}

/** All pods of these DaemonSets are ready. */
export async function daemonSetsReady(
  client: KubeClient,
  namespace: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const found = await Promise.all(
    names.map(async (name) => await existing(client, kinds.daemonSet, namespace, name, signal)),
  );
  return found.every((daemonSet) => {
    const status = daemonSet?.['status'] as
      { readonly desiredNumberScheduled?: number; readonly numberReady?: number } | undefined;
    return (status?.desiredNumberScheduled ?? 0) > 0 && status?.desiredNumberScheduled === status?.numberReady;
  });
}

async function existing(
  client: KubeClient,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, namespace, name, signal);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function hasCondition(object: KubeObject | undefined, type: string): boolean {
  const status = object?.['status'] as
    { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } | undefined;
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
