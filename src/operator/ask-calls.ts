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

/**
 * What was seen in a slice, in parts that each fit into one answer. An answer that is too large is asked for again by
 * fewer namespaces, so that one which has more than one answer may hold costs nobody else anything; that one is asked
 * about without what its callers say of themselves. What was scraped where all are spoken for is asked for by whom it
 * speaks for. Throws a `PrometheusError`, or the reason of `signal`.
 */
export async function* askCalls(asking: Asking, { from, to }: Slice, signal: AbortSignal): AsyncGenerator<Part> {
  const { client, telemetry, rootNamespace } = asking;
  const seconds = Math.ceil((to - from) / 1000);

  /** What an answer says, or that it is too large. */
  async function ask(
    index: number,
    among?: Among,
    coarse = false,
  ): Promise<readonly Sighting[] | PrometheusTooLargeError> {
    try {
      const samples = await client.query(telemetry.queries(seconds, among, coarse)[index] ?? '', to, signal);
      return telemetry.sightings(
        samples.map(({ labels }) => labels),
        rootNamespace,
      );
    } catch (error) {
      if (error instanceof PrometheusTooLargeError) return error;
      throw error;
    }
  }

  /** By fewer and fewer names; `alone` says what becomes of one whose answer is still too large. */
  async function* split(
    index: number,
    names: readonly string[],
    partOf: (names: readonly string[]) => Among,
    alone: (name: string, error: PrometheusTooLargeError) => AsyncIterable<Part>,
  ): AsyncGenerator<Part> {
    const open = chunks(names);
    for (let among = open.pop(); among !== undefined; among = open.pop()) {
      const half = Math.ceil(among.length / 2);
      const fine = await ask(index, partOf(among));
      const answer =
        fine instanceof PrometheusTooLargeError && half === among.length ? await ask(index, partOf(among), true) : fine;
      if (!(answer instanceof PrometheusTooLargeError)) yield { sightings: answer };
      else if (half < among.length) open.push(among.slice(0, half), among.slice(half));
      else yield* alone(among[0] ?? '', answer);
    }
  }

  /** What one side reports, by whom it speaks for. */
  async function* bySide(
    index: number,
    side: Side,
    scraped: readonly string[],
    tooLarge: PrometheusTooLargeError,
  ): AsyncGenerator<Part> {
    const found = await client.query(telemetry.spokenFor.query(seconds, index, { scraped, side }), to, signal);
    const names = telemetry.spokenFor.read(
      found.map(({ labels }) => labels),
      side,
    );
    if (names.length > mostNames) throw tooLarge;
    yield* split(
      index,
      names,
      (speaksFor) => ({ scraped, side, speaksFor }),
      async function* (name, error) {
        // Nobody knows who told too much.
        if (name === '') throw error;
        yield await Promise.resolve({ sightings: [], tooMuch: [name] });
      },
    );
  }

  async function* byNamespace(index: number): AsyncGenerator<Part> {
    const found = await client.query(telemetry.namespaces.query(seconds), to, signal);
    yield* split(
      index,
      telemetry.namespaces.read(found.map(({ labels }) => labels)),
      (scraped) => ({ scraped }),
      async function* (name, error) {
        if (name !== rootNamespace && name !== '') yield { sightings: [], tooMuch: [name] };
        // It tells of everybody.
        else for (const side of telemetry.sides[index] ?? []) yield* bySide(index, side, [name], error);
      },
    );
  }

  for (const index of telemetry.queries(seconds).keys()) {
    const answer = await ask(index);
    if (answer instanceof PrometheusTooLargeError) yield* byNamespace(index);
    else yield { sightings: answer };
  }
}
