import type { Sighting, Telemetry } from '../mesh/telemetry.ts';
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
  return Array.from({ length: Math.ceil(names.length / namespacesAtOnce) }, (_each, n) => names.slice(n * namespacesAtOnce, (n + 1) * namespacesAtOnce));
}

/**
 * What was seen in a slice, in parts that each fit into one answer. An answer that is too large is asked for again by fewer namespaces, so that one
 * which has more than one answer may hold costs nobody else anything; that one is asked about without what its callers say of themselves. Throws a `PrometheusError`, or the reason of `signal`.
 */
export async function* askCalls(asking: Asking, { from, to }: Slice, signal: AbortSignal): AsyncGenerator<Part> {
  const { client, telemetry, rootNamespace } = asking;
  const seconds = Math.ceil((to - from) / 1000);

  /** What an answer says, or that it is too large. */
  async function ask(index: number, among?: readonly string[], coarse = false): Promise<readonly Sighting[] | PrometheusTooLargeError> {
    try {
      const samples = await client.query(telemetry.queries(seconds, among, coarse)[index] ?? '', to, signal);
      return telemetry.sightings(samples.map(({ labels }) => labels), rootNamespace);
    } catch (error) {
      if (error instanceof PrometheusTooLargeError) return error;
      throw error;
    }
  }

  async function* byNamespace(index: number): AsyncGenerator<Part> {
    const found = await client.query(telemetry.namespaces.query(seconds), to, signal);
    const open = chunks(telemetry.namespaces.read(found.map(({ labels }) => labels)));
    for (let among = open.pop(); among !== undefined; among = open.pop()) {
      const half = Math.ceil(among.length / 2);
      const fine = await ask(index, among);
      const answer = fine instanceof PrometheusTooLargeError && half === among.length ? await ask(index, among, true) : fine;
      if (!(answer instanceof PrometheusTooLargeError)) yield { sightings: answer };
      else if (half < among.length) open.push(among.slice(0, half), among.slice(half));
      // It told of everybody, or nobody knows who told.
      else if (among.some((name) => name === rootNamespace || name === '')) throw answer;
      else yield { sightings: [], tooMuch: among };
    }
  }

  for (const index of telemetry.queries(seconds).keys()) {
    const answer = await ask(index);
    if (answer instanceof PrometheusTooLargeError) yield* byNamespace(index);
    else yield { sightings: answer };
  }
}
