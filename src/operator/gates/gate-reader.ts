import { sleep, type Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Reading } from '../../gates/judge.ts';
import { PrometheusQueryError, PrometheusTooLargeError } from '../../prometheus/errors.ts';
import { isCounting } from '../../api/gates.ts';
import { askAlerts } from './ask-alerts.ts';
import { askGate, type AskedServer } from './ask-gate.ts';
import { sameTime } from './clocks.ts';
import { inPlaces, LanePlaces } from './in-places.ts';
import { inQuestions, inquiryOf, laneOf, type Asked } from './inquiries.ts';
import { Known } from './known.ts';
import { isDue, isSameAlerts, keptOf, lastPiece, renewed, type Read } from './reads.ts';
import { isSameWant, type Want } from './want.ts';

/** How often it is looked whether there is a new piece of time, give or take a tenth. */
const intervalMs = 30_000;

/** After this without a look at it, nobody wants it any more; each is looked at every ten minutes at least. */
const forgottenMs = 15 * 60_000;

interface Wanted {
  readonly want: Want;
  /** By the monotonic clock. */
  readonly lookedAt: number;
  /** By the name of the gate. */
  readonly reads: ReadonlyMap<string, Read>;
}

/** How the operator reads what gates ask for. */
export interface GateReaderOptions extends AskedServer {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Reads what gates ask for of the namespaces that are looked at, and says when there is news. Nothing is asked while no
 * gate is looked at, nothing is written, and all that it keeps can be read again.
 */
export class GateReader {
  readonly #options: GateReaderOptions;
  readonly #wanted = new Map<string, Wanted>();
  /** By inquiry. */
  readonly #known = new Map<string, Known>();
  /** Why the last answer was none, by inquiry. */
  readonly #said = new Map<string, string>();
  readonly #handlers: ((key: string) => void)[] = [];
  readonly #places: LanePlaces;
  /** What is being asked, by lane. */
  readonly #busy = new Map<string, Promise<void>>();
  /** Lanes in which somebody came while they were busy. */
  readonly #again = new Set<string>();
  #hasNew = false;
  #wake = new AbortController();

  constructor(options: GateReaderOptions) {
    this.#options = options;
    this.#places = new LanePlaces(options.clock);
  }

  /** Calls back with the keys of which something else is known now. */
  onChange(handler: (key: string) => void): void {
    this.#handlers.push(handler);
  }

  /** What is known by now, by the name of each gate; what has not been read yet is absent. To ask is to want it. */
  readings(want: Want): ReadonlyMap<string, Reading> {
    const lookedAt = this.#options.clock.monotonic();
    const known = this.#wanted.get(want.key);
    const isSame = known !== undefined && isSameWant(known.want, want);
    const reads = isSame ? known.reads : new Map<string, Read>();
    this.#wanted.set(want.key, { want, lookedAt, reads });
    if (!isSame) {
      this.#hasNew = true;
      this.#wake.abort();
    }
    const now = { wall: this.#options.clock.now(), monotonic: lookedAt };
    const gates = new Map(want.gates.map((gate) => [gate.name, gate]));
    return new Map(
      [...reads].flatMap(([name, read]) => {
        const gate = gates.get(name);
        return gate === undefined ? [] : [[name, renewed(read, gate, want, now)]];
      }),
    );
  }

  /** Asks until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      this.#forget();
      this.#round(signal);
      const woken = AbortSignal.any([signal, this.#wake.signal]);
      const ms = this.#wanted.size === 0 ? undefined : intervalMs * (0.9 + 0.2 * random());
      await (ms === undefined ? aborted(woken) : sleep(clock, ms, woken).catch(() => undefined));
    }
    await Promise.all(this.#busy.values());
  }

  #forget(): void {
    const oldest = this.#options.clock.monotonic() - forgottenMs;
    for (const [key, { lookedAt }] of this.#wanted) if (lookedAt < oldest) this.#wanted.delete(key);
    const asked = Map.groupBy(this.#asked(), inquiryOf);
    for (const [key, known] of this.#known) {
      const wants = asked.get(key)?.map(({ want }) => want) ?? [];
      if (wants.length === 0) this.#known.delete(key);
      else known.keep(wants);
    }
    for (const key of this.#said.keys()) if (!asked.has(key)) this.#said.delete(key);
    this.#places.keep(new Set(this.#asked().map(laneOf)));
  }

  #asked(): readonly Asked[] {
    return [...this.#wanted.values()].flatMap(({ want }) => want.gates.map((gate) => ({ gate, want })));
  }

  /**
   * Begins to ask in each lane in which nobody asks. Nobody waits for a lane: a query that never ends is that of those
   * who have it.
   */
  #round(signal: AbortSignal): void {
    const hasNew = this.#hasNew;
    this.#hasNew = false;
    for (const [lane, all] of Map.groupBy(this.#asked(), laneOf)) {
      if (this.#busy.has(lane)) {
        if (hasNew) this.#again.add(lane);
        continue;
      }
      this.#busy.set(
        lane,
        this.#along(all, signal).finally(() => {
          this.#busy.delete(lane);
          if (this.#again.delete(lane)) this.#wake.abort();
        }),
      );
    }
  }

  async #along(all: readonly Asked[], signal: AbortSignal): Promise<void> {
    for (const [inquiry, those] of Map.groupBy(all, inquiryOf)) {
      const now = this.#options.clock.now();
      for (const some of inQuestions(those.filter((each) => this.#isDue(each, now)))) {
        if (signal.aborted) return;
        await this.#ask(inquiry, some, now, signal);
      }
    }
  }

  #isDue({ gate, want }: Asked, now: number): boolean {
    const monotonic = this.#options.clock.monotonic();
    return isDue(this.#wanted.get(want.key)?.reads.get(gate.name), gate, want, { wall: now, monotonic });
  }

  async #ask(inquiry: string, all: readonly Asked[], now: number, signal: AbortSignal): Promise<void> {
    const [first] = all;
    if (first === undefined) return;
    const known = this.#known.get(inquiry) ?? new Known();
    this.#known.set(inquiry, known);
    const wants = [...new Map(all.map(({ want }) => [want.key, want])).values()];
    try {
      const readings = await this.#readingsOf(first, wants, known, now, signal);
      sameTime(this.#options.client.apartMs);
      this.#said.delete(inquiry);
      for (const each of all) this.#note(each, readings.get(each.want.key), '', now);
    } catch (error) {
      if (signal.aborted) return;
      // Series are anybody's to make up: whom they are about has too much of them by himself, and nobody else has.
      // What alerts there are is no less for fewer of them.
      if (isTooMuch(error) && wants.length > 1 && isCounting(first.gate)) {
        const half = new Set(wants.slice(wants.length / 2).map(({ key }) => key));
        await this.#ask(
          inquiry,
          all.filter(({ want }) => half.has(want.key)),
          now,
          signal,
        );
        await this.#ask(
          inquiry,
          all.filter(({ want }) => !half.has(want.key)),
          now,
          signal,
        );
        return;
      }
      this.#failed(inquiry, all, (error as Error).message, now);
    }
  }

  async #readingsOf(
    asked: Asked,
    wants: readonly Want[],
    known: Known,
    now: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Reading>> {
    const { client, rootNamespace } = this.#options;
    const [{ gate }, lane] = [asked, laneOf(asked)];
    const server = { rootNamespace, client: inPlaces(client, this.#places, lane) };
    return isCounting(gate)
      ? await askGate(server, { gate, wants }, known, now, signal)
      : await askAlerts(server, gate, wants, known, signal);
  }

  #failed(inquiry: string, all: readonly Asked[], why: string, now: number): void {
    const { log, client } = this.#options;
    if (this.#said.get(inquiry) !== why)
      log.warn({ server: client.server, why }, 'Prometheus could not be asked for a gate; trying again');
    this.#said.set(inquiry, why);
    for (const each of all) this.#note(each, undefined, why, now);
  }

  /** What was read before is kept for a while: one answer that is missing is no news, but it shows nothing new. */
  #note({ gate, want }: Asked, given: Reading | undefined, why: string, now: number): void {
    const wanted = this.#wanted.get(want.key);
    if (wanted === undefined || !isSameWant(wanted.want, want)) return;
    const monotonic = this.#options.clock.monotonic();
    const known = wanted.reads.get(gate.name);
    const kept = keptOf(known, gate, monotonic);
    const old: Reading = kept === undefined ? { kind: 'Unreachable', why } : { ...kept.reading, unanswered: why };
    const read: Read = {
      reading: given ?? old,
      at: given === undefined && kept !== undefined ? kept.at : monotonic,
      until: lastPiece(gate, want, now),
    };
    this.#wanted.set(want.key, { ...wanted, reads: new Map([...wanted.reads, [gate.name, read]]) });
    if (isSameAlerts(known?.reading, read.reading)) return;
    for (const handler of this.#handlers) handler(want.key);
  }
}

/** Prometheus too reads no more than it has room for (--query.max-samples; ErrTooManySamples in promql/engine.go). */
function isTooMuch(error: unknown): boolean {
  if (error instanceof PrometheusTooLargeError) return true;
  return error instanceof PrometheusQueryError && error.message.includes('too many samples');
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
