import { capturedBy } from '../../support/capture-rule.ts';
import { podBehaviour } from '../../support/test-cluster.ts';
import type { SimApi } from '../sim-api.ts';
import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { istioNamespace } from './istiod.ts';
import { daemonSets, namespaces, pods } from './kinds.ts';
import type { Pod } from './pod-types.ts';
import { isTerminating } from './pods.ts';
import { getByKey, keyOf, listOf, modify } from './typed-api.ts';

const redirection = 'ambient.istio.io/redirection';
const manager = 'istio-cni';
/** How long the agent needs to enter a pod's network namespace and to tell ztunnel. */
const enrolMs = 20;

/**
 * Istio's node agent: marks the pods that it captures and unmarks those it lets go, live, by the labels of pod and
 * namespace. It works only while its DaemonSet and ztunnel are installed; pods keep their mark when they are removed
 * (the rules in the pod stay, too).
 */
export function startNodeAgent(context: ControllerContext): void {
  const queue = startQueue(context, (key) => {
    enrol(context.api, key);
    return undefined;
  });
  const addAll = (namespace?: string): void => {
    for (const pod of listOf(context.api, pods, namespace)) queue.add(keyOf(pod), enrolMs);
  };
  const labels = new Map<string, unknown>();
  watchKind(context, pods, (pod, deleted) => {
    if (!deleted) queue.add(keyOf(pod), enrolMs);
  });
  watchKind(context, namespaces, ({ metadata }) => {
    if (labels.get(metadata.name) === metadata.labels) return;
    labels.set(metadata.name, metadata.labels);
    addAll(metadata.name);
  });
  watchKind(context, daemonSets, ({ metadata }) => {
    if (metadata.namespace === istioNamespace) addAll();
  });
}

function enrol(api: SimApi, key: string): void {
  const pod = getByKey(api, pods, key);
  // A pod without a node has no network namespace yet; one that is ending is left alone until its sandbox is gone.
  if (pod?.spec.nodeName === undefined || isTerminating(pod) || !isInstalled(api)) return;
  const namespace = getByKey(api, namespaces, `/${pod.metadata.namespace ?? ''}`);
  const wanted = capturedBy(pod, namespace?.metadata.labels ?? {}) ? claimOf(pod) : undefined;
  if (pod.metadata.annotations?.[redirection] === wanted) return;
  const { [redirection]: _claim, ...annotations } = pod.metadata.annotations ?? {};
  modify(api, pods, pod, { manager }, (current) => ({
    ...current,
    metadata: {
      ...current.metadata,
      annotations: wanted === undefined ? annotations : { ...annotations, [redirection]: wanted },
    },
  }));
}

/**
 * Whether the CNI plugin still holds the pod's sandbox: in an ambient namespace no container starts before the agent
 * and ztunnel know the pod (istio/istio architecture/ambient/ztunnel-cni-lifecycle.md).
 */
export function awaitsNetwork(api: SimApi, pod: Pod): boolean {
  if (pod.status?.podIP !== undefined || pod.metadata.annotations?.[redirection] !== undefined || !isInstalled(api))
    return false;
  const namespace = getByKey(api, namespaces, `/${pod.metadata.namespace ?? ''}`);
  return capturedBy(pod, namespace?.metadata.labels ?? {}) && claimOf(pod) !== undefined;
}

/**
 * What the agent says of a pod that it should capture: `pending` is "rules in place, ztunnel not told", so traffic is
 * blocked.
 */
function claimOf(pod: Pod): 'enabled' | 'pending' | undefined {
  switch (pod.metadata.annotations?.[podBehaviour.enrol]) {
    case 'never':
      return undefined;
    case 'pending':
      return 'pending';
    default:
      return 'enabled';
  }
}

function isInstalled(api: SimApi): boolean {
  return ['istio-cni-node', 'ztunnel'].every(
    (name) => (getByKey(api, daemonSets, `${istioNamespace}/${name}`)?.status?.numberReady ?? 0) > 0,
  );
}
