import type { Finding, Severity } from '../../../api/common.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { record, records, text, type Json } from '../../json.ts';
import { selects, type ConfigView, type PodView } from '../../views.ts';

/** What a rule saw: the object it is about and what would happen to it. */
export interface Evidence {
  readonly object: string;
  readonly message: string;
}

/** One check. The table of them is the catalogue in docs/findings.md. */
export interface Rule {
  /** Stable; never given to another meaning. */
  readonly id: string;
  readonly severity: Severity;
  /** Heading in the catalogue. */
  readonly title: string;
  readonly fix: string;
  /** `Always` rules are asked on the way too: what they look for can appear half-way and matters then. */
  readonly when: 'Start' | 'Always';
  readonly find: (surroundings: Surroundings) => readonly Evidence[];
}

/** The findings of a rule. */
export function apply(rule: Rule, surroundings: Surroundings): readonly Finding[] {
  return rule.find(surroundings).map(({ object, message }) => ({ id: rule.id, severity: rule.severity, object, message, fix: rule.fix }));
}

/** `AuthorizationPolicy shop/deny-delete`. */
export function nameOf(object: { readonly kind?: string; readonly namespace?: string; readonly name: string }): string {
  const path = object.namespace === undefined || object.namespace === '' ? object.name : `${object.namespace}/${object.name}`;
  return `${object.kind ?? 'Pod'} ${path}`;
}

/**
 * Objects of a kind that apply to the namespace: its own, and those of the root namespace, which apply to the mesh
 * (pkg/config/schema: "rootNamespace"). With `selector` (or `workloadSelector`) only if it selects one of its pods.
 */
export function applicable(kind: string, { mesh, namespace, pods }: Surroundings): readonly ConfigView[] {
  const inScope = namespace.name === mesh.rootNamespace ? [namespace.name] : [namespace.name, mesh.rootNamespace];
  return inScope.flatMap((name) => mesh.configs(kind, name)).filter((config) => {
    const matchLabels = selectorOf(config);
    return matchLabels === undefined || pods.some((pod) => selects({ matchLabels }, pod.labels));
  });
}

/** `spec.selector.matchLabels`, or `spec.workloadSelector.labels` of networking kinds; undefined if it applies to all pods. */
export function selectorOf(config: ConfigView): Readonly<Record<string, string>> | undefined {
  const labels = record(record(config.spec['selector'])['matchLabels'] ?? record(config.spec['workloadSelector'])['labels']);
  const entries = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** `spec.targetRefs` and the older `spec.targetRef`. */
export function targetRefs(config: ConfigView): readonly Json[] {
  const single = config.spec['targetRef'];
  return [...records(config.spec['targetRefs']), ...(single === undefined ? [] : [record(single)])];
}

/** Whether STRICT mTLS is in force for some pod of the namespace (mesh, namespace or workload level). */
export function isStrict(surroundings: Surroundings): boolean {
  return applicable('PeerAuthentication', surroundings).some((policy) => text(record(policy.spec['mtls'])['mode']) === 'STRICT');
}

/** Values in the mesh configuration (ConfigMap `istio`, or `istio-REVISION`), read line by line: all we need are scalars. */
export function meshConfigValue(mesh: MeshState, key: string): string | undefined {
  for (const config of mesh.configs('ConfigMap', mesh.rootNamespace)) {
    if (config.name !== 'istio' && !config.name.startsWith('istio-')) continue;
    const line = new RegExp(`^\\s*${key}:\\s*"?([^"\\n#]+)"?\\s*$`, 'm').exec(text(config.spec['mesh']) ?? '');
    if (line?.[1] !== undefined) return line[1].trim();
  }
  return undefined;
}

/** Names of some pods, so that a message stays short. */
export function some(pods: readonly PodView[]): string {
  const names = pods.slice(0, 3).map((pod) => pod.name).join(', ');
  return pods.length > 3 ? `${names} and ${pods.length - 3} more` : names;
}
