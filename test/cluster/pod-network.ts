import { timestamp, type Clock } from '../../src/base/clock.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { capturedBy } from '../support/capture-rule.ts';
import { podBehaviour } from '../support/test-cluster.ts';

/** The annotation by which Istio's node agent says that a pod is captured. */
export const redirection = 'ambient.istio.io/redirection';

/** The sandbox exists and its network is configured (KEP-3085); KWOK starts the containers after that. */
const networkReady = 'PodReadyToStartContainers';

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/**
 * The merge patch of the pod's status that makes it as it should be, or undefined when it is. The resourceVersion in it
 * makes the patch fail when the pod has changed: a merge patch replaces the whole list of conditions.
 */
export function networkPatch(
  pod: KubeObject,
  namespaceLabels: Readonly<Record<string, string>>,
  options: { readonly ambient: boolean; readonly clock: Clock },
): Readonly<Record<string, unknown>> | undefined {
  const { annotations = {}, deletionTimestamp, resourceVersion } = pod.metadata;
  const { phase = '', conditions = [] } = (pod['status'] ?? {}) as PodStatus;
  const { nodeName } = pod['spec'] as { readonly nodeName?: string };
  // The annotation stays on a pod that has ended: its network is gone, and nobody cleans up the object.
  if (nodeName === undefined || deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed')
    return undefined;
  const wanted = options.ambient ? redirectionFor(pod, namespaceLabels) : undefined;
  const ready = conditions.some(({ type, status }) => type === networkReady && status === 'True');
  if (ready && wanted === annotations[redirection]) return undefined;
  const condition = { type: networkReady, status: 'True', lastTransitionTime: timestamp(options.clock.now()) };
  return {
    metadata: {
      resourceVersion,
      ...(wanted === annotations[redirection] ? {} : { annotations: { [redirection]: wanted ?? null } }),
    },
    ...(ready
      ? {}
      : { status: { conditions: [...conditions.filter(({ type }) => type !== networkReady), condition] } }),
  };
}

function redirectionFor(
  pod: KubeObject,
  namespaceLabels: Readonly<Record<string, string>>,
): 'enabled' | 'pending' | undefined {
  if (!capturedBy(pod, namespaceLabels)) return undefined;
  const behaviour = pod.metadata.annotations?.[podBehaviour.enrol];
  if (behaviour === 'never') return undefined;
  return behaviour === 'pending' ? 'pending' : 'enabled';
}
