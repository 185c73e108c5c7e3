import type { KubeObject } from '../api/object.ts';
import { memoize } from '../base/memoize.ts';
import { record, records, stringMap, strings, text, type Json } from './json.ts';
import { selects, type ConfigView, type NamespaceView, type SelectorView, type TemplateView } from './views.ts';

/*
 * Packet filters of which the meaning is not worked out here: those of Cilium and Calico, and those of administrators. What is read of them is whose pods they are
 * for, and where even that cannot be told they are for all.
 */

/** Whose pods: `pods` and `namespace` as a LabelSelector; one that is absent says nothing. */
export interface FilterSubject {
  readonly pods?: Json;
  readonly namespace?: Json;
}

/** Who asks for more may mean any pod. */
const longest = 10_000;

function kept(subjects: readonly FilterSubject[]): Json {
  return JSON.stringify(subjects).length > longest ? {} : { subjects };
}

/** A policy without any direction filters nothing. */
const directions = ['ingress', 'ingressDeny', 'egress', 'egressDeny'];

/** Of Cilium: one for each of its specs that filters pods; with a selector of nodes it filters these. */
export function keepCiliumPolicy(object: KubeObject): Json {
  const specs = [record(object['spec']), ...records(object['specs'])].filter(
    (spec) => spec['nodeSelector'] === undefined && directions.some((each) => spec[each] !== undefined),
  );
  return kept(
    specs.map(({ endpointSelector }) => (endpointSelector === undefined ? {} : { pods: record(endpointSelector) })),
  );
}

/** Of Calico, whose selectors are sentences. */
export function keepCalicoPolicy(_object: KubeObject): Json {
  return kept([{}]);
}

/** Of an administrator (AdminNetworkPolicy and its kin): by namespaces, or by pods of some namespaces. */
export function keepAdminPolicy({ spec }: KubeObject): Json {
  const subject = record(record(spec)['subject']);
  const pods = record(subject['pods']);
  if (subject['namespaces'] !== undefined) return kept([{ namespace: record(subject['namespaces']) }]);
  return kept([{ pods: record(pods['podSelector']), namespace: record(pods['namespaceSelector']) }]);
}

/** Labels of Cilium that are none of the pod's own; what is not among them is told by nothing here. */
const ofNamespace = 'io.cilium.k8s.namespace.labels.';
const namespaceName = 'io.kubernetes.pod.namespace';

/** `k8s:app`, `any:app` and `app` are the same label of a pod. */
function plainKey(key: string): string {
  return key.replace(/^(k8s|any):/, '');
}

function mayHave(key: string, value: string, labels: Readonly<Record<string, string>>, home: NamespaceView): boolean {
  const plain = plainKey(key);
  if (plain === namespaceName) return value === home.name;
  if (plain.startsWith(ofNamespace)) return home.labels[plain.slice(ofNamespace.length)] === value;
  return plain.includes(':') || plain.startsWith('io.cilium.') || labels[plain] === value;
}

interface Selecting {
  readonly labels: readonly (readonly [string, string])[];
  readonly expressions: NonNullable<SelectorView['matchExpressions']>;
}

function selectingOf(selector: Json): Selecting {
  return {
    labels: Object.entries(stringMap(selector['matchLabels'])),
    expressions: records(selector['matchExpressions']).map(({ key, operator, values }) => ({
      key: plainKey(text(key) ?? ''),
      operator: text(operator) ?? '',
      values: strings(values),
    })),
  };
}

const subjectsOf = memoize(
  ({ spec }: ConfigView): readonly { readonly pods: Selecting; readonly namespace: Selecting }[] | undefined => {
    const { subjects } = spec;
    if (subjects === undefined) return undefined;
    return records(subjects).map(({ pods, namespace }) => ({
      pods: selectingOf(record(pods)),
      namespace: selectingOf(record(namespace)),
    }));
  },
);

/** Of a key that is no label of a pod nobody can tell. */
function isPlain({ key }: { readonly key: string }): boolean {
  return !key.includes(':') && !key.startsWith('io.cilium.') && key !== namespaceName;
}

function maySelect(
  { labels, expressions }: Selecting,
  of: Readonly<Record<string, string>>,
  home: NamespaceView,
): boolean {
  return (
    labels.every(([key, value]) => mayHave(key, value, of, home)) &&
    selects({ matchExpressions: expressions.filter(isPlain) }, of)
  );
}

/** Whether a key says something of the namespace, and the same of all its pods. */
function isOfHome([key]: readonly [string, string]): boolean {
  const plain = plainKey(key);
  return plain === namespaceName || plain.startsWith(ofNamespace);
}

/** Whether a filter may be about pods of a namespace at all. */
export function mayFilterIn(filter: ConfigView, home: NamespaceView): boolean {
  const subjects = subjectsOf(filter);
  if (subjects === undefined) return true;
  return subjects.some(
    ({ pods, namespace }) =>
      maySelect(namespace, home.labels, home) &&
      pods.labels.filter(isOfHome).every(([key, value]) => mayHave(key, value, {}, home)),
  );
}

/** Whether a filter may be about pods of a template; `home` is their namespace. */
export function mayFilter(filter: ConfigView, { templateLabels }: TemplateView, home: NamespaceView): boolean {
  const subjects = subjectsOf(filter);
  if (subjects === undefined) return true;
  return subjects.some(
    ({ pods, namespace }) => maySelect(namespace, home.labels, home) && maySelect(pods, templateLabels, home),
  );
}

/** What it takes to ask that, in steps. */
export function weightOf(filter: ConfigView): number {
  const all = subjectsOf(filter) ?? [];
  return all.reduce(
    (sum, { pods, namespace }) => sum + [pods, namespace].reduce((most, each) => most + sizeOf(each), 1),
    1,
  );
}

function sizeOf({ labels, expressions }: Selecting): number {
  return labels.length + expressions.reduce((sum, { values = [] }) => sum + 1 + values.length / 16, 0);
}
