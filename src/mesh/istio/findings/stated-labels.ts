import { memoize } from '../../../base/memoize.ts';
import { own } from '../../../base/own.ts';
import type { Surroundings } from '../../adapter.ts';
import { record, stringMap } from '../../json.ts';
import type { NamespaceView } from '../../views.ts';
import { labelsAfter } from '../itinerary.ts';
import { onlyRestarts } from '../waypoint/choose.ts';
import type { Evidence, Rule } from './rule.ts';

/*
 * Labels of the namespace that somebody's repository states, and that the migration gives another value: whoever keeps a cluster as the repository says sets them
 * again, and the namespace stops half-way. Labels that nobody states are left alone by all of these tools.
 */

/** Who keeps labels as a repository says, by its field manager, and how it is told to leave them. */
interface Keeper {
  readonly title: string;
  readonly managers: RegExp;
  readonly leave: (name: string, keys: readonly string[]) => string;
}

/** A JSON pointer of a label. */
function pointerOf(key: string): string {
  return `/metadata/labels/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function pointers(keys: readonly string[]): string {
  return JSON.stringify(keys.map(pointerOf));
}

/** Each by its documentation: Argo CD "Diff customization", Flux "Kustomization" and "HelmRelease" (drift detection). */
const keepers: readonly Keeper[] = [
  {
    title: 'Argo CD',
    managers: /^argocd-/,
    leave: (name, keys) =>
      `in its Application spec.ignoreDifferences: [{group: "", kind: Namespace, name: ${name}, jsonPointers: ${pointers(keys)}}] and spec.syncPolicy.syncOptions: [RespectIgnoreDifferences=true]; take them out of managedNamespaceMetadata, if they are there`,
  },
  {
    title: 'Flux (kustomize-controller)',
    managers: /^kustomize-controller$/,
    leave: () => 'the annotation kustomize.toolkit.fluxcd.io/ssa: IfNotPresent in the manifest of the Namespace',
  },
  {
    title: 'Flux (helm-controller)',
    managers: /^helm-controller$/,
    leave: (name, keys) =>
      `in its HelmRelease spec.driftDetection.ignore: [{paths: ${pointers(keys)}, target: {kind: Namespace, name: ${name}}}]`,
  },
  {
    title: 'Helm',
    managers: /^[Hh]elm$/,
    leave: () => 'no upgrade of its release until then',
  },
  {
    title: 'kubectl apply',
    managers: /^kubectl-client-side-apply$/,
    leave: () => 'no apply of its manifest until then',
  },
  {
    title: 'Terraform',
    managers: /^(terraform|hashicorp)/i,
    leave: (_name, keys) => `lifecycle { ignore_changes = [metadata[0].labels[${JSON.stringify(keys[0])}]] }`,
  },
];

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** What `kubectl apply` would set again, whoever has written it meanwhile. */
const appliedLabels = memoize(({ annotations }: NamespaceView): Readonly<Record<string, string>> => {
  try {
    const applied = record(JSON.parse(annotations[lastApplied] ?? '{}'));
    return stringMap(record(applied['metadata'])['labels']);
  } catch {
    return {};
  }
});

/** Argo CD applies as `kubectl` does unless it is told otherwise; what it manages it marks. */
function isOfArgo({ annotations, labels }: NamespaceView): boolean {
  return [annotations['argocd.argoproj.io/tracking-id'], labels['argocd.argoproj.io/instance']].some(
    (mark) => mark !== undefined,
  );
}

function keeperOf(namespace: NamespaceView, key: string): Keeper | undefined {
  const manager = own(namespace.labelManagers, key) ?? '';
  const known = keepers.find(({ managers }) => managers.test(manager));
  const isApplied = own(appliedLabels(namespace), key) !== undefined;
  if (known === undefined && !isApplied) return undefined;
  const [argo] = keepers;
  const applies = keepers.find(({ managers }) => managers.test('kubectl-client-side-apply'));
  const isByKubectl = known === undefined || known === applies;
  return isByKubectl && isOfArgo(namespace) ? argo : (known ?? applies);
}

/** Labels that the way there gives another value, of those that are there. */
function changedLabels({ route, namespace: { labels } }: Surroundings): readonly string[] {
  return Object.entries(labelsAfter(route, labels))
    .filter(([key, value]) => own(labels, key) !== undefined && labels[key] !== value)
    .map(([key]) => key);
}

function valuesOf(keys: readonly string[], labels: Readonly<Record<string, string | null | undefined>>): string {
  return keys
    .map((key) => {
      const value = labels[key];
      return typeof value === 'string' ? `${key}: ${value}` : `no ${key}`;
    })
    .join(', ');
}

function stated(surroundings: Surroundings): readonly Evidence[] {
  if (onlyRestarts(surroundings)) return [];
  const { namespace, route } = surroundings;
  const changed = changedLabels(surroundings);
  const byKeeper = Map.groupBy(changed, (key) => keeperOf(namespace, key));
  const after = labelsAfter(route, namespace.labels);
  return [...byKeeper].flatMap(([keeper, keys]) => {
    if (keeper === undefined) return [];
    const then = valuesOf(Object.keys(after), after);
    return [
      {
        object: `Namespace ${namespace.name}`,
        message: `${keeper.title} states ${valuesOf(keys, namespace.labels)}: when it sets that again on the way, the namespace stops there (ForeignChange)`,
        fix: `Have it leave these labels alone as long as the migration runs: ${keeper.leave(namespace.name, keys)}. Once it is finalized, state in the repository: ${then}.`,
      },
    ];
  });
}

/** What the repository of somebody says about labels that are going to change. */
export const statedLabelRules: readonly Rule[] = [
  {
    id: 'MM154',
    severity: 'Warning',
    when: 'Start',
    title: 'A repository states labels that change',
    fix: 'Have the tool that applies the repository leave these labels alone as long as the migration runs.',
    find: stated,
  },
];
