import { acknowledgedIn } from '../plan/acknowledged.ts';
import type { Finding } from '../api/common.ts';
import { isSameKind, type Resource } from '../api/object.ts';
import { namespaceMigrations, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import { AmbiguousWriteError } from '../kube/errors.ts';
import { isEdited } from '../engine/commands.ts';
import { evidenceOf } from '../engine/confirm.ts';
import { decideSafely } from '../engine/decide-safely.ts';
import { dropsJournal } from '../engine/keep-journal.ts';
import { wantedOf } from '../engine/decide-migration.ts';
import { isProtected } from '../engine/migration-writes.ts';
import { effortsOf } from '../engine/efforts.ts';
import { describeWrite, execute, journalIn, OldPictureError, written } from '../engine/execute.ts';
import { NameTakenError } from '../engine/make.ts';
import { unmadeIn } from '../engine/refused-records.ts';
import type { Decision, Situation, Write } from '../engine/situation.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isInFlight, noSlot, notAdmitted, type Parking, type Progress } from '../plan/admission.ts';
import { approvalsOf, type Approvals } from '../plan/approval.ts';
import { frozenBy } from '../plan/freeze.ts';
import { isInScope, type Scope } from '../plan/scope.ts';
import { slotsFor, wavesOf } from '../plan/waves.ts';
import { gateFindings } from '../plan/gate-findings.ts';
import { windowFindings } from '../plan/window-findings.ts';
import { answer } from './answer.ts';
import { companyIn, notTurnedIn, unnotedIn } from './company.ts';
import { heldBack } from './culprit.ts';
import { readingsOf } from './gates/readings.ts';
import { Memory, type Remembered } from './memory.ts';
import { Pace, restartOf } from './pace.ts';
import { refusalOf } from './record-refusals.ts';
import { report } from './report.ts';
import { holdIn, inLine, isRecordOf, recordsOf, scopeIn, surroundingsOf } from './records.ts';
import { isBehind, isStale, isStored, refusal, storeStatus, type Context, type Result } from './reconciler.ts';
import { fenceOff, isWatched, touchedFor } from './touched.ts';

/** How soon a status that was refused is looked at again, while another one is being tried again. */
const retryMs = 1000;

/** Pods that are younger may have been restarted by a process before this one, and not be paid for. */
const youngMs = 60_000;

/**
 * Before the start nothing rests on what is stored: it is for people, and may be late. But for an answer to a command,
 * for which somebody waits.
 */
function isSpaced({ status: before }: NamespaceMigration, after: Decision['status']): boolean {
  return before?.direction === undefined && after.direction === undefined && !isEdited(before);
}

/** Looks at one namespace of one migration: observe, decide, at most one write. */
export class NamespaceReconciler {
  readonly #context: Context;
  /**
   * Writes of which nobody knows whether they were carried out: the last of each record, as long as its namespace is
   * there.
   */
  readonly #doubts = new Map<string, Write>();
  readonly #memory: Memory;
  readonly #pace: Pace;

  constructor(context: Context) {
    this.#context = context;
    this.#memory = new Memory(context.clock, context.records);
    this.#pace = new Pace(context.clock);
  }

  /** Throws whatever the write threw, except when it only means that the picture was old. */
  async reconcile(namespace: string, name: string, signal: AbortSignal): Promise<Result> {
    const { view } = this.#context;
    const child = view.children.get(namespace, name)?.object;
    const home = view.namespaces.get(undefined, namespace);
    if (child === undefined || home === undefined || home.terminating) {
      this.#memory.gone(namespace, name, home?.terminating !== false);
      if (home === undefined) this.#doubts.delete(`${namespace}/${name}`);
      return { kind: child === undefined ? 'Gone' : 'Idle' };
    }
    const migration = view.migrations.get(undefined, child.spec.migration)?.object;
    return migration === undefined || !isRecordOf(child, migration)
      ? await answer(this.#context, child, migration, home, signal)
      : await this.#look(child, migration, home, signal);
  }

  async #look(
    child: NamespaceMigration,
    migration: MeshMigration,
    home: NamespaceView,
    signal: AbortSignal,
  ): Promise<Result> {
    const subject = this.#memory.subject(child, migration, home);
    await this.#resolveDoubt(subject.place, home.name, signal);
    if (isBehind(this.#context, touchedFor(this.#context, child))) return { kind: 'Stale' };
    const { parking, beginnings, stopwatch, refusals, fights, answers } = this.#memory;
    beginnings.forget(subject);
    const { heard, lateMs, keep } = answers.hear(subject.key, child);
    const situation = this.#observe(subject, heard, migration, home);
    const decided = decideSafely(situation);
    const decision = { ...decided, status: keep(decided.status) };
    const { status, next, waits, kept } = decision;
    stopwatch.looked(subject.waits, waits, kept);
    const freed = parking.note(subject, { status, next }, this.#context.records.ofStatus(child) !== undefined);
    beginnings.note(subject, decision);
    if (next.kind === 'Journal') {
      const result = await this.#writeJournal(subject, situation, next.write, signal);
      return result.kind === 'Again' ? ((await this.#store(subject, child, decision, signal)) ?? result) : result;
    }
    const stored = await this.#store(subject, child, decision, signal);
    if (stored !== undefined) return stored;
    if (next.kind === 'Write') return await this.#write(subject, situation, next.write, signal);
    refusals.clear(subject.key);
    if (next.parked !== undefined)
      return { kind: 'After', ms: Math.min(lateMs, parking.lookAgainMs(subject)), ...(freed && { freed }) };
    const ms = Math.min(
      lateMs,
      next.until === undefined ? Infinity : next.until - situation.now,
      fights.overInMs(this.#memory.way(subject)) ?? Infinity,
    );
    return ms === Infinity ? { kind: 'Idle' } : { kind: 'After', ms: Math.max(1, ms) };
  }

  /**
   * Stores the status; undefined if it is stored already, so that what follows from it may be done. One that is refused
   * is tried again later and later, and holds no slot meanwhile. Safe: the write tests uid and resourceVersion; dying
   * before or after: the next process decides the same.
   */
  async #store(
    subject: Remembered,
    child: NamespaceMigration,
    { status, next }: Decision,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { records } = this.#context;
    const waitMs = records.statusWaitMs(child);
    const leave = records.retry(child);
    const refusedMs = waitMs > 0 || leave === undefined ? Math.max(retryMs, waitMs) : 0;
    const dueInMs = this.#storeDueInMs(subject, child, status, refusedMs);
    if (dueInMs > 0) {
      leave?.();
      return { kind: 'After', ms: dueInMs };
    }
    try {
      const isNew = await storeStatus(this.#context, namespaceMigrations, child, status, signal);
      records.statusStored(child);
      if (!isNew) return undefined;
      this.#wroteStatus(subject, child, status);
      return { kind: 'Again' };
    } catch (error) {
      if (isStale(error) && refusalOf(error) === undefined) return { kind: 'Stale' };
      if (!records.statusFailed(child, error)) throw error;
      this.#context.log.warn(
        { namespace: subject.namespace, err: error },
        'The status of a record is refused; trying it again later',
      );
      this.#memory.parking.note(subject, { status, next }, records.ofStatus(child) !== undefined);
      return { kind: 'After', ms: records.statusWaitMs(child), freed: true };
    } finally {
      leave?.();
    }
  }

  #wroteStatus({ key }: Remembered, child: NamespaceMigration, status: Decision['status']): void {
    const { spacing, answers, told } = this.#memory;
    if (isSpaced(child, status)) spacing.wrote(key);
    answers.stored(key, child, status);
    this.#context.observer.stored({ kind: 'Namespace', before: child.status ?? {}, after: status });
    report(this.#context, child, status, told.stored(key, child.status ?? {}, status));
  }

  /** When a status may be stored that is not yet. */
  #storeDueInMs({ key }: Remembered, child: NamespaceMigration, status: Decision['status'], refusedMs: number): number {
    if (isStored(child, status)) return 0;
    return refusedMs > 0 || !isSpaced(child, status) ? refusedMs : this.#memory.spacing.dueInMs(key);
  }

  /**
   * After a write that may have been carried out without our knowing: the object as it is now, which the cache has to
   * come up to like to a write of ours. Throws while the object cannot be read, so that nothing is decided meanwhile.
   */
  async #resolveDoubt(place: string, namespace: string, signal: AbortSignal): Promise<void> {
    const write = this.#doubts.get(place);
    if (write === undefined) return;
    const { client, meshes } = this.#context;
    const isSeen = (resource: Resource): boolean =>
      meshes.all.some(({ made }) => made.some((row) => isSameKind(row.resource, resource))) || isWatched(resource);
    for (const one of await written(client, write, namespace, isSeen, signal)) fenceOff(this.#context, one);
    this.#doubts.delete(place);
  }

  /** The namespaces of a migration that hold no slot at this moment. */
  parkingOf(migration: MeshMigration): Parking {
    const { uid = '' } = migration.metadata;
    const unmade = [...unmadeIn(migration, this.#context.records.of(uid)).keys()].map(
      (name) => [name, 'Waits'] as const,
    );
    const parked = this.#memory.parking.around({ migration: uid });
    return unmade.length === 0 ? parked : new Map([...parked, ...unmade]);
  }

  #observe(subject: Remembered, child: NamespaceMigration, migration: MeshMigration, home: NamespaceView): Situation {
    const { view, meshes, clock } = this.#context;
    const namespace = home.name;
    const now = clock.now();
    const { journal, returned } = evidenceOf(
      child,
      home,
      migration.status?.returned?.find((entry) => entry.namespace === namespace),
    );
    const scope = journal === undefined ? scopeIn(view, migration) : undefined;
    const parking = this.parkingOf(migration);
    const progress = this.#memory.beginnings.progress(migration, view.namespaces.list(), parking);
    const remembered = this.#memory.journal(subject, home, journal);
    const owed = this.#pace.owed(migration.metadata.uid ?? '', migration.spec.restart.podsPerMinute, namespace, () =>
      this.#youngPods(recordsOf(this.#context, migration), now),
    );
    return {
      now,
      adapter: meshes.along(child.spec),
      object: child,
      spec: migration.spec,
      migrationUid: migration.metadata.uid ?? '',
      wanted: wantedOf(migration),
      commanded: migration.status?.command,
      surroundings: {
        ...surroundingsOf(this.#context, child.spec, migration, home),
        scope: companyIn(this.#context, migration, progress),
        acknowledged: acknowledgedIn(migration, now),
        onFault: (where, error) => {
          this.#context.faults.note(namespace, where, error);
        },
      },
      blockers: scope === undefined ? [] : this.#blockers(migration, scope, now),
      frozen: journal === undefined ? frozenBy(home.annotations) : undefined,
      notAdmitted: scope && this.#notAdmitted(child, migration, scope, progress),
      approvals: this.#approvalsOf(migration),
      readings: readingsOf(this.#context, child, migration),
      nextRestartAt: now + owed.ms,
      restartsOwed: owed.mostly,
      waited: this.#memory.stopwatch.read(subject.waits),
      waits: this.#memory.stopwatch.names(subject.waits),
      findingsDueInMs: this.#memory.told.dueInMs(subject.key),
      notTurned: notTurnedIn(this.#context, child, migration, progress, parking),
      noSlot: noSlot(namespace, progress, this.#slotsFor(namespace, migration), parking),
      swept: this.#memory.isSwept(subject, home),
      sweptLate: this.#memory.quiet.isSwept(subject.key),
      quietMs: this.#memory.quiet.ms(subject.key),
      returned,
      unnoted: unnotedIn(this.#context, namespace, migration),
      inScope: isInScope(migration, home, view.reserved, remembered),
      remembered,
      refusals: new Map([
        ...this.#memory.fights.of(this.#memory.way(subject)),
        ...this.#memory.refusals.of(subject.key),
      ]),
    };
  }

  #blockers(migration: MeshMigration, scope: Scope, now: number): readonly Finding[] {
    const { meshes, gates } = this.#context;
    const found = [
      ...scope.findings,
      ...windowFindings(migration, recordsOf(this.#context, migration), now),
      ...gateFindings(migration, meshes.along(migration.spec).gateTelemetry, gates !== undefined),
    ];
    return found.filter(({ severity }) => severity === 'Critical');
  }

  #slotsFor(namespace: string, migration: MeshMigration): number {
    const waves = wavesOf(migration, this.#context.view.namespaces.list());
    return slotsFor(namespace, waves, migration.spec, this.#context.maxConcurrentNamespaces);
  }

  #notAdmitted(
    child: NamespaceMigration,
    migration: MeshMigration,
    scope: Scope,
    progress: Progress,
  ): string | undefined {
    const { records, maxConcurrentNamespaces } = this.#context;
    // What cannot be told is not begun: the first status is there before the journal.
    if (child.status?.writtenPhase === undefined || records.isTried(child)) return 'waits until its record is written';
    if (!isProtected(migration)) return 'waits until the migration is protected by its finalizer';
    return notAdmitted(child.metadata.namespace ?? '', inLine(this.#context, migration), progress, {
      spec: migration.spec,
      slots: maxConcurrentNamespaces,
      scope,
      waves: wavesOf(migration, this.#context.view.namespaces.list()),
      approvals: this.#approvalsOf(migration),
      hold: holdIn(this.#context, migration),
    });
  }

  #approvalsOf(migration: MeshMigration): Approvals {
    return approvalsOf(migration, wavesOf(migration, this.#context.view.namespaces.list()));
  }

  /** What a process before this one may have restarted in its last minute. */
  #youngPods(siblings: readonly NamespaceMigration[], now: number): number {
    return siblings
      .filter(isInFlight)
      .flatMap(({ metadata }) => this.#context.view.pods.list(metadata.namespace ?? ''))
      .filter(({ createdAt = 0 }) => createdAt > now - youngMs).length;
  }

  /**
   * Pays for a restart in the same turn in which it is sent, so that no two workers spend the same; undefined if it is
   * not paid for yet. Dying between the two or after costs nothing: the next process counts the pods.
   */
  #pay(
    { migrationUid, spec, surroundings }: Situation,
    write: Write,
  ): { readonly takeBack: () => void } | { readonly dueInMs: number } {
    const restart = restartOf(write, surroundings);
    if (restart === undefined) return { takeBack: () => undefined };
    const { podsPerMinute } = spec.restart;
    const { ms } = this.#pace.owed(migrationUid, podsPerMinute, restart.namespace, () => 0);
    return ms > 0 ? { dueInMs: ms } : { takeBack: this.#pace.pay(migrationUid, podsPerMinute, restart) };
  }

  /** It counts as begun until it is seen, or nothing has come of it: of what may have arrived nobody knows. */
  async #writeJournal(subject: Remembered, situation: Situation, write: Write, signal: AbortSignal): Promise<Result> {
    const { beginnings } = this.#memory;
    try {
      const result = await this.#write(subject, situation, write, signal);
      if (result.kind !== 'Again') beginnings.forget(subject);
      return result;
    } catch (error) {
      if (!(error instanceof AmbiguousWriteError)) beginnings.forget(subject);
      throw error;
    }
  }

  async #write(subject: Remembered, situation: Situation, write: Write, signal: AbortSignal): Promise<Result> {
    const { client, clock, log, unanswered } = this.#context;
    const namespace = situation.surroundings.namespace.name;
    const { fights } = this.#memory;
    const efforts = effortsOf(write, namespace);
    const way = this.#memory.way(subject);
    const held = await heldBack(this.#context, fights, way, efforts, signal);
    if (held !== undefined) return held;
    const paid = this.#pay(situation, write);
    if ('dueInMs' in paid) return { kind: 'After', ms: paid.dueInMs };
    const { key, place } = subject;
    if (dropsJournal(write)) this.#memory.dropJournal(subject);
    this.#memory.quiet.wrote(key);
    const sentAt = clock.monotonic();
    try {
      const done = await execute(client, write, namespace, signal);
      log.info({ namespace, write: describeWrite(write, namespace) }, 'Wrote');
      this.#context.observer.wrote(write);
      this.#memory.refusals.forget(key, describeWrite(write, namespace));
      for (const effort of efforts) fights.wrote(way, effort);
      for (const one of done) fenceOff(this.#context, one);
      this.#wrote(
        subject,
        situation,
        write,
        done.some(({ lost }) => lost === true),
      );
      // Evictions and deletions make no version to wait for: the picture is old until the object is seen to go. Nor
      // does what was not kept.
      return done.some(({ resourceVersion, lost }) => resourceVersion === undefined || lost === true)
        ? { kind: 'Stale' }
        : { kind: 'Again' };
    } catch (error) {
      if (error instanceof AmbiguousWriteError) {
        this.#doubts.set(place, write);
        unanswered.note(sentAt);
      } else paid.takeBack();
      const result = this.#refused(key, describeWrite(write, namespace), error);
      if (result !== undefined) return result;
      throw error;
    }
  }

  #wrote(
    subject: Remembered,
    { surroundings: { namespace }, quietMs }: Situation,
    write: Write,
    isLost: boolean,
  ): void {
    const journal = isLost ? undefined : journalIn(write);
    if (journal !== undefined) this.#memory.wroteJournal(subject, namespace, journal);
    if (write.kind === 'Remove' && write.objects.some(({ uid }) => uid === undefined))
      this.#memory.swept(subject, namespace, quietMs);
  }

  /** Notes what the API server refuses; undefined if it is more than an old picture or a name that is taken. */
  #refused(key: string, write: string, error: unknown): Result | undefined {
    if (error instanceof OldPictureError) return { kind: 'Stale' };
    const taken = error instanceof NameTakenError;
    this.#memory.refusals.note(key, write, taken ? error.message : refusal(error), taken);
    // What the name stands for is said in the status at the next look.
    return taken ? { kind: 'Again' } : undefined;
  }
}
