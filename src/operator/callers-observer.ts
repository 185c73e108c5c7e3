import { sleep, type Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ObservedCallers } from '../mesh/telemetry.ts';
import { askCalls, type Asking } from './ask-calls.ts';
import { CallHistory, maxOfOne, type Slice, type Window } from './call-history.ts';

/** News are asked for so often, give or take a tenth. */
const intervalMs = 5 * 60_000;

/** What is younger is not asked about again; less than any interval, so that each brings news. */
const freshMs = 4 * 60_000;

/** Between the pieces of the past: they are no hurry to Prometheus. */
const pieceMs = 1000;

/** After a failure, doubled with each in a row up to the interval. */
const retryMs = 15_000;

/** What is older than this counts as unknown: who began to call since would be overlooked. */
const staleMs = 30 * 60_000;

/** How the operator finds out who calls. */
export interface CallersObserverOptions extends Asking {
  /** What the mesh is called whose metrics these are. */
  readonly mesh: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How far back a call counts. */
  readonly window: Window;
  /** Whether anybody needs the answer; nothing is asked while nobody does. */
  readonly isNeeded: () => boolean;
}

/** Why nothing is believed: the namespaces are those that Prometheus itself wrote to what it scraped. */
function disbelief(mesh: string, strangers: readonly string[]): string {
  const where = strangers
    .slice(0, 5)
    .map((name) => (name === '' ? 'none that could be one' : name))
    .join(', ');
  return `none of its metrics of ${mesh} can be believed: their label namespace (${where}) is not that of the pods that they are about, as if another Prometheus or a gateway had been scraped; let it keep the label (honorLabels there), or drop it`;
}

type Change = (namespaces: ReadonlySet<string> | 'All') => void;

/**
 * Asks Prometheus who calls whom, keeps the answer, and says when it has changed. Nothing that is under way depends on
 * it.
 */
export class CallersObserver {
  readonly #options: CallersObserverOptions;
  readonly #history: CallHistory;
  readonly #handlers: Change[] = [];
  #failure: { readonly since: number; readonly why: string; readonly count: number } | undefined;
  #told = '';
  #wake = new AbortController();

  constructor(options: CallersObserverOptions) {
    this.#options = options;
    this.#history = new CallHistory(options.window.ms);
  }

  /** Calls back with the namespaces of which something else is known now. */
  onChange(handler: Change): void {
    this.#handlers.push(handler);
  }

  /** What is known now of who calls the workloads of a namespace. */
  observedCallers(namespace: string): ObservedCallers {
    const state = this.#state();
    if (state.kind !== 'Observed') return state;
    if (!this.#history.gaveUp(namespace)) return { ...state, workloads: this.#history.of(namespace) };
    const why = `the proxies of namespace ${namespace} told of more than ${maxOfOne} callers and called workloads in the last ${state.window}, or of more than one answer may hold; other namespaces are not concerned`;
    return { kind: 'Unavailable', server: this.#options.client.server, why };
  }

  /** Somebody may need the answer now. */
  wake(): void {
    this.#wake.abort();
  }

  /** Asks until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#options.isNeeded()) await this.#pause(await this.#round(signal), signal);
      else await this.#idle(signal);
    }
  }

  #state(): Exclude<ObservedCallers, { kind: 'Observed' }> | { readonly kind: 'Observed'; readonly window: string } {
    const {
      clock,
      window: { text: window },
      client: { server },
    } = this.#options;
    const now = clock.now();
    const isFresh = now - this.#history.until <= staleMs;
    const { strangers } = this.#history;
    if (isFresh && this.#history.covers(now))
      return strangers.length === 0
        ? { kind: 'Observed', window }
        : { kind: 'Unavailable', server, why: disbelief(this.#options.mesh, strangers) };
    if (this.#failure !== undefined)
      return { kind: 'Unavailable', server, since: this.#failure.since, why: this.#failure.why };
    if (isFresh && this.#history.isTooShort(now)) {
      return {
        kind: 'Unavailable',
        server,
        why: `it has no metric of ${this.#options.mesh} from ${window} ago; if it does not keep them so long, give --callers-window what it keeps`,
      };
    }
    return { kind: 'Learning', window };
  }

  /** Asks about the next piece of time; returns how long to wait for the one after it. */
  async #round(signal: AbortSignal): Promise<number> {
    const { clock, random, log } = this.#options;
    const now = clock.now();
    const changed = new Set<string>();
    try {
      for (const slice of this.#due(now))
        for (const namespace of await this.#learn(slice, now, signal)) changed.add(namespace);
      if (this.#failure !== undefined)
        log.info({ server: this.#options.client.server }, 'Prometheus can be asked again');
      this.#failure = undefined;
    } catch (error) {
      if (signal.aborted) return 0;
      this.#failed(error as Error, now);
    }
    this.#tell(changed);
    if (this.#failure !== undefined)
      return Math.min(intervalMs, retryMs * 2 ** (this.#failure.count - 1)) * (0.9 + 0.2 * random());
    log.debug(
      { until: this.#history.until, complete: this.#history.covers(now), namespaces: this.#history.size },
      'Prometheus told who calls',
    );
    return this.#history.next(clock.now(), freshMs) === undefined ? intervalMs * (0.9 + 0.2 * random()) : pieceMs;
  }

  /**
   * What is to be asked about now; a server that has nothing from the begin of the window is asked again whether it has
   * by now.
   */
  #due(now: number): readonly Slice[] {
    const next = this.#history.next(now, freshMs);
    return [
      ...(next === undefined ? [] : [next]),
      ...(this.#history.isTooShort(now) ? [this.#history.oldest(now)] : []),
    ];
  }

  async #learn(slice: Slice, now: number, signal: AbortSignal): Promise<ReadonlySet<string>> {
    for await (const part of askCalls(this.#options, slice, signal)) this.#history.take(part, slice.to);
    return this.#history.cover(slice, now);
  }

  #failed({ message }: Error, now: number): void {
    const {
      log,
      client: { server },
    } = this.#options;
    const before = this.#failure;
    this.#failure = { since: before?.since ?? now, why: message, count: (before?.count ?? 0) + 1 };
    if (before?.why !== message)
      log.warn({ server, why: message }, 'Prometheus could not be asked who calls; trying again');
  }

  #tell(changed: ReadonlySet<string>): void {
    const state = this.#state();
    const said = JSON.stringify(state.kind === 'Unavailable' ? [state.kind, state.why] : [state.kind]);
    const isOther = said !== this.#told;
    this.#told = said;
    if (!isOther && (changed.size === 0 || state.kind !== 'Observed')) return;
    for (const handler of this.#handlers) handler(isOther ? 'All' : changed);
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, ms, signal).catch(() => {
      /* the end */
    });
  }

  /** Until somebody may need it. */
  async #idle(signal: AbortSignal): Promise<void> {
    this.#failure = undefined;
    const woken = AbortSignal.any([signal, this.#wake.signal]);
    if (!woken.aborted)
      await new Promise<void>((resolve) => {
        woken.addEventListener(
          'abort',
          () => {
            resolve();
          },
          { once: true },
        );
      });
    this.#wake = new AbortController();
  }
}
