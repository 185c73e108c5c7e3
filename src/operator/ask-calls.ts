import type { Among, Side, Sighting, Telemetry } from '../mesh/telemetry.ts';
import type { PrometheusClient } from '../prometheus/client.ts';
import { PrometheusTooLargeError } from '../prometheus/errors.ts';
import type { Part, Slice } from './call-history.ts';

/** Whom to ask, and how. */
export interface Asking {
  readonly client: PrometheusClient;
  readonly telemetry: Telemetry;
  /** The mesh's own namespace, which speaks for all. */
  readonly rootNamespace: string;
}

/** So many namespaces fit into one address, which proxies limit to 8 kB. */
const namespacesAtOnce = 30;

function chunks(names: readonly string[]): (readonly string[])[] {
  return Array.from({ length: Math.ceil(names.length / namespacesAtOnce) }, (_each, n) =>
    names.slice(n * namespacesAtOnce, (n + 1) * namespacesAtOnce),
  );
}

/** Namespaces that one asks for by name: where Prometheus does not say where it scraped, anybody makes up names. */
const mostNames = 3000;

/** What is asked about one slice of time. */
interface Inquiry extends Asking {
  /** How long the slice is, in seconds. */
  readonly seconds: number;
  /** When it ends, in milliseconds. */
  readonly to: number;
  readonly signal: AbortSignal;
}

/** One query of the telemetry, asked about fewer and fewer. */
interface Division {
  /** Which of the queries. */
  readonly index: number;
  /** What some of the names are to the query. */
  readonly partOf: (names: readonly string[]) => Among;
  /** What becomes of one whose answer is still too large. */
  readonly alone: (name: string, error: PrometheusTooLargeError) => AsyncIterable<Part>;
}

/** What an answer says, or that it is too large. */
async function ask(
  { client, telemetry, rootNamespace, seconds, to, signal }: Inquiry,
  index: number,
  among?: Among,
  coarse = false,
): Promise<readonly Sighting[] | PrometheusTooLargeError> {
  try {
    const samples = await client.query(telemetry.queries(seconds, among, coarse)[index] ?? '', to, signal);
    const labels = samples.map((sample) => sample.labels);
    return telemetry.sightings(labels, rootNamespace);
  } catch (error) {
    if (error instanceof PrometheusTooLargeError) return error;
    throw error;
  }
}

/** By fewer and fewer names. */
async function* split(
  inquiry: Inquiry,
  names: readonly string[],
  { index, partOf, alone }: Division,
): AsyncGenerator<Part> {
  const open = chunks(names);
  for (let among = open.pop(); among !== undefined; among = open.pop()) {
    const half = Math.ceil(among.length / 2);
    const fine = await ask(inquiry, index, partOf(among));
    const isLast = half === among.length;
    const answer =
      fine instanceof PrometheusTooLargeError && isLast ? await ask(inquiry, index, partOf(among), true) : fine;
    if (!(answer instanceof PrometheusTooLargeError)) yield { sightings: answer };
    else if (!isLast) open.push(among.slice(0, half), among.slice(half));
    else yield* alone(among[0] ?? '', answer);
  }
}

/** What one side reports, by whom it speaks for. */
async function* bySide(
  inquiry: Inquiry,
  index: number,
  { side, scraped, tooLarge }: { side: Side; scraped: readonly string[]; tooLarge: PrometheusTooLargeError },
): AsyncGenerator<Part> {
  const { client, telemetry, seconds, to, signal } = inquiry;
  const found = await client.query(telemetry.spokenFor.query(seconds, index, { scraped, side }), to, signal);
  const labels = found.map((sample) => sample.labels);
  const names = telemetry.spokenFor.read(labels, side);
  if (names.length > mostNames) throw tooLarge;
  yield* split(inquiry, names, {
    index,
    partOf: (speaksFor) => ({ scraped, side, speaksFor }),
    async *alone(name, error) {
      // Nobody knows who told too much.
      if (name === '') throw error;
      yield await Promise.resolve({ sightings: [], tooMuch: [name] });
    },
  });
}

/** What each namespace has scraped, those alone that speak for all by whom they speak for. */
async function* byNamespace(inquiry: Inquiry, index: number): AsyncGenerator<Part> {
  const { client, telemetry, rootNamespace, seconds, to, signal } = inquiry;
  const found = await client.query(telemetry.namespaces.query(seconds), to, signal);
  const labels = found.map((sample) => sample.labels);
  yield* split(inquiry, telemetry.namespaces.read(labels), {
    index,
    partOf: (scraped) => ({ scraped }),
    async *alone(name, tooLarge) {
      if (name !== rootNamespace && name !== '') {
        yield { sightings: [], tooMuch: [name] };
        return;
      }
      // It tells of everybody.
      for (const side of telemetry.sides[index] ?? []) {
        yield* bySide(inquiry, index, { side, scraped: [name], tooLarge });
      }
    },
  });
}

/**
 * What was seen in a slice, in parts that each fit into one answer. An answer that is too large is asked for again by
 * fewer namespaces, so that one which has more than one answer may hold costs nobody else anything; that one is asked
 * about without what its callers say of themselves. What was scraped where all are spoken for is asked for by whom it
 * speaks for. Throws a `PrometheusError`, or the reason of `signal`.
 */
export async function* askCalls(asking: Asking, { from, to }: Slice, signal: AbortSignal): AsyncGenerator<Part> {
  const inquiry: Inquiry = { ...asking, seconds: Math.ceil((to - from) / 1000), to, signal };
  for (const index of asking.telemetry.queries(inquiry.seconds).keys()) {
    const answer = await ask(inquiry, index);
    if (answer instanceof PrometheusTooLargeError) yield* byNamespace(inquiry, index);
    else yield { sightings: answer };
  }
}
