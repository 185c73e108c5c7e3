import type { Resource } from '../api/object.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { namespaceMigrations, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import { AmbiguousWriteError } from '../kube/errors.ts';
import { evidenceOf } from '../engine/confirm.ts';
import { decide } from '../engine/decide.ts';
import { dropsJournal } from '../engine/keep-journal.ts';
import { isProtected, wantedOf } from '../engine/decide-migration.ts';
import { describeWrite, execute, OldPictureError, written, type Written } from '../engine/execute.ts';
import { NameTakenError } from '../engine/make.ts';
import { namespaces, pods, services, workloadResources } from '../engine/resources.ts';
import type { Situation, Write } from '../engine/situation.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isInFlight, noSlot, notAdmitted, progressOf, type Progress } from '../plan/admission.ts';
import { journalOn, type Journal } from '../plan/journal.ts';
import { isInScope, type Scope } from '../plan/scope.ts';
import { companyIn, notTurnedIn } from './company.ts';
import { Pace, podsTaken } from './pace.ts';
import { ParkingLot } from './parking.ts';
import { Quiet } from './quiet.ts';
import { Refusals } from './refusals.ts';
import { report } from './report.ts';
import { isRecordOf, recordsOf, scopeIn } from './records.ts';
import { isBehind, isStale, refusal, storeStatus, type Context, type Result } from './reconciler.ts';
import { Stopwatch } from './stopwatch.ts';

const anyName = '*';

/** Kinds that the operator changes and sees, besides those that it makes. */
function isWatched({ kind }: Resource): boolean {
  return [namespaces, services, pods, ...workloadResources].some((resource) => resource.kind === kind);
}

function attemptOf({ metadata }: NamespaceMigration, home: NamespaceView): string {
  return `${metadata.uid ?? ''} ${journalOn(home)?.attempt ?? 0}`;
}

/** Pods that are younger may have been restarted by a process before this one, and not be paid for. */
const youngMs = 60_000;

/** Looks at one namespace of one migration: observe, decide, at most one write. */
export class NamespaceReconciler {
  readonly #context: Context;
  /** Writes of which nobody knows whether they were carried out. */
  readonly #doubts = new Map<string, Write>();
  /** Attempts in which objects were deleted that nobody watches. */
  readonly #swept = new Set<string>();
  /** The journals as they were seen last, by namespace and migration: a stranger may take one away, or spoil it. */
  readonly #journals = new Map<string, { readonly journal: Journal; readonly namespaceUid: string }>();
  readonly #parking = new ParkingLot();
  readonly #refusals = new Refusals();
  readonly #quiet: Quiet;
  readonly #stopwatch: Stopwatch;
  readonly #pace: Pace;

  constructor(context: Context) {
    this.#context = context;
    this.#quiet = new Quiet(context.clock);
    this.#stopwatch = new Stopwatch(context.clock);
    this.#pace = new Pace(context.clock);
  }

  /** Throws whatever the write threw, except when it only means that the picture was old. */
  async reconcile(namespace: string, name: string, signal: AbortSignal): Promise<Result> {
    const { view } = this.#context;
    const child = view.children.get(namespace, name)?.object;
    const home = view.namespaces.get(undefined, namespace);
    if (child === undefined || home === undefined || home.terminating) {
      this.#parking.forget(name, namespace);
      return { kind: 'Idle' };
    }
    const migration = view.migrations.get(undefined, child.spec.migration)?.object;
    return migration === undefined || !isRecordOf(child, migration) ? { kind: 'Idle' } : await this.#look(child, migration, home, signal);
  }

  async #look(child: NamespaceMigration, migration: MeshMigration, home: NamespaceView, signal: AbortSignal): Promise<Result> {
    const key = `${home.name}/${child.metadata.name}`;
    await this.#resolveDoubt(key, home.name, signal);
    if (isBehind(this.#context, this.#touched(child))) return { kind: 'Stale' };
    const situation = this.#observe(child, migration, home);
    const { status, next, waits, kept } = decide(situation);
    this.#stopwatch.looked(key, waits, kept);
    const freed = this.#parking.note(child, { status, next });
    if (next.kind === 'Journal') {
      const result = await this.#write(key, situation, next.write, signal);
      return result.kind === 'Again' ? await this.#store(child, status, signal) ?? result : result;
    }
    const stored = await this.#store(child, status, signal);
    if (stored !== undefined) return stored;
    if (next.kind === 'Write') return await this.#write(key, situation, next.write, signal);
    this.#refusals.clear(key);
    if (next.parked !== undefined) return { kind: 'After', ms: this.#parking.lookAgainMs(child), ...(freed && { freed }) };
    return next.until === undefined ? { kind: 'Idle' } : { kind: 'After', ms: Math.max(1, next.until - situation.now) };
  }

  /** Stores the status; undefined if it is stored already, so that what follows from it may be done. */
  async #store(child: NamespaceMigration, status: NamespaceMigrationStatus, signal: AbortSignal): Promise<Result | undefined> {
    try {
      if (!await storeStatus(this.#context, namespaceMigrations, child, status, signal)) return undefined;
      report(this.#context, child, status);
      return { kind: 'Again' };
    } catch (error) {
      if (isStale(error)) return { kind: 'Stale' };
      throw error;
    }
  }

  /**
   * After a write that may have been carried out without our knowing: the object as it is now, which the cache has to come up
   * to like to a write of ours. Throws while the object cannot be read, so that nothing is decided meanwhile.
   */
  async #resolveDoubt(key: string, namespace: string, signal: AbortSignal): Promise<void> {
    const write = this.#doubts.get(key);
    if (write === undefined) return;
    const { client, adapter } = this.#context;
    const isSeen = (resource: Resource): boolean => adapter.made.some(({ kind }) => kind === resource.kind) || isWatched(resource);
    for (const one of await written(client, write, namespace, isSeen, signal)) this.#fence(one);
    this.#doubts.delete(key);
  }

  /** Every object of which the decision must know our last write. */
  #touched(child: NamespaceMigration): readonly { resource: typeof namespaces; namespace: string | undefined; name: string }[] {
    const namespace = child.metadata.namespace ?? '';
    const workloads = this.#context.view.workloads(namespace);
    return [
      { resource: namespaceMigrations, namespace, name: child.metadata.name },
      { resource: namespaces, namespace: undefined, name: namespace },
      ...[...this.#context.adapter.made, services].map((resource) => ({ resource, namespace, name: anyName })),
      ...workloadResources.flatMap((resource) => workloads.filter(({ kind }) => kind === resource.kind).map(({ name }) => ({ resource, namespace, name }))),
    ];
  }

  #observe(child: NamespaceMigration, migration: MeshMigration, home: NamespaceView): Situation {
    const { view, adapter, clock } = this.#context;
    const namespace = home.name;
    const now = clock.now();
    const { journal, returned } = evidenceOf(child, home, migration.status?.returned?.find((entry) => entry.namespace === namespace));
    const scope = journal === undefined ? scopeIn(view, migration) : undefined;
    const parking = this.#parking.around(child);
    const progress = progressOf(migration, view.namespaces.list(), parking);
    return {
      now,
      adapter,
      object: child,
      spec: migration.spec,
      migrationUid: migration.metadata.uid ?? '',
      wanted: wantedOf(migration),
      commanded: migration.status?.command,
      surroundings: {
        route: { from: child.spec.from, to: child.spec.to },
        spec: migration.spec,
        namespace: home,
        pods: view.pods.list(namespace).filter(({ finished }) => !finished),
        workloads: view.workloads(namespace),
        budgets: view.budgets.list(namespace),
        services: view.services.list(namespace),
        mesh: view.mesh,
        scope: companyIn(view, migration),
        onFault: (where, error) => { this.#context.faults.note(namespace, where, error); },
      },
      blockers: scope?.findings.filter(({ severity }) => severity === 'Critical') ?? [],
      notAdmitted: scope && this.#notAdmitted(child, migration, scope, progress),
      nextRestartAt: now + this.#pace.msUntilNext(migration.metadata.uid ?? '', migration.spec.restart.podsPerMinute, () => this.#youngPods(recordsOf(view, migration), now)),
      waited: this.#stopwatch.read(`${namespace}/${child.metadata.name}`),
      notTurned: notTurnedIn(this.#context, child, migration, progress, parking),
      noSlot: noSlot(namespace, progress, this.#context.maxConcurrentNamespaces, parking),
      swept: this.#swept.has(attemptOf(child, home)),
      sweptLate: this.#quiet.isSwept(`${namespace}/${child.metadata.name}`),
      quietMs: this.#quiet.ms(`${namespace}/${child.metadata.name}`),
      returned,
      inScope: isInScope(migration, home, view.reserved),
      remembered: this.#remembered(child, home, journal),
      refusals: this.#refusals.of(`${namespace}/${child.metadata.name}`),
    };
  }

  #notAdmitted(child: NamespaceMigration, migration: MeshMigration, scope: Scope, progress: Progress): string | undefined {
    const { view, maxConcurrentNamespaces } = this.#context;
    if (!isProtected(migration)) return 'waits until the migration is protected by its finalizer';
    return notAdmitted(child.metadata.namespace ?? '', recordsOf(view, migration), progress, { spec: migration.spec, slots: maxConcurrentNamespaces, scope });
  }

  /** What was on the namespace last, if nothing of ours is there now. */
  #remembered({ metadata: { name } }: NamespaceMigration, home: NamespaceView, journal: Journal | undefined): Journal | undefined {
    const key = `${home.name}/${name}`;
    if (journal !== undefined) this.#journals.set(key, { journal, namespaceUid: home.uid });
    const seen = this.#journals.get(key);
    return seen?.namespaceUid === home.uid ? seen.journal : undefined;
  }

  /** What a process before this one may have restarted in its last minute. */
  #youngPods(siblings: readonly NamespaceMigration[], now: number): number {
    return siblings.filter(isInFlight).flatMap(({ metadata }) => this.#context.view.pods.list(metadata.namespace ?? ''))
      .filter(({ createdAt = 0 }) => createdAt > now - youngMs).length;
  }

  /**
   * Pays for a restart in the same turn in which it is sent, so that no two workers spend the same; undefined if it is not paid
   * for yet. Dying between the two or after costs nothing: the next process counts the pods.
   */
  #pay({ migrationUid, spec, surroundings }: Situation, write: Write): { readonly takeBack: () => void } | { readonly dueInMs: number } {
    const pods = podsTaken(write, surroundings.workloads);
    if (pods === 0) return { takeBack: () => undefined };
    const { podsPerMinute } = spec.restart;
    const dueInMs = this.#pace.msUntilNext(migrationUid, podsPerMinute, () => 0);
    return dueInMs > 0 ? { dueInMs } : { takeBack: this.#pace.pay(migrationUid, podsPerMinute, pods) };
  }

  async #write(key: string, situation: Situation, write: Write, signal: AbortSignal): Promise<Result> {
    const { client, clock, log, unanswered } = this.#context;
    const namespace = situation.surroundings.namespace.name;
    const paid = this.#pay(situation, write);
    if ('dueInMs' in paid) return { kind: 'After', ms: paid.dueInMs };
    if (dropsJournal(write)) this.#journals.delete(key); // What we take away ourselves is not to be put back.
    this.#quiet.wrote(key);
    const sentAt = clock.monotonic();
    try {
      const done = await execute(client, write, namespace, signal);
      log.info({ namespace, write: describeWrite(write, namespace) }, 'Wrote');
      this.#refusals.forget(key, describeWrite(write, namespace));
      for (const one of done) this.#fence(one);
      if (write.kind === 'Remove' && write.objects.some(({ uid }) => uid === undefined)) {
        this.#swept.add(attemptOf(situation.object, situation.surroundings.namespace));
        this.#quiet.swept(key, situation.quietMs);
      }
      // Evictions and deletions make no version to wait for: the picture is old until the object is seen to go.
      return done.some(({ resourceVersion }) => resourceVersion === undefined) ? { kind: 'Stale' } : { kind: 'Again' };
    } catch (error) {
      if (error instanceof AmbiguousWriteError) {
        this.#doubts.set(key, write);
        unanswered.note(sentAt);
      } else paid.takeBack();
      if (error instanceof OldPictureError) return { kind: 'Stale' };
      const taken = error instanceof NameTakenError;
      this.#refusals.note(key, describeWrite(write, namespace), taken ? error.message : refusal(error), taken);
      // What the name stands for is said in the status at the next look.
      if (taken) return { kind: 'Again' };
      throw error;
    }
  }

  /** Services and objects of our own have many names: for them the fence is one for the kind in the namespace. Kinds that are not watched never come to be seen. */
  #fence({ resource, namespace, name, resourceVersion }: Written): void {
    const { fence, adapter, clock } = this.#context;
    if (resourceVersion === undefined) return;
    const isMany = [...adapter.made, services].some(({ kind }) => kind === resource.kind);
    if (isMany || isWatched(resource)) fence.wrote(resource, namespace, isMany ? anyName : name, resourceVersion, clock.monotonic());
  }
}
