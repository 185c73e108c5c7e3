import { isDeepStrictEqual } from 'node:util';
import { meshMigrations, namespaceMigrations, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import { filledIn } from '../api/default-spec.ts';
import type { WorkloadKind } from '../api/namespace-migration.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { memoizeLast } from '../base/memoize.ts';
import type { Random } from '../base/random.ts';
import { budgets, namespaces, pods, services, templateResources, workloadResources } from '../engine/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { isSameKind, kindKey, type KubeObject, type Resource } from '../api/object.ts';
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts';
import { Store, type Change, type Stored } from '../kube/store.ts';
import type { MeshAdapter, MeshState } from '../mesh/adapter.ts';
import { ofKind } from '../mesh/kinds.ts';
import { projectTemplate } from '../mesh/project-template.ts';
import { projectWorkload } from '../mesh/project-workload.ts';
import { projectWatched } from '../mesh/project-watched.ts';
import { projectBudget, projectNamespace, projectPod, projectService } from '../mesh/project.ts';
import type { BudgetView, NamespaceView, PodView, ServiceView, TemplateView, WorkloadView } from '../mesh/views.ts';
import type { Meshes } from '../mesh/registry.ts';
import type { WatchedKind } from '../mesh/watched-kind.ts';
import type { CallersObserver } from './callers-observer.ts';
import { WatchedStores } from './watched-stores.ts';

/** One of our own objects, kept whole: its status is the journal. */
export interface Whole<T extends KubeObject> extends Stored {
  readonly object: T;
}

function projectWhole<T extends KubeObject>(object: KubeObject): Whole<T> {
  const { namespace, name, uid = '', resourceVersion = '' } = object.metadata;
  return { ...(namespace !== undefined && { namespace }), name, uid, resourceVersion, object: object as T };
}

function projectMigration(object: KubeObject): Whole<MeshMigration> {
  const whole = projectWhole<MeshMigration>(object);
  return { ...whole, object: { ...whole.object, spec: filledIn(whole.object.spec) } };
}

/** What the view is made of. */
export interface ClusterViewOptions {
  readonly client: KubeClient;
  /** What is known of meshes: the kinds of all of them are watched. */
  readonly meshes: Meshes;
  /** Namespace of the mesh's control plane. */
  readonly controlPlaneNamespace: string;
  /** One more namespace of what runs on every node for the mesh. */
  readonly nodeAgentsNamespace?: string | undefined;
  /** Where the operator itself runs and has its Lease: a migration would restart it. */
  readonly ownNamespaces: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What metrics tell, by the name of a mesh; of none if none are configured. */
  readonly callers?: ReadonlyMap<string, Pick<CallersObserver, 'observedCallers'>>;
}

interface Feed {
  readonly resource: Resource;
  readonly store: Store<Stored>;
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly refreshed: (signal: AbortSignal) => Promise<void>;
}

const none: readonly never[] = [];

/** Joins lists to the same one for the same ones: what was worked out from it is known by that. */
function joining<T>(): (lists: readonly (readonly T[])[]) => readonly T[] {
  const joined = memoizeLast((_first: readonly T[], ...lists: readonly (readonly T[])[]): readonly T[] => lists.flat());
  return (lists) => {
    const [first = none, ...more] = lists.filter(({ length }) => length > 0);
    return more.length === 0 ? first : joined(first, ...lists);
  };
}

const [joinedWorkloads, joinedTemplates] = [joining<WorkloadView>(), joining<TemplateView>()];

/** Everything the operator knows of the cluster, kept up to date by one watch for each kind. */
export class ClusterView {
  readonly migrations: Store<Whole<MeshMigration>>;
  readonly children: Store<Whole<NamespaceMigration>>;
  readonly namespaces: Store<NamespaceView>;
  readonly pods: Store<PodView>;
  readonly services: Store<ServiceView>;
  readonly budgets: Store<BudgetView>;
  readonly #workloads = new Map<WorkloadKind, Store<WorkloadView>>();
  readonly #otherTemplates = new Map<string, Store<TemplateView>>();
  readonly #configs: WatchedStores;
  readonly #meshes: ReadonlyMap<string, MeshState>;
  readonly #feeds: Feed[] = [];
  readonly #options: ClusterViewOptions;
  /** As `reserved` was made last: whoever remembers what follows from it knows it again. */
  #reserved: readonly string[] = [];

  constructor(options: ClusterViewOptions) {
    this.#options = options;
    this.migrations = this.#feed(meshMigrations, projectMigration);
    this.children = this.#feed(namespaceMigrations, projectWhole<NamespaceMigration>);
    this.namespaces = this.#feed(namespaces, projectNamespace);
    this.pods = this.#feed(pods, projectPod);
    this.services = this.#feed(services, projectService);
    this.budgets = this.#feed(budgets, projectBudget);
    for (const resource of workloadResources) {
      const kind = resource.kind as WorkloadKind;
      this.#workloads.set(kind, this.#feed(resource, projectWorkload(kind)));
    }
    for (const resource of templateResources)
      this.#otherTemplates.set(
        resource.kind,
        this.#feed(resource, projectTemplate(resource.group, resource.kind), { optional: true }),
      );
    this.#configs = new WatchedStores((row) =>
      this.#feed(row.resource, projectWatched(row), {
        ...(row.namespace === 'Root' && { namespace: options.controlPlaneNamespace }),
        ...(row.optional !== undefined && { optional: true }),
        ...(row.page !== undefined && { page: row.page }),
      }),
    );
    this.#meshes = new Map(options.meshes.all.map((each) => [each.name, this.#seenBy(each)]));
  }

  /** The cluster as the rules of a mesh see it, who ask for kinds by the names of its own table. */
  meshOf({ name }: Pick<MeshAdapter, 'name'>): MeshState {
    return ofKind(this.#meshes, name);
  }

  /** How a kind is watched for a mesh; undefined if it is for none. */
  watched(resource: Resource): WatchedKind | undefined {
    return this.#configs.row(resource);
  }

  #seenBy(adapter: MeshAdapter): MeshState {
    const { controlPlaneNamespace, nodeAgentsNamespace, callers } = this.#options;
    const observed = callers?.get(adapter.name);
    const configs = this.#configs.of(adapter.watched);
    const deployments = this.#workloads.get('Deployment');
    const otherTemplates = this.#otherTemplates;
    const mayBeMissing = [...otherTemplates, ...configs];
    const inhabited = [this.pods, ...this.#workloads.values(), ...otherTemplates.values()];
    return {
      // Names of kinds come out of texts as well, an annotation or spec.accept: of others there is nothing.
      configs: (kind, namespace) => configs.get(kind)?.list(namespace) ?? [],
      serves: (kind) => configs.get(kind)?.absent === false,
      daemonSets: () => this.#workloads.get('DaemonSet')?.list() ?? [],
      inhabitedNamespaces: () => [...new Set(inhabited.flatMap((store) => store.namespaces()))],
      pods: (namespace) => this.pods.list(namespace),
      services: (namespace) => this.services.list(namespace),
      workloads: (namespace) => this.workloads(namespace),
      otherTemplates: (namespace) => this.otherTemplates(namespace),
      get unreadable() {
        return mayBeMissing.flatMap(([kind, { unreadable }]) => (unreadable ? [kind] : []));
      },
      controlPlaneNamespace,
      nodeAgentsNamespace,
      get rootNamespace() {
        return adapter.rootNamespaceOf(this);
      },
      get version() {
        return adapter.versionOf(deployments?.list(controlPlaneNamespace) ?? []);
      },
      labelsOf: (namespace) => this.namespaces.get(undefined, namespace)?.labels,
      madeAt: (namespace) => this.namespaces.get(undefined, namespace)?.createdAt,
      ...(observed && { observedCallers: (namespace) => observed.observedCallers(namespace) }),
    };
  }

  /** Namespaces of the control plane, and of the policies for a whole mesh. */
  get meshNamespaces(): readonly string[] {
    return [
      this.#options.controlPlaneNamespace,
      ...[...this.#meshes.values()].map(({ rootNamespace }) => rootNamespace),
    ];
  }

  /**
   * Namespaces that no migration touches, besides those of Kubernetes: those of the control plane, of the policies for
   * the whole mesh, and of the operator.
   */
  get reserved(): readonly string[] {
    const reserved = [...this.meshNamespaces, ...this.#options.ownNamespaces];
    if (!isDeepStrictEqual(this.#reserved, reserved)) this.#reserved = reserved;
    return this.#reserved;
  }

  /** Deployments, StatefulSets and DaemonSets of a namespace, in the order in which they are restarted. */
  workloads(namespace: string): readonly WorkloadView[] {
    return joinedWorkloads([...this.#workloads.values()].map((store) => store.list(namespace)));
  }

  /** What makes pods in a namespace besides its workloads. */
  otherTemplates(namespace: string): readonly TemplateView[] {
    return joinedTemplates([...this.#otherTemplates.values()].map((store) => store.list(namespace)));
  }

  /** The store of a kind, for the fence. */
  storeOf(resource: Resource): Store<Stored> | undefined {
    return this.#feeds.find((feed) => isSameKind(feed.resource, resource))?.store;
  }

  /** Calls back with every change of an object. */
  onChange(handler: (resource: Resource, change: Change<Stored>) => void): void {
    for (const { resource, store } of this.#feeds) {
      store.onChange((change) => {
        handler(resource, change);
      });
    }
  }

  /** Whether every kind has been read once. */
  get synced(): boolean {
    return this.#feeds.every(({ store }) => store.synced);
  }

  /** Kinds that have not been read yet, for messages. */
  unsynced(): readonly string[] {
    return this.#feeds.filter(({ store }) => !store.synced).map(({ resource }) => resource.kind);
  }

  /** Kinds that the API server does not serve, because their CRD is not installed; as `plural.group`, sorted. */
  absent(): readonly string[] {
    return this.#feeds
      .filter(({ store }) => store.absent)
      .map(({ resource }) => kindKey(resource))
      .toSorted();
  }

  /** Keeps the view up to date until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#feeds.map(({ run }) => run(signal)));
  }

  /** Resolves when no kind is older than this call; see {@link Reflector.refreshed}. */
  async refreshed(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#feeds.map(({ refreshed }) => refreshed(signal)));
  }

  /** Resolves when every kind has been read once. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#feeds.map(({ store }) => store.whenSynced(signal)));
  }

  #feed<T extends Stored>(
    resource: Resource,
    project: (object: KubeObject) => T,
    narrowed: Pick<ReflectorOptions<T>, 'namespace' | 'optional' | 'page'> = {},
  ): Store<T> {
    const { client, clock, random, log } = this.#options;
    const store = new Store<T>(log);
    const reflector = new Reflector<T>({ client, resource, project, store, clock, random, log, ...narrowed });
    this.#feeds.push({
      resource,
      store: store as unknown as Store<Stored>,
      run: async (signal) => {
        await reflector.run(signal);
      },
      refreshed: async (signal) => {
        await reflector.refreshed(signal);
      },
    });
    return store;
  }
}
