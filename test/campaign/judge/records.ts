import type { KubeObject } from '../../../src/api/object.ts';
import { at, items, text } from './json.ts';
import type { Committed, States } from './states.ts';

/** What is known about the operator besides what it writes. */
export interface Attendance {
  /** Virtual milliseconds since the MeshMigration was created. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** When the operator was started last, by the same clock. */
  readonly startedAt: () => number;
}

/** Reasons of a failure that say that something took too long. */
const tooLong: readonly string[] = ['WorkloadUnavailable', 'GateNotReached', 'GateLost'];

/** `spec.restart.progressDeadline` of the campaign, less what timestamps leave out. */
const allowedMs = 58_000;

const underWay: readonly string[] = ['Migrating', 'RollingBack'];
const forward: readonly string[] = ['Migrating', 'Migrated', 'Incomplete'];

/** So many statuses of one namespace nobody needs, whatever happens to it in a history. */
export const mostStatuses = 400;

/**
 * What records say one after the other: a rollback is not turned round, what fails has had its time, and who waits says
 * so.
 */
export class Records {
  readonly #attendance: Attendance;
  readonly #states: States;
  /** Namespaces that go back, by uid: which of their attempts. */
  readonly #goingBack = new Map<string, unknown>();
  /** By namespace: since when it could get on with what it does, as far as it is up to people. */
  readonly #since = new Map<string, number>();
  readonly #statuses = new Map<string, number>();

  constructor(states: States, attendance: Attendance) {
    this.#states = states;
    this.#attendance = attendance;
  }

  /** The operator has written a record. */
  written(change: Committed): readonly string[] {
    return [...this.#turned(change), ...this.#hurried(change), ...this.#counted(change)];
  }

  /** To be asked when nothing is written any more: whoever is still under way says for what he waits. */
  silent(): readonly string[] {
    return this.#states.all('NamespaceMigration').flatMap(({ metadata, ...record }: KubeObject) => {
      // Who makes one of a migration that does not exist has written what it says himself, and nobody goes by it.
      if (this.#states.get('MeshMigration', undefined, text(at(record, 'spec', 'migration'))) === undefined) return [];
      const status = at(record, 'status');
      const isStalled = items(at(status, 'conditions')).some(
        ({ type, status: holds }) => type === 'Stalled' && holds === 'True',
      );
      const isTimed = Date.parse(text(at(status, 'waitUntil'))) > this.#attendance.wallClock();
      if (!underWay.includes(phaseOf(record)) || isStalled || isTimed) return [];
      return [
        `H: ${metadata.namespace ?? ''} is ${phaseOf(record)}, nothing goes on, and that is not said: ${text(at(status, 'message'))}`,
      ];
    });
  }

  #turned({ key, after }: Committed): readonly string[] {
    const [namespace = ''] = key.split('/');
    const uid = this.#states.get('Namespace', undefined, namespace)?.metadata.uid ?? '';
    const [phase, attempt] = [phaseOf(after), at(after?.['status'], 'attempt')];
    if (phase === 'RollingBack') {
      this.#goingBack.set(uid, attempt);
      return [];
    }
    // One that was told to start again may do so as soon as it is back: that is another attempt.
    const isTurned = forward.includes(phase) && this.#goingBack.has(uid) && this.#goingBack.get(uid) === attempt;
    if (phase !== '') this.#goingBack.delete(uid);
    return isTurned ? [`Turned: ${namespace} goes back, and then it is ${phase}`] : [];
  }

  #hurried({ key, before, after }: Committed): readonly string[] {
    const [namespace = ''] = key.split('/');
    const now = this.#attendance.now();
    const isNew = (path: string): boolean => at(before?.['status'], path) !== at(after?.['status'], path);
    const reason = text(at(after?.['status'], 'failure', 'reason'));
    const isFailed = reason !== '' && at(before?.['status'], 'failure') === undefined;
    const since = Math.max(this.#since.get(namespace) ?? 0, this.#attendance.startedAt());
    if (isNew('step') || isNew('phase') || isNew('attempt')) this.#since.set(namespace, now);
    if (!isFailed || !tooLong.includes(reason) || now - since >= allowedMs) return [];
    return [
      `Hurry: ${namespace} has failed (${reason}) ${String((now - since) / 1000)} s after it could go on: ${text(at(after?.['status'], 'failure', 'message'))}`,
    ];
  }

  #counted({ key }: Committed): readonly string[] {
    const count = (this.#statuses.get(key) ?? 0) + 1;
    this.#statuses.set(key, count);
    return count === mostStatuses ? [`Load: more than ${String(mostStatuses)} statuses were written of ${key}`] : [];
  }

  /** The most statuses that were written of one record. */
  get most(): number {
    return Math.max(0, ...this.#statuses.values());
  }
}

function phaseOf(record: unknown): string {
  return text(at(record, 'status', 'phase'));
}
