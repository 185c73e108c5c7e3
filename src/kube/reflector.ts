import { sleep } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { Backoff } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { ApiError, ExpiredError, ForbiddenError, InvalidError, NotFoundError, isRetryable } from './errors.ts';
import { pathOf } from '../api/object.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import type { ListParameters } from './query.ts';
import { runSession } from './reflector-session.ts';
import type { SessionStart } from './reflector-session.ts';
import type { Store, Stored } from './store.ts';
import { WatchFormatError, WatchIdleError } from './watch-stream.ts';

/** What is reflected, and into which store. */
export interface ReflectorOptions<T extends Stored> extends ListParameters {
  readonly client: KubeClient;
  readonly resource: Resource;
  /** Keeps what is needed of an object; the rest is dropped before it is stored. */
  readonly project: (object: KubeObject) => T;
  readonly store: Store<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /**
   * Nobody waits for it where we have no right to it, or whoever serves it does not answer (an aggregated API server, a
   * conversion webhook): the store says so (`unreadable`), and it is tried again.
   */
  readonly optional?: true;
  /** Objects of a page of a list; 500 unless they are large. */
  readonly page?: number;
}

const pageSize = 500;

/** client-go asks for 5 to 10 minutes (tools/cache/reflector.go), so that watches do not all end at once. */
const watchSeconds = { least: 290, most: 590 } as const;

/** Streams are not opened more often than this, however often the server ends them. */
const streamIntervalMs = 1_000;

/** A stream that stood for so long was healthy even if nothing happened. */
const healthyStreamMs = 30_000;

/**
 * For so long an optional kind that was never read is waited for, where the server answers that it cannot, and where it
 * does not answer: who serves the kind may only be starting, and so may the API server.
 */
const patienceMs = { answered: 60_000, silent: 300_000 } as const;

/** An uninstalled CRD may be installed at any time. */
const absentRetryMs = 30_000;

/**
 * From 0.8 s as in client-go; this cap keeps an outage of ten minutes within 20 requests even when all jitter is small.
 */
const backoffOptions = { baseMs: 800, maxMs: 40_000, factor: 2, jitter: 0.5 } as const;

/** What the log says when a problem of before is over. */
export const watchingAgain = 'Watching again';

/** The server ended a watch properly, but so soon and so empty that opening it again at once would be a hot loop. */
export class ShortWatchError extends Error {
  override readonly name = 'ShortWatchError';
}

/**
 * Keeps a store equal to what the API server has: the present state (by WatchList, or by a paged list where the server
 * does not offer that), then a watch that is opened again and again at the last resourceVersion.
 */
export class Reflector<T extends Stored> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  #offersWatchList = true;
  /** Where the next watch starts; '' when the state must be read anew. */
  #position = '';
  /** Whether a stream stands that brings all that happens. */
  #isFollowing = false;
  /** Ends the pause after a failure. */
  #wake: () => void = () => undefined;
  /** Who waits until the store is up to date. */
  readonly #awaited = new Set<() => void>();
  /** Streams in a row that brought nothing and then proved dead or garbled. */
  #barrenStreams = 0;
  #began = 0;
  #problem = '';
  /** How often it came in a row. */
  #times = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff(backoffOptions, options.random);
  }

  /** Runs until `signal` is aborted, then resolves. No failure of the server ends it. */
  async run(signal: AbortSignal): Promise<void> {
    this.#began = this.#options.clock.monotonic();
    while (!signal.aborted) {
      try {
        await this.#round(signal);
      } catch (error) {
        await this.#pause(error, signal);
      }
    }
  }

  /**
   * Resolves when the store is not older than this call: at once while a stream brings all that happens, else when the
   * state was read anew, for which no pause is waited for. Also when nothing can be read, or `signal` is aborted.
   */
  async refreshed(signal: AbortSignal): Promise<void> {
    if (this.#isFollowing || signal.aborted) return;
    this.#position = '';
    this.#backoff.reset();
    await new Promise<void>((resolve) => {
      this.#awaited.add(resolve);
      signal.addEventListener('abort', () => {
        resolve();
      });
      this.#wake();
    });
  }

  #isUpToDate(): void {
    for (const resolve of this.#awaited) resolve();
    this.#awaited.clear();
  }

  /** One list or one stream; throws what ended it unless the server ended it properly. */
  async #round(signal: AbortSignal): Promise<void> {
    if (this.#position !== '') await this.#watch({ resourceVersion: this.#position }, signal);
    else if (this.#offersWatchList)
      await this.#watch({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }, signal);
    else await this.#list(signal);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, project, store, clock, page: limit = pageSize } = this.#options;
    const objects: T[] = [];
    const listedAt = clock.monotonic();
    let next: { readonly continue?: string } = {};
    for (;;) {
      const page = await client.listPage(resource, {
        ...this.#selection(),
        ...next,
        limit,
        attempts: 1,
        signal,
      });
      for (const object of page.items) objects.push(project(object));
      if (page.resourceVersion === '') throw new WatchFormatError('the list has no resourceVersion to watch from');
      if (page.continue === undefined) {
        store.replace(objects, page.resourceVersion, listedAt);
        this.#position = page.resourceVersion;
        this.#isUpToDate();
        return;
      }
      next = { continue: page.continue };
      await sleep(clock, 0, signal); // lease renewal and probes must not wait for a large list
    }
  }

  async #watch(start: SessionStart, signal: AbortSignal): Promise<void> {
    const { client, resource, project, store, clock, random } = this.#options;
    const opened = clock.monotonic();
    const before = this.#position;
    const { least, most } = watchSeconds;
    const parameters = {
      ...this.#selection(),
      ...start,
      timeoutSeconds: Math.floor(least + random() * (most - least)),
    };
    let failed: unknown;
    try {
      await runSession({
        client,
        resource,
        parameters,
        project,
        store,
        clock,
        signal,
        onOpen: () => {
          this.#solved();
          if (before !== '') this.#follows();
        },
        onPosition: (position) => {
          this.#position = position;
          this.#follows();
        },
      });
    } catch (error) {
      failed = error;
    }
    this.#isFollowing = false;
    const lasted = clock.monotonic() - opened;
    const progressed = this.#position !== before;
    if (progressed || (lasted >= healthyStreamMs && !(failed instanceof WatchIdleError))) {
      this.#backoff.reset();
      this.#barrenStreams = 0;
    }
    if (failed !== undefined) throw failed as Error;
    if (!progressed && lasted < streamIntervalMs)
      throw new ShortWatchError('the server ended the watch as soon as it was open');
    if (lasted < streamIntervalMs) await sleep(clock, streamIntervalMs - lasted, signal);
  }

  #follows(): void {
    this.#isFollowing = true;
    this.#isUpToDate();
  }

  async #pause(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const woken = new AbortController();
    const pause = sleep(this.#options.clock, this.#recover(error), AbortSignal.any([signal, woken.signal]));
    this.#wake = () => {
      woken.abort(new Error('the state is wanted now'));
    };
    await pause.catch(() => undefined);
  }

  /** Decides from what went wrong where to go on, and returns after how many milliseconds. */
  #recover(error: unknown): number {
    if (error instanceof NotFoundError) {
      // At the start most kinds that are asked for may be absent: whoever waits for all of them says which.
      const level = this.#options.store.synced ? 'info' : 'debug';
      this.#report(error, 'The API server does not serve this kind any more (its CRD is gone)', level);
      this.#position = '';
      this.#options.store.markAbsent();
      this.#isUpToDate();
      return absentRetryMs;
    }
    if (this.#refusesWatchList(error)) {
      this.#options.log.debug(
        { resource: this.#options.resource.plural, err: error },
        'No streaming lists here; using paged lists',
      );
      this.#offersWatchList = false;
      return 0;
    }
    if (isBarren(error)) this.#barrenStreams += 1;
    // After a restore from backup the server is behind our version and stays silent: only a new list helps.
    if (error instanceof ExpiredError || error instanceof InvalidError || this.#barrenStreams >= 2) {
      this.#position = '';
      this.#barrenStreams = 0;
    }
    if (error instanceof ForbiddenError) this.#refused(error);
    else if (error instanceof ExpiredError || isBarren(error)) this.#report(error, 'Watch broken off', 'info');
    else this.#report(error, 'Cannot list or watch', 'warn');
    this.#doWithout(error);
    return this.#backoff.next(isRetryable(error) ? error.retryAfterMs : 0);
  }

  /** A kind that somebody else serves keeps nobody from his way back. */
  #doWithout(error: unknown): void {
    const { optional, store, clock } = this.#options;
    if (optional !== true || store.synced) return;
    const patience = error instanceof ApiError ? patienceMs.answered : patienceMs.silent;
    if (clock.monotonic() - this.#began < patience) return;
    store.markUnreadable();
    this.#isUpToDate();
  }

  #refused(error: ForbiddenError): void {
    this.#isUpToDate(); // As far as anybody can tell.
    this.#report(error, 'Not allowed to list and watch; check the ClusterRole of the operator', 'warn');
    if (this.#options.optional !== true) return;
    this.#position = ''; // A new list tells that it can be read again.
    this.#options.store.markUnreadable();
  }

  /** Refused as invalid, or accepted without the state that was asked for (a server that ignores the parameter). */
  #refusesWatchList(error: unknown): boolean {
    return (
      this.#position === '' &&
      this.#offersWatchList &&
      (error instanceof InvalidError || error instanceof WatchIdleError)
    );
  }

  /** Says each problem once, however often it comes back in a row. */
  #report(error: unknown, message: string, level: 'debug' | 'info' | 'warn'): void {
    const { resource, namespace, log } = this.#options;
    const name = error instanceof Error ? error.name : typeof error;
    const problem = `${name} ${error instanceof ApiError ? `${String(error.code)} ${error.reason}` : ''}`;
    this.#times = problem === this.#problem ? this.#times + 1 : 1;
    this.#problem = problem;
    const fields = { resource: pathOf(resource, namespace), err: error };
    // A kind whose CRD is only just there answers once that its storage is being initialized: that is no trouble, and
    // no stack.
    const isPassing = isRetryable(error);
    if (isPassing && this.#times === 1)
      log.info(
        { resource: fields.resource, why: error.message },
        'The API server is not ready for this kind; trying again',
      );
    else if (this.#times === (isPassing ? 2 : 1)) log[level](fields, message);
    else log.debug(fields, message);
  }

  #solved(): void {
    const { resource, namespace, log } = this.#options;
    if (this.#problem !== '') log.info({ resource: pathOf(resource, namespace) }, watchingAgain);
    this.#problem = '';
  }

  #selection(): ListParameters {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

function isBarren(error: unknown): boolean {
  return error instanceof WatchIdleError || error instanceof WatchFormatError;
}
