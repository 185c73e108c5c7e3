import { WorkloadKind } from '../../api/namespace-migration.ts';
import type { KubeObject } from '../../api/object.ts';
import { sidecarStatusAnnotation } from '../../mesh/istio/vocabulary/labels.ts';
import { nameOf as objectNameOf } from '../../mesh/istio/vocabulary/objects.ts';
import { podTemplateOf, projectTemplate } from '../../mesh/project-template.ts';
import { projectWorkload } from '../../mesh/project-workload.ts';
import { projectWatched } from '../../mesh/project-watched.ts';
import { kindIn, projectNamespace, projectService } from '../../mesh/project.ts';
import { memoize } from '../../base/memoize.ts';
import { count, record } from '../../mesh/json.ts';
import type {
  BudgetView,
  ConfigView,
  NamespaceView,
  PodView,
  ServiceView,
  TemplateView,
  WorkloadView,
} from '../../mesh/views.ts';
import { scaledTo, statedBudget } from '../manifests/budgets.ts';
import { nameOf, onceEach, type Duplicate, type Placed } from '../manifests/duplicates.ts';
import { madePod, statedPod } from '../manifests/made-pods.ts';
import { placeholdersOf, type Placeholder } from '../manifests/placeholders.ts';
import type { Manifest, Source } from '../manifests/manifest.ts';
import { statedIn, type ConfigKind, type Stated } from './config-kinds.ts';

/** A configuration object and where it stands. */
export interface Located {
  readonly view: ConfigView;
  readonly source: Source;
}

/** Everything that the manifests say, by what it is. */
export interface Inventory {
  readonly namespaces: readonly NamespaceView[];
  readonly workloads: readonly WorkloadView[];
  /**
   * What makes pods and is nothing that the operator restarts, of whatever kind: a CronJob, a Rollout, a pod itself.
   */
  readonly otherTemplates: readonly TemplateView[];
  /** A pod of each template, before any injector has seen it, and those that were read from a cluster as they are. */
  readonly pods: readonly PodView[];
  readonly budgets: readonly BudgetView[];
  readonly services: readonly ServiceView[];
  /** By the name of a kind in the table. */
  configs(kind: string, namespace?: string): readonly ConfigView[];
  located(kind: string): readonly Located[];
  readonly duplicates: readonly Duplicate[];
  /** What was not rendered. */
  readonly placeholders: readonly Placeholder[];
  /** Where an object that a finding names stands. */
  sourceOf(object: string): Source | undefined;
}

/** What makes pods, and one of its pods. */
interface Maker<T extends TemplateView> {
  readonly template: T;
  readonly pod: PodView;
}

/** What scales it has made as many at least, whatever somebody wrote once. */
function withReplicas(object: KubeObject, least: number | undefined): KubeObject {
  if (least === undefined) return object;
  const spec = record(object['spec']);
  return { ...object, spec: { ...spec, replicas: Math.max(least, count(spec['replicas'], 0)) } };
}

function workloadOf(
  { group, kind }: Manifest,
  object: KubeObject,
  scaled: ReadonlyMap<string, number>,
): readonly Maker<WorkloadView>[] {
  const known = WorkloadKind.safeParse(kind);
  if (group !== 'apps' || !known.success) return [];
  const template = projectWorkload(known.data)(withReplicas(object, scaled.get(nameOf(kind, object))));
  return [{ template, pod: madePod(template, object) }];
}

/** A ReplicaSet of a Deployment is what that has made: of the old ones no pod is left. */
function isOfDeployment({ metadata: { ownerReferences = [] } }: KubeObject): boolean {
  return ownerReferences.some(({ kind, controller }) => kind === 'Deployment' && controller === true);
}

/** What an injector has put into a pod that was read from a cluster is nothing that its owner has written. */
function asWritten(template: TemplateView): TemplateView {
  if (template.templateAnnotations[sidecarStatusAnnotation] === undefined) return template;
  const { proxyParts: _injected, ...written } = template;
  return written;
}

/** Kinds are not asked for: whatever has a template with containers makes pods of it. */
function otherTemplateOf({ group, kind }: Manifest, object: KubeObject): readonly Maker<TemplateView>[] {
  const isWorkload = group === 'apps' && WorkloadKind.safeParse(kind).success;
  const isPod = group === '' && kind === 'Pod';
  if (isWorkload || isOfDeployment(object) || podTemplateOf(object, isPod) === undefined) return [];
  const template = asWritten(projectTemplate(group, kind)(object));
  return [{ template, pod: isPod ? statedPod(template, object) : madePod(template, object) }];
}

/** Whether it is a pod that something among the manifests has made: that tells how the next one will be. */
function isOfAnother({ template, pod }: Maker<TemplateView>, makers: ReadonlySet<string>): boolean {
  const { owner, namespace } = pod;
  return template.kind === 'Pod' && owner !== undefined && makers.has(objectNameOf({ ...owner, namespace }));
}

const nothing: readonly never[] = [];

/** Everything that makes pods. */
export const templatesIn: (inventory: Pick<Inventory, 'workloads' | 'otherTemplates'>) => readonly TemplateView[] =
  memoize(({ workloads, otherTemplates }: Pick<Inventory, 'workloads' | 'otherTemplates'>) => [
    ...workloads,
    ...otherTemplates,
  ]);

/**
 * Objects by their namespaces: each namespace asks about each, and by a list that stays the same what was worked out of
 * it is known.
 */
const homesOf: (all: readonly { readonly namespace: string }[]) => ReadonlyMap<string, readonly unknown[]> = memoize(
  (all: readonly { readonly namespace: string }[]) => Map.groupBy(all, ({ namespace }) => namespace),
);

/** Those of them that stand in a namespace, in their order: the same list for the same ones. */
export function ofNamespace<T extends { readonly namespace: string }>(name: string, all: readonly T[]): readonly T[] {
  return (homesOf(all).get(name) ?? nothing) as readonly T[];
}

const byName = memoize(
  (namespaces: readonly NamespaceView[]) => new Map(namespaces.toReversed().map((each) => [each.name, each])),
);

/** A namespace as it is described, if it is. */
export function describedIn(name: string, { namespaces }: Pick<Inventory, 'namespaces'>): NamespaceView | undefined {
  return byName(namespaces).get(name);
}

/** A namespace as it is described, or by its name alone. */
export function namespaceIn(name: string, inventory: Pick<Inventory, 'namespaces'>): NamespaceView {
  return describedIn(name, inventory) ?? projectNamespace({ metadata: { name } });
}

type Listed = readonly [
  viewsOf: (kind: string) => readonly ConfigView[],
  homesOf: (kind: string) => ReadonlyMap<string, readonly ConfigView[]>,
];

/** The objects of a kind, all and by their namespaces, each list made once. */
function listed(located: (kind: string) => readonly Located[]): Listed {
  const [views, homes] = [new Map<string, readonly ConfigView[]>(), new Map<string, Map<string, ConfigView[]>>()];
  const viewsOf = (kind: string): readonly ConfigView[] => {
    const known = views.get(kind) ?? located(kind).map(({ view }) => view);
    views.set(kind, known);
    return known;
  };
  const homesOf = (kind: string): ReadonlyMap<string, readonly ConfigView[]> => {
    const known = homes.get(kind) ?? Map.groupBy(viewsOf(kind), ({ namespace }) => namespace);
    homes.set(kind, known);
    return known;
  };
  return [viewsOf, homesOf];
}

/** Where each object stands, by the name that findings give it. A kind of the table is never taken for a namesake. */
function sourcesOf(all: readonly Placed[], { rowOf }: Stated): ReadonlyMap<string, Source> {
  const [known, others] = [
    all.filter(({ manifest }) => rowOf(manifest)),
    all.filter(({ manifest }) => !rowOf(manifest)),
  ];
  const entries = [...known, ...others].map(({ manifest, object }) => {
    const kind = rowOf(manifest)?.kind ?? kindIn(manifest.group, manifest.kind);
    return [nameOf(kind, object), manifest.source] as const;
  });
  return new Map(entries.reverse());
}

/**
 * The manifests by kind, as a mesh's table names these; objects without a namespace are in `namespace`. Kinds that no
 * check knows are left out.
 */
export function takeInventory(
  manifests: readonly Manifest[],
  namespace: string,
  kinds: readonly ConfigKind[],
): Inventory {
  const stated = statedIn(kinds);
  const { counting: all, duplicates } = onceEach(
    manifests.map((manifest) => ({ manifest, object: stated.placed(manifest, namespace) })),
  );
  const objectsOf = (group: string, kind: string): readonly KubeObject[] =>
    all.filter(({ manifest }) => manifest.group === group && manifest.kind === kind).map(({ object }) => object);
  const configs = all.flatMap(({ manifest, object }) => {
    const row = stated.rowOf(manifest);
    return row === undefined ? [] : [{ view: projectWatched(row)(object), source: manifest.source }];
  });
  const sources = sourcesOf(all, stated);
  const byKind = Map.groupBy(configs, ({ view }) => view.kind);
  const located = (kind: string): readonly Located[] => byKind.get(kind) ?? [];
  // Asked of each namespace about each: the same lists each time, by which what was worked out of them is known.
  const [viewsOf, placesOf] = listed(located);
  const scaled = scaledTo(objectsOf);
  const workloads = all.flatMap(({ manifest, object }) => workloadOf(manifest, object, scaled));
  const others = all.flatMap(({ manifest, object }) => otherTemplateOf(manifest, object));
  const restarted = workloads.map(({ template }) => template);
  const besides = others.map(({ template }) => template);
  const makers = new Set(
    [...workloads, ...others].flatMap(({ template }) => (template.kind === 'Pod' ? [] : [objectNameOf(template)])),
  );
  return {
    namespaces: objectsOf('', 'Namespace').map(projectNamespace),
    workloads: restarted,
    otherTemplates: others.filter((each) => !isOfAnother(each, makers)).map(({ template }) => template),
    pods: [...workloads, ...others].map(({ pod }) => pod),
    budgets: objectsOf('policy', 'PodDisruptionBudget').map((budget) => statedBudget(budget, restarted, besides)),
    services: objectsOf('', 'Service').map(projectService),
    configs: (kind, name) => (name === undefined ? viewsOf(kind) : (placesOf(kind).get(name) ?? nothing)),
    located,
    duplicates,
    placeholders: placeholdersOf(manifests),
    sourceOf: (object) => sources.get(object),
  };
}
