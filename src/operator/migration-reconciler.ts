import {
  meshMigrations,
  migrationLabel,
  namespaceMigrations,
  rollbackFinalizer,
  type MeshMigration,
} from '../api/resources.ts';
import type { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import { arrivedAlone } from '../engine/arrived.ts';
import type { Watching } from '../engine/waves.ts';
import { decideMigration, type MigrationDecision } from '../engine/decide-migration.ts';
import { nameOf, type MigrationWrite } from '../engine/migration-writes.ts';
import type { RefusedWrites } from '../engine/refused-records.ts';
import { Answers } from './answers.ts';
import { Identities } from './identities.ts';
import { outdatedRecords, recordsOf, scopeIn } from './records.ts';
import type { KubeObject } from '../api/object.ts';
import { InvalidError } from '../kube/errors.ts';
import type { EventRecord } from '../kube/events.ts';
import { tolerant } from '../mesh/tolerant.ts';
import { withGateFindings } from '../plan/gate-findings.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { newsOf } from './news.ts';
import { refusalOf } from './record-refusals.ts';
import { isBehind, isStale, isStored, noteWrite, storeStatus, type Context, type Result } from './reconciler.ts';

/** When nothing is to be written now: what is refused is tried again, and what may still arrive waited for. */
function whenToLook(
  { metadata }: MeshMigration,
  { waitMs: writeMs }: MigrationDecision,
  statusMs: number | undefined,
  lateForMs: number,
  refused: RefusedWrites,
): Result {
  const waitMs = writeMs === undefined || statusMs === undefined ? (writeMs ?? statusMs) : Math.min(writeMs, statusMs);
  if (waitMs !== undefined) return { kind: 'After', ms: Math.max(1, Math.ceil(waitMs)) };
  const doubts = [...refused.values()].map(({ undoneForMs }) => undoneForMs).filter((ms) => ms > 0);
  const [doubt] = doubts.sort((a, b) => a - b);
  if (doubt !== undefined) return { kind: 'After', ms: Math.max(1, Math.ceil(Math.min(doubt, lateForMs || doubt))) };
  return metadata.deletionTimestamp !== undefined && lateForMs > 0
    ? { kind: 'After', ms: Math.ceil(lateForMs) }
    : { kind: 'Idle' };
}

/** A command that waits is heard when it is its turn. */
function sooner(lateMs: number, result: Result): Result {
  if (lateMs === Infinity || (result.kind === 'After' && result.ms <= lateMs)) return result;
  return { kind: 'After', ms: Math.max(1, Math.ceil(lateMs)) };
}

/**
 * The status without the entries that a schema of before has no room for (`crds/` of this version was not installed).
 * Without them the rest is true as well: their namespaces say themselves what is the matter, and their records are
 * kept.
 */
function admittedByAll(
  { status: { returned = [] } = {} }: MeshMigration,
  status: MeshMigrationStatus,
): MeshMigrationStatus {
  const stored = new Set(returned.filter(({ attempt }) => attempt === 0).map(({ namespace }) => namespace));
  const { returned: wanted = [], ...rest } = status;
  const kept = wanted.filter(({ namespace, attempt }) => attempt > 0 || stored.has(namespace));
  return { ...rest, ...(kept.length > 0 && { returned: kept }) };
}

function regarding({
  apiVersion = 'meshmigration.dev/v1alpha1',
  metadata: { name, uid },
}: MeshMigration): EventRecord['regarding'] {
  return { apiVersion, kind: 'MeshMigration', name, uid };
}

/** Looks at a migration as a whole: its scope, the summary of its namespaces, its finalizer. */
export class MigrationReconciler {
  readonly #context: Context;
  readonly #migrations: Identities<{ readonly key: string }>;
  readonly #answers: Answers;
  /** When this process looked first, by both clocks. */
  #began: { readonly now: number; readonly monotonic: number } | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#answers = new Answers(context.clock, meshMigrations);
    this.#migrations = new Identities(({ key }) => {
      context.records.forget(key);
      this.#answers.forget(key);
    });
  }

  #watching(): Watching {
    const { clock } = this.#context;
    this.#began ??= { now: clock.now(), monotonic: clock.monotonic() };
    const ms = clock.monotonic() - this.#began.monotonic;
    return { ms, now: this.#began.now + ms };
  }

  /** Throws whatever a write threw, except when it only means that the picture was old. */
  async reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const { view, clock, meshes, gates } = this.#context;
    const object = view.migrations.get(undefined, name)?.object;
    if (object === undefined) {
      this.#migrations.gone(name);
      return { kind: 'Gone' };
    }
    const { key } = this.#migrations.meet(name, { key: object.metadata.uid ?? '' });
    if (isBehind(this.#context, [{ resource: meshMigrations, namespace: undefined, name }])) return { kind: 'Stale' };
    const children = recordsOf(this.#context, object);
    const homes = view.namespaces.list();
    const adapter = meshes.along(object.spec);
    const scope = withGateFindings(scopeIn(view, object), object, adapter.gateTelemetry, gates !== undefined);
    const isThere = (home: NamespaceView): boolean =>
      arrivedAlone(
        tolerant(adapter, (where, error) => {
          this.#context.faults.note(home.name, where, error);
        }),
        object.spec,
        home.labels,
      );
    const lateForMs = this.#context.unanswered.msLeft();
    const refused = this.#context.records.of(key);
    const { heard, lateMs, keep } = this.#answers.hear(key, object);
    const decided = decideMigration({
      now: clock.now(),
      object: heard,
      scope,
      children,
      outdated: outdatedRecords(view, object),
      homes,
      isThere,
      lateForMs,
      refused,
      watching: this.#watching(),
    });
    const decision = { ...decided, status: keep(decided.status) };
    this.#context.records.keep(key, decision.wanted);
    const pending = await this.#store(object, decision.status, signal);
    if (pending !== undefined) return pending;
    const statusMs = this.#context.records.isTried(object) ? this.#context.records.statusWaitMs(object) : undefined;
    return decision.write === undefined
      ? sooner(
          Math.min(lateMs, decision.againMs ?? Infinity),
          whenToLook(object, decision, statusMs, lateForMs, refused),
        )
      : await this.#try(key, object, decision.write, signal);
  }

  /**
   * Stores the status; undefined if what follows from it may be done. One that is refused is tried again later and
   * later, and whoever waits for it is told. Safe: the write tests uid and resourceVersion; dying before or after: the
   * next process decides the same.
   */
  async #store(object: MeshMigration, status: MeshMigrationStatus, signal: AbortSignal): Promise<Result | undefined> {
    const { records } = this.#context;
    const waitMs = records.statusWaitMs(object);
    if (waitMs > 0 && !isStored(object, status))
      return isStored(object, admittedByAll(object, status)) ? undefined : { kind: 'After', ms: waitMs };
    try {
      const isNew = await this.#send(object, status, signal);
      records.statusStored(object);
      return isNew ? { kind: 'Again' } : undefined;
    } catch (error) {
      if (refusalOf(error) === undefined) {
        if (isStale(error)) return { kind: 'Stale' };
        throw error;
      }
      records.statusFailed(object, error);
      this.#tellRefused(object, error);
      return error instanceof InvalidError
        ? await this.#storeRest(object, status, signal)
        : { kind: 'After', ms: records.statusWaitMs(object) };
    }
  }

  /**
   * Safe like the whole: what is left out is not stored so far either, and is tried again with the next whole. Dying
   * before or after: the whole is tried first.
   */
  async #storeRest(object: MeshMigration, status: MeshMigrationStatus, signal: AbortSignal): Promise<Result> {
    const rest = admittedByAll(object, status);
    try {
      if (rest.returned?.length !== status.returned?.length) await this.#send(object, rest, signal);
    } catch (error) {
      if (refusalOf(error) === undefined && !isStale(error)) throw error;
    }
    return { kind: 'After', ms: this.#context.records.statusWaitMs(object) };
  }

  async #send(object: MeshMigration, status: MeshMigrationStatus, signal: AbortSignal): Promise<boolean> {
    const isNew = await storeStatus(this.#context, meshMigrations, object, status, signal);
    if (!isNew) return false;
    this.#answers.stored(object.metadata.uid ?? '', object, status);
    this.#report(object, status);
    this.#context.observer.stored({ kind: 'Migration', before: object.status ?? {}, after: status });
    return true;
  }

  /** Its status cannot say it. */
  #tellRefused(object: MeshMigration, error: unknown): void {
    const { log, records, events } = this.#context;
    log.warn(
      { migration: object.metadata.name, err: error },
      'The status of a MeshMigration is refused; trying it again later',
    );
    const answer = records.ofStatus(object);
    if (answer !== undefined)
      events.record({
        regarding: regarding(object),
        type: 'Warning',
        reason: 'RecordRefused',
        action: 'Reconcile',
        note: `its status cannot be written: ${answer}`,
      });
  }

  /**
   * What is refused waits by itself, so that the others are not kept from theirs: also where nobody answers, as long as
   * there is only this one. Sending it again is safe, because each write is tested by the server or the same as before;
   * dying before or after costs no more than a look.
   */
  async #try(key: string, object: MeshMigration, write: MigrationWrite, signal: AbortSignal): Promise<Result> {
    const { records, log } = this.#context;
    try {
      await this.#write(object, write, signal);
      records.done(key, nameOf(write));
      return { kind: 'Again' };
    } catch (error) {
      if (records.failed(key, nameOf(write), error)) {
        log.warn(
          { migration: object.metadata.name, write: nameOf(write), err: error },
          'A write is refused; trying it again later',
        );
        return { kind: 'Again' };
      }
      if (isStale(error)) return { kind: 'Stale' };
      throw error;
    }
  }

  async #write(object: MeshMigration, write: MigrationWrite, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    switch (write.kind) {
      case 'AddFinalizer':
        await this.#finalizers(object, [...(object.metadata.finalizers ?? []), rollbackFinalizer], signal);
        return;
      case 'RemoveFinalizer':
        await this.#finalizers(
          object,
          (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== rollbackFinalizer),
          signal,
        );
        return;
      case 'CreateChild': {
        // No owner reference: with one, a foreground deletion of the MeshMigration (Argo CD's default) would have the
        // garbage collector delete the journals while they are needed for the rollback. The operator deletes them
        // itself.
        const child: KubeObject = {
          metadata: {
            name: object.metadata.name,
            namespace: write.namespace,
            labels: { [migrationLabel]: object.metadata.name },
          },
          spec: { migration: object.metadata.name, from: object.spec.from, to: object.spec.to },
        };
        noteWrite(this.#context, namespaceMigrations, await client.apply(namespaceMigrations, child, { signal }));
        return;
      }
      case 'DeleteChild':
        await client.delete(namespaceMigrations, write.namespace, object.metadata.name, {
          uid: write.uid,
          resourceVersion: write.resourceVersion,
          signal,
        });
        return;
    }
  }

  /** With the resourceVersion as a precondition: somebody else's finalizer is never lost. */
  async #finalizers(object: MeshMigration, finalizers: readonly string[], signal: AbortSignal): Promise<void> {
    const { name, uid, resourceVersion } = object.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers } };
    noteWrite(
      this.#context,
      meshMigrations,
      await this.#context.client.mergePatch(meshMigrations, undefined, name, patch, { signal }),
    );
  }

  #report(object: MeshMigration, status: MeshMigrationStatus): void {
    const { name } = object.metadata;
    for (const news of newsOf(object.status ?? {}, status)) {
      this.#context.log.info({ migration: name, phase: status.phase }, news.note);
      this.#context.events.record({ regarding: regarding(object), ...news });
    }
  }
}
