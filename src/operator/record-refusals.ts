import type { Clock } from '../base/clock.ts';
import type { RefusedWrite } from '../engine/refused-records.ts';
import { refusalsToReport } from '../engine/situation.ts';
import { ApiError, ConflictError, ForbiddenError } from '../kube/errors.ts';
import { isStale, StatusNotKeptError } from './reconciler.ts';
import { forgetMs, freely, pauseAfter } from './undone.ts';

const leastMs = 1000;
const mostMs = 60_000;

/** An object of ours that has a status. */
interface Owned {
  readonly metadata: { readonly uid?: string | undefined };
}

/** The write of a status. */
const status = 'Status';

/** Answers about the server or about us, and none about this object; 0 is none at all. */
const notAboutIt: readonly number[] = [0, 401, 429, 503];

/**
 * How admission says no, whatever code a webhook or a policy has chosen for it (apiserver: webhook.ToStatusErr,
 * validatingadmissionpolicy).
 */
const denied = /denied (the )?request/;

interface Tried {
  readonly count: number;
  readonly tries: number;
  readonly message: string;
  readonly notBefore: number;
  /** How often it was carried out, without having lasted in between, and when last. */
  readonly done: number;
  readonly doneAt: number;
}

const untried: Tried = { count: 0, tries: 0, message: '', notBefore: 0, done: 0, doneAt: -Infinity };

/**
 * Until when what was carried out too often for chance may not last once more: it is said meanwhile, also while it is
 * as it should be.
 */
function doubtEnds({ done, doneAt }: Tried): number {
  return done > freely ? doneAt + Math.max(mostMs, 2 * pauseAfter(done)) : -Infinity;
}

/**
 * The answer that refuses a write to an object of our own; undefined where the picture was old or the server is in
 * trouble. Other than of a write to what is not ours, a 5xx is one too: sending it again does no harm, and a webhook
 * that cannot be reached gives it for ever.
 */
export function refusalOf(error: unknown): string | undefined {
  if (error instanceof StatusNotKeptError) return error.message;
  if (!(error instanceof ApiError)) return undefined;
  if (denied.test(error.message)) return error.message;
  if (notAboutIt.includes(error.code)) return undefined;
  if (error instanceof ForbiddenError && error.namespaceTerminating) return undefined;
  const isOwned = error instanceof ConflictError && error.fieldConflicts.length > 0;
  return isStale(error) && !isOwned ? undefined : error.message;
}

/**
 * Writes to objects of our own that were not carried out, or did not last, by the uid of the object. Each waits by
 * itself and longer from time to time, so that one that is refused or undone for ever costs no other anything. Memory
 * that may be lost: a write that is still wanted is refused or undone again.
 */
export class RecordRefusals {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #tried = new Map<string, Map<string, Tried>>();
  readonly #handlers: (() => void)[] = [];
  #revision = 0;
  #isRetrying = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Calls back when something comes to count as refused, or does not any more: no object changes by that. */
  onChange(handler: () => void): void {
    this.#handlers.push(handler);
  }

  /** Another number as soon as anything is known of another status, for whoever remembers what follows from them. */
  get revision(): number {
    return this.#revision;
  }

  /** Of one object, by the name of the write. */
  of(uid: string): ReadonlyMap<string, RefusedWrite> {
    const now = this.#clock.monotonic();
    return new Map(
      [...(this.#tried.get(uid) ?? [])].map(([write, tried]) => {
        const { count, message, notBefore } = tried;
        return [write, { count, message, waitMs: notBefore - now, undoneForMs: Math.max(0, doubtEnds(tried) - now) }];
      }),
    );
  }

  /** It was not carried out. Returns whether that was the answer to this write, so that others may be tried at once. */
  failed(uid: string, write: string, error: unknown): boolean {
    const answer = refusalOf(error);
    const before = this.#tried.get(uid)?.get(write) ?? untried;
    const { count, tries, message } = before;
    this.#set(uid, write, {
      ...before,
      count: count + (answer === undefined ? 0 : 1),
      tries: tries + 1,
      message: answer ?? message,
      notBefore: this.#clock.monotonic() + Math.min(mostMs, leastMs * 2 ** tries),
    });
    if (answer !== undefined && count + 1 === refusalsToReport) this.#tell();
    return answer !== undefined;
  }

  /** It was carried out. Until the cache holds that, it is not sent again while there is something else to do. */
  done(uid: string, write: string): void {
    const before = this.#tried.get(uid)?.get(write) ?? untried;
    const now = this.#clock.monotonic();
    const done = (this.#isRecent(before) ? before.done : 0) + 1;
    this.#set(uid, write, { ...untried, notBefore: now + Math.max(leastMs, pauseAfter(done)), done, doneAt: now });
    if (isRefused(before)) this.#tell();
  }

  /**
   * Forgets all writes of an object but those that are still wanted, that of its status, which always is, and of the
   * others that they were carried out lately: what is wanted once more did not last.
   */
  keep(uid: string, wanted: readonly string[]): void {
    const writes = this.#tried.get(uid);
    const still = new Set([status, ...wanted]);
    for (const [write, tried] of [...(writes ?? [])]) {
      if (still.has(write)) continue;
      if (this.#isRecent(tried))
        writes?.set(write, {
          ...untried,
          notBefore: tried.doneAt + pauseAfter(tried.done),
          done: tried.done,
          doneAt: tried.doneAt,
        });
      else writes?.delete(write);
    }
    if (writes?.size === 0) this.#tried.delete(uid);
  }

  /**
   * Of the status of a record, or of a MeshMigration: what the API server keeps answering; undefined while it is not
   * refused.
   */
  ofStatus({ metadata: { uid = '' } }: Owned): string | undefined {
    const tried = this.#tried.get(uid)?.get(status);
    return isRefused(tried) ? tried?.message : undefined;
  }

  /**
   * Whether the status of a record was not stored when it was tried last, for whatever reason: it stands in nobody's
   * way meanwhile.
   */
  isTried({ metadata: { uid = '' } }: Owned): boolean {
    return (this.#tried.get(uid)?.get(status)?.tries ?? 0) > 0;
  }

  /** Milliseconds until the status of a record is to be tried again. */
  statusWaitMs({ metadata: { uid = '' } }: Owned): number {
    return this.of(uid).get(status)?.waitMs ?? 0;
  }

  /**
   * Whether a status that was not stored before is to wait because another one is being tried again: a webhook that
   * does not answer takes 10 s of each try, and all workers if all its records may be tried at once. The answer frees
   * the place; undefined where it waits.
   */
  retry(record: Owned): (() => void) | undefined {
    if (!this.isTried(record))
      return () => {
        /* It takes no place. */
      };
    if (this.#isRetrying) return undefined;
    this.#isRetrying = true;
    return () => {
      this.#isRetrying = false;
    };
  }

  /** The status of a record was not stored. Returns whether that was the answer to it. */
  statusFailed({ metadata: { uid = '' } }: Owned, error: unknown): boolean {
    return this.failed(uid, status, error);
  }

  /** The status of a record is stored, or is as it is to be. */
  statusStored({ metadata: { uid = '' } }: Owned): void {
    const writes = this.#tried.get(uid);
    const before = writes?.get(status);
    if (before !== undefined) this.#revision += 1;
    writes?.delete(status);
    if (writes?.size === 0) this.#tried.delete(uid);
    if (isRefused(before)) this.#tell();
  }

  /** The object is gone. */
  forget(uid: string): void {
    const before = [...(this.#tried.get(uid)?.values() ?? [])];
    if (before.length > 0) this.#revision += 1;
    this.#tried.delete(uid);
    if (before.some(isRefused)) this.#tell();
  }

  #set(uid: string, write: string, tried: Tried): void {
    const writes = this.#tried.get(uid) ?? new Map<string, Tried>();
    if (write === status) this.#revision += 1;
    this.#tried.set(uid, writes.set(write, tried));
  }

  #isRecent({ done, doneAt }: Tried): boolean {
    return done > 0 && doneAt > this.#clock.monotonic() - forgetMs;
  }

  #tell(): void {
    for (const handler of this.#handlers) handler();
  }
}

function isRefused(tried: Tried | undefined): boolean {
  return tried !== undefined && tried.count >= refusalsToReport;
}
