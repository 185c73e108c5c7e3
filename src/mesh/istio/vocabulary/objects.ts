import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { record, records, text, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';

/** `AuthorizationPolicy shop/deny-delete`. */
export function nameOf(object: { readonly kind?: string; readonly namespace?: string; readonly name: string }): string {
  const path =
    object.namespace === undefined || object.namespace === '' ? object.name : `${object.namespace}/${object.name}`;
  return `${object.kind ?? 'Pod'} ${path}`;
}

/**
 * `spec.selector.matchLabels`, or `spec.workloadSelector.labels` of networking kinds; undefined if it applies to all
 * pods. Read once: it is asked of each pod.
 */
export const selectorOf: (config: ConfigView) => Readonly<Record<string, string>> | undefined = memoize(
  (config: ConfigView) => {
    const labels = record(
      record(config.spec['selector'])['matchLabels'] ?? record(config.spec['workloadSelector'])['labels'],
    );
    const entries = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  },
);

/** `spec.targetRefs` and the older `spec.targetRef`. */
export function targetRefs(config: ConfigView): readonly Json[] {
  const single = config.spec['targetRef'];
  return [...records(config.spec['targetRefs']), ...(single === undefined ? [] : [record(single)])];
}

/**
 * The labels of every pod of the namespace, and of every pod that its templates would make: one scaled to zero has none
 * yet, and a CronJob between two runs.
 */
export function labelSets({
  pods,
  workloads,
  otherTemplates,
}: Surroundings): readonly Readonly<Record<string, string>>[] {
  return [
    ...pods.map(({ labels }) => labels),
    ...[...workloads, ...otherTemplates].map(({ templateLabels }) => templateLabels),
  ];
}

/** Objects of some kinds that may be about pods of the namespace: its own, and those of the mesh. */
export function inReach(kinds: readonly string[], { mesh, namespace }: Surroundings): readonly ConfigView[] {
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  return kinds.flatMap((kind) => homes.flatMap((home) => mesh.configs(kind, home)));
}

/** Whether there is an object of one of some kinds that may apply in the namespace: its own, or of the root namespace. */
export function hasAny(kinds: readonly string[], { mesh, namespace }: Surroundings): boolean {
  return [namespace.name, mesh.rootNamespace].some((home) => kinds.some((kind) => mesh.configs(kind, home).length > 0));
}

/** The mode of a PeerAuthentication and those of its ports; UNSET if it says none. */
export function mtlsModes({ spec }: ConfigView): { readonly mode: string; readonly ports: readonly string[] } {
  const modeOf = (mtls: unknown): string => text(record(mtls)['mode']) ?? 'UNSET';
  return { mode: modeOf(spec['mtls']), ports: Object.values(record(spec['portLevelMtls'])).map(modeOf) };
}

/**
 * Whether a PeerAuthentication asks for STRICT, for everything or for some port. Read once: every look asks about the
 * whole mesh.
 */
export const asksForStrict: (policy: ConfigView) => boolean = memoize((policy: ConfigView): boolean => {
  const { mode, ports } = mtlsModes(policy);
  return mode === 'STRICT' || ports.includes('STRICT');
});
