import { meshMigrations, namespaceMigrations, type NamespaceMigration } from '../api/resources.ts';
import type { DataPlane } from '../api/common.ts';
import { isEdited } from '../engine/commands.ts';
import { wantedOf } from '../engine/decide-migration.ts';
import { isAtRest } from '../engine/left.ts';
import { namespaces } from '../engine/resources.ts';
import type { Random } from '../base/random.ts';
import { kindKey, type Resource } from '../api/object.ts';
import { InvalidError, UnavailableError } from '../kube/errors.ts';
import type { Change, Stored } from '../kube/store.ts';
import type { Whole } from './cluster-view.ts';
import { gatherings, type Gathering, type Told } from './gathering.ts';
import { decode, encode, type Key } from './key.ts';
import { Line } from './line.ts';
import type { Look } from './metrics/observer.ts';
import { MigrationReconciler } from './migration-reconciler.ts';
import { NamespaceReconciler } from './namespace-reconciler.ts';
import { NewSidecars } from './new-sidecars.ts';
import type { Context, Result } from './reconciler.ts';
import { isSummaryOnly } from './told.ts';
import { isAsBefore, isSeenElsewhere } from './seen-elsewhere.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { tolerant } from '../mesh/tolerant.ts';
import type { ConfigView, PodView } from '../mesh/views.ts';
import type { WatchedKind } from '../mesh/watched-kind.ts';
import { isInFlight } from '../plan/admission.ts';
import { restAfterMs, WorkQueue } from './work-queue.ts';

/** Summaries may lag by this, so that a hundred changes of namespaces make one write of the migration. */
const summaryDelayMs = 250;

/**
 * Every key is looked at again at least this often, in case a wait was computed wrongly: a look without a change writes
 * nothing.
 */
const resyncMs = 10 * 60_000;

function goesBack({ object: { status } }: Whole<NamespaceMigration>): boolean {
  return status?.direction === 'Backward';
}

function keyOf({ namespace = '', name }: Whole<NamespaceMigration>): string {
  return encode({ kind: 'Namespace', namespace, name });
}

/** Maps changes of the cluster to keys, and runs the reconcilers on them while this process leads. */
export class Controller {
  readonly #context: Context;
  readonly #queue: WorkQueue;
  readonly #migrations: MigrationReconciler;
  readonly #namespaces: NamespaceReconciler;
  readonly #line: Line;
  readonly #workers: number;
  readonly #gathered: Readonly<Record<Told, Gathering>>;

  constructor(context: Context, random: Random, workers: number) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, random);
    this.#migrations = new MigrationReconciler(context);
    this.#namespaces = new NamespaceReconciler(context);
    this.#line = new Line(
      context,
      (migration) => this.#namespaces.parkingOf(migration),
      (namespace, name) => {
        this.#addChild(namespace, name);
      },
    );
    this.#workers = workers;
    this.#gathered = gatherings(context.clock);
    context.view.onChange((resource, change) => {
      this.#changed(resource, change);
    });
    const asked = ({ namespace }: PodView): readonly MeshAdapter[] =>
      context.meshes.all.map((adapter) =>
        tolerant(adapter, (where, error) => {
          context.faults.note(namespace, where, error);
        }),
      );
    const holds = (pod: PodView | undefined): boolean =>
      pod !== undefined && asked(pod).some((mesh) => mesh.holdsOthersBack(pod));
    const newSidecars = new NewSidecars(
      (pod) => asked(pod).some((mesh) => mesh.modeOf(pod) === 'Sidecar'),
      () => context.clock.monotonic(),
      resyncMs,
    );
    context.view.pods.onChange((change) => {
      const { previous, current } = change;
      if (holds(previous) && !holds(current)) this.#othersFreed(previous?.namespace ?? '');
      if (newSidecars.isNews(change)) this.#sidecarCame(current?.namespace ?? '');
    });
    context.view.migrations.onChange(({ previous, current }) => {
      if (current !== undefined && previous?.object.metadata.generation !== current.object.metadata.generation)
        this.#wanted(current.name);
    });
    context.view.children.onChange(({ current }) => {
      if (current !== undefined && isEdited(current.object.status))
        this.#commanded(current.namespace ?? '', keyOf(current));
    });
    context.view.migrations.onChange(({ previous, current }) => {
      this.#addEach(isSummaryOnly(previous?.object, current?.object) ? isInFlight : () => true);
    });
    context.view.children.onChange(({ previous, current }) => {
      if (current !== undefined && goesBack(current) && !(previous !== undefined && goesBack(previous)))
        this.#turned(current.object);
    });
    context.records.onChange(() => {
      this.#addSummaries();
      this.#line.changed();
      this.#addOpen();
    });
    context.gates?.onChange((key) => {
      this.#queue.add(key);
    });
    for (const callers of context.callers)
      callers.onChange((namespaces) => {
        this.#callersChanged(namespaces);
      });
  }

  /** Keys that wait to be looked at now. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Works until `signal` is aborted; a write that has been sent is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    this.#context.unanswered.note(this.#context.clock.monotonic()); // What the leader before this one has sent is not known.
    this.#addAll();
    await Promise.all(
      Array.from({ length: this.#workers }, async () => {
        await this.#work(signal);
      }),
    );
    this.#queue.stop();
  }

  #addAll(): void {
    for (const { name } of this.#context.view.migrations.list()) this.#queue.add(encode({ kind: 'Migration', name }));
    this.#addEach(() => true);
  }

  #changed(resource: Resource, change: Change<Stored>): void {
    const { namespace, name } = change;
    if (isSeenElsewhere(resource, change)) this.#inhabitantsChanged();
    switch (kindKey(resource)) {
      case kindKey(meshMigrations):
        this.#migrationChanged(name);
        return;
      case kindKey(namespaceMigrations):
        this.#childChanged(namespace ?? '', name);
        return;
      case kindKey(namespaces):
        this.#namespaceChanged(name);
        return;
      default:
        if (this.#isBesideThePoint(resource, change)) return;
        if (this.#concernsEveryone(resource, namespace)) this.#tellOpen(namespace);
        // A namespace at rest is judged and follows by its own objects and by those of the whole mesh.
        if (namespace === undefined || this.#isOfMesh(namespace)) this.#addResting(resource);
        else this.#tellOwn(resource, namespace);
    }
  }

  #namespaceChanged(name: string): void {
    if (this.#context.view.namespaces.get(undefined, name) === undefined)
      for (const gathering of Object.values(this.#gathered)) gathering.forget(name);
    this.#addSummaries();
    this.#line.changed(); // Its journal tells that a slot is free, its labels that it is in the scope no more.
    this.#addChildrenIn(name);
  }

  /** Only what has not begun is decided by who calls. */
  #callersChanged(namespaces: ReadonlySet<string> | 'All'): void {
    if (namespaces === 'All') this.#addOpen();
    else for (const namespace of namespaces) this.#addChildrenIn(namespace);
  }

  #migrationChanged(name: string): void {
    for (const callers of this.#context.callers) callers.wake();
    this.#queue.add(encode({ kind: 'Migration', name }));
    this.#addSummaries(); // The scope of another migration may have become free, or taken.
    this.#line.changed();
  }

  #childChanged(namespace: string, name: string): void {
    const child = this.#context.view.children.get(namespace, name)?.object;
    if (!isEdited(child?.status)) this.#addChild(namespace, name);
    this.#queue.addAfter(encode({ kind: 'Migration', name: child?.spec.migration ?? name }), summaryDelayMs);
    this.#line.changed();
  }

  /** Somebody commands. */
  #commanded(namespace: string, key: string): void {
    this.#later(this.#gathered.commands.changed(namespace), () => {
      this.#queue.addWanted(key);
    });
  }

  #wantsBack({ spec }: NamespaceMigration): boolean {
    const migration = this.#context.view.migrations.get(undefined, spec.migration)?.object;
    return migration !== undefined && wantedOf(migration) === 'Rollback';
  }

  /** A person has changed what is wanted of it. */
  #wanted(migration: string): void {
    this.#queue.addWanted(encode({ kind: 'Migration', name: migration }));
    for (const child of this.#context.view.children.list())
      if (child.object.spec.migration === migration) this.#queue.addWanted(keyOf(child));
  }

  /** One namespace alone goes back: others of its migration may have to go with it. */
  #turned(child: NamespaceMigration): void {
    if (this.#wantsBack(child)) return;
    this.#addEach(({ spec }) => spec.migration === child.spec.migration);
  }

  /** A pod is gone for which namespaces may have waited anywhere. Many go at once, so they are told together. */
  #othersFreed(namespace: string): void {
    this.#later(this.#gathered.freeing.changed(namespace), () => {
      this.#addOpen();
    });
  }

  /**
   * Whether it changed in nothing that is looked at, or has been told already: nodes come and go, and what is of the
   * whole cluster, to those only that are not at rest.
   */
  #isBesideThePoint(resource: Resource, change: Change<Stored>): boolean {
    const watched = this.#watched(resource);
    if (watched?.keep === undefined) return false;
    if (isAsBefore(change as Change<ConfigView>)) return true;
    if (resource.namespaced) return false;
    this.#inhabitantsChanged();
    return true;
  }

  /** Of any namespace, to all others: whoever waits for something there goes on by itself. */
  #inhabitantsChanged(): void {
    this.#later(this.#gathered.inhabitants.changed(''), () => {
      this.#addOpen();
    });
  }

  /**
   * What is in the control plane's namespace is told at once; what tenants change, the later the more often they do.
   */
  #tellOpen(namespace: string | undefined): void {
    if (namespace === undefined || this.#isOfMesh(namespace)) {
      this.#addOpen();
      return;
    }
    this.#later(this.#gathered.strangers.changed(namespace), () => {
      this.#addOpen();
    });
    if (this.#context.view.children.list().some(({ object }) => this.#wouldMeetOthers(object)))
      this.#later(this.#gathered.resting.changed(''), () => {
        this.#addEach((record) => this.#wouldMeetOthers(record));
      });
  }

  /**
   * Whoever is under way to sidecars is no stranger to anybody. Safe: only the waking is decided here, and what a look
   * does, the next one would do. Dying before or after: the next process looks at all of them.
   */
  #sidecarCame(namespace: string): void {
    if (this.#context.view.children.list(namespace).some(({ object }) => isInFlight(object))) return;
    this.#later(this.#gathered.sidecars.changed(namespace), () => {
      this.#addEach((record) => this.#wouldBePassed(record));
    });
  }

  /** Whether it is at rest in sidecars, and whoever has one would go around its waypoint after a way back. */
  #wouldBePassed({ spec, status }: NamespaceMigration): boolean {
    return status?.itinerary === 'L7' && this.#isAtRestFrom('IstioAmbient', { spec, status });
  }

  /**
   * Whether it is at rest, and what its way back would meet depends on what others say: it would be known to nobody, or
   * would wait for those that reach it past what stands before it, which may wait for it.
   */
  #wouldMeetOthers(record: NamespaceMigration): boolean {
    return this.#isAtRestFrom('None', record) || this.#wouldBePassed(record);
  }

  #isAtRestFrom(from: DataPlane, { spec, status }: Pick<NamespaceMigration, 'spec' | 'status'>): boolean {
    if (!isAtRest(status?.writtenPhase)) return false;
    return this.#context.view.migrations.get(undefined, spec.migration)?.object.spec.from === from;
  }

  /** Its pods and workloads move by themselves and are told at once. */
  #tellOwn(resource: Resource, namespace: string): void {
    if (this.#watched(resource) !== undefined)
      this.#later(this.#gathered.own.changed(namespace), () => {
        this.#addChildrenIn(namespace);
      });
    else this.#addChildrenIn(namespace);
  }

  #later(ms: number | undefined, tell: () => void): void {
    if (ms === 0) tell();
    else if (ms !== undefined) this.#context.clock.timer(ms, tell);
  }

  #isOfMesh(namespace: string): boolean {
    return this.#context.view.meshNamespaces.includes(namespace);
  }

  #watched(resource: Resource): WatchedKind | undefined {
    return this.#context.view.watched(resource);
  }

  /** What has no namespace, is in the control plane's, or is of a kind by which one namespace may reach another. */
  #concernsEveryone(resource: Resource, namespace: string | undefined): boolean {
    if (namespace === undefined || this.#isOfMesh(namespace)) return true;
    const watched = this.#watched(resource);
    return watched !== undefined && watched.isOwn !== true;
  }

  #addSummaries(): void {
    for (const { name } of this.#context.view.migrations.list())
      this.#queue.addAfter(encode({ kind: 'Migration', name }), summaryDelayMs);
  }

  #addChild(namespace: string, name: string): void {
    this.#queue.add(encode({ kind: 'Namespace', namespace, name }));
  }

  #addChildrenIn(namespace: string): void {
    for (const child of this.#context.view.children.list(namespace)) this.#addChild(namespace, child.name);
  }

  #addOpen(): void {
    this.#addEach(({ status }) => !['Migrated', 'RolledBack', 'Finalized'].includes(status?.writtenPhase ?? ''));
  }

  #addEach(isConcerned: (record: NamespaceMigration) => boolean): void {
    for (const { object, namespace = '', name } of this.#context.view.children.list())
      if (isConcerned(object)) this.#addChild(namespace, name);
  }

  /**
   * All that are at rest, which may be hundreds: only for what rules and copies are made from, and not for each pod of
   * the control plane.
   */
  #addResting(resource: Resource): void {
    if (this.#watched(resource) === undefined) return;
    for (const child of this.#context.view.children.list())
      if (isAtRest(child.object.status?.writtenPhase)) this.#queue.addAfter(keyOf(child), summaryDelayMs);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#queue.take(signal);
      if (key === undefined) return;
      const began = this.#context.clock.monotonic();
      let outcome: Look['result'] = 'Failed';
      try {
        const result = await this.#reconcile(decode(key), signal);
        outcome = result.kind;
        this.#requeue(key, result);
        // A look that wrote is not measured by its time: that was the server's.
        const restMs = result.kind === 'Again' ? 0 : restAfterMs(this.#context.clock.monotonic() - began);
        if (restMs > 0) this.#queue.rest(key, restMs);
      } catch (error) {
        if (!signal.aborted) this.#failed(key, error);
      } finally {
        this.#queue.done(key);
        const seconds = (this.#context.clock.monotonic() - began) / 1000;
        this.#context.observer.looked({ kind: decode(key).kind, result: outcome, seconds });
      }
    }
  }

  async #reconcile(key: Key, signal: AbortSignal): Promise<Result> {
    return key.kind === 'Migration'
      ? await this.#migrations.reconcile(key.name, signal)
      : await this.#namespaces.reconcile(key.namespace, key.name, signal);
  }

  #requeue(key: string, result: Result): void {
    if (result.kind !== 'Stale') this.#queue.forget(key);
    switch (result.kind) {
      case 'Again':
        this.#queue.add(key);
        return;
      case 'Stale':
        this.#queue.addStale(key);
        return;
      case 'After':
        this.#queue.addAfter(key, result.ms);
        if (result.freed === true) this.#line.changed();
        return;
      case 'Gone':
        this.#queue.drop(key);
        return;
      case 'Idle':
        this.#queue.addAfter(key, resyncMs);
    }
  }

  #failed(key: string, error: unknown): void {
    const { log } = this.#context;
    const fields = { key, err: error, failures: this.#queue.failures(key) + 1 };
    if (error instanceof InvalidError && error.patchDoesNotApply)
      log.debug(fields, 'The object changed since it was read; looking again');
    else if (error instanceof UnavailableError) log.warn(fields, 'The API server is not available; trying again');
    else log.error(fields, 'Reconciling failed; trying again');
    this.#queue.addFailed(key);
    this.#line.changed(); // It may keep nobody else waiting any more.
  }
}
