import { selects } from './label-selector.ts';
import type { Node, NodeSelectorTerm, PodSpec } from './pod-types.ts';

/**
 * Whether the pod may run on the node by its node selector and required node affinity
 * (nodeaffinity.GetRequiredNodeAffinity).
 */
export function fitsNode(spec: PodSpec, node: Node): boolean {
  const { labels = {}, name } = node.metadata;
  if (!Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms === undefined || terms.some((term) => matchesTerm(term, labels, name));
}

/**
 * The spec of a DaemonSet's pod for one node: the default scheduler binds it there
 * (util.ReplaceDaemonSetPodNodeNameNodeAffinity).
 */
export function pinnedTo(spec: PodSpec, node: Node): PodSpec {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }];
  return {
    ...spec,
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...spec.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
      },
    },
  };
}

/** The node that a DaemonSet's pod is pinned to. */
export function pinnedNode(spec: PodSpec): string | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === 'metadata.name')?.values?.[0];
}

function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  labels: Readonly<Record<string, string>>,
  name: string,
): boolean {
  return selects({ matchExpressions }, labels) && selects({ matchExpressions: matchFields }, { 'metadata.name': name });
}
