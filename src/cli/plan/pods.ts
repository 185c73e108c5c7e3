import type { Mode } from '../../api/common.ts';
import { memoize } from '../../base/memoize.ts';
import {
  injectionLabel,
  redirectionAnnotation,
  sidecarContainer,
  sidecarStatusAnnotation,
  tunnelLabel,
} from '../../mesh/istio/vocabulary/labels.ts';
import { nextMode } from '../../mesh/istio/vocabulary/next-mode.ts';
import { tlsModeLabel } from '../../mesh/istio/policy/translate/selection.ts';
import type { PodView } from '../../mesh/views.ts';
import { describedIn, type Inventory } from '../audit/inventory.ts';

/** As of a namespace of which nobody knows its labels: a plan begins with sidecars. */
const taken = { [injectionLabel]: 'enabled' };

/** What istiod and the node agent do to the pods that they take, by the mode that these get. */
const marks: Partial<Record<Mode, (pod: PodView) => PodView>> = {
  Sidecar: (pod) => ({
    ...pod,
    labels: { [tlsModeLabel]: 'istio', [tunnelLabel]: 'http', ...pod.labels },
    annotations: { ...pod.annotations, [sidecarStatusAnnotation]: '{}' },
    containers: [...pod.containers, sidecarContainer],
  }),
  Ambient: (pod) => ({ ...pod, annotations: { ...pod.annotations, [redirectionAnnotation]: 'enabled' } }),
};

/**
 * A pod as the injector would make it. What stands in a cluster is what it is, and what nobody can tell of a value of
 * `sidecar.istio.io/inject` is taken for a yes: the pod itself would tell.
 */
export function injected(pod: PodView, inventory: Inventory): PodView {
  if (pod.uid !== '' || pod.hostNetwork) return pod;
  const labels = describedIn(pod.namespace, inventory)?.labels ?? taken;
  const mode = nextMode(inventory, labels, pod);
  return (marks[mode === 'Transitional' ? 'Sidecar' : mode] ?? same)(pod);
}

function same(pod: PodView): PodView {
  return pod;
}

/** Pods of the templates that the manifests have, by their namespaces, gateways too. */
const podsByNamespace = memoize((inventory: Inventory): ReadonlyMap<string, readonly PodView[]> =>
  Map.groupBy(
    inventory.pods.map((pod) => injected(pod, inventory)),
    ({ namespace }) => namespace,
  ),
);

/** Those of one namespace. */
export function podsIn(namespace: string, inventory: Inventory): readonly PodView[] {
  return podsByNamespace(inventory).get(namespace) ?? [];
}
