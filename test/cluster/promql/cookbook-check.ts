import assert from 'node:assert/strict';
import { readAnswer } from '../../../src/prometheus/answer.ts';
import { meshMigrations } from '../../../src/api/resources.ts';
import { meshMigration } from '../../scenarios/manifests.ts';
import type { World } from '../../scenarios/world.ts';
import { filledIn, recipes } from '../../support/gates-guide.ts';
import { runCommand } from '../command.ts';
import { ensurePromql } from './program.ts';
import { now, pieceSeconds, rising, scrapes, type WrittenSeries } from './series.ts';

/** A counter, of the namespace unless other labels are given. */
function counter(name: string, by: number, labels: WrittenSeries['labels'] = { namespace: 'shop' }): WrittenSeries {
  return rising({ __name__: name, ...labels }, by);
}

const [own, other] = [{ namespace: 'shop' }, { namespace: 'other' }];

interface Case {
  readonly series: readonly WrittenSeries[];
  /** Of each scrape. */
  readonly bad: number;
  readonly total: number;
}

/** What there is for each recipe with queries of its own, with more besides that is not meant. */
const cases: Readonly<Record<string, Case>> = {
  slow: {
    series: [
      counter('http_server_request_duration_seconds_count', 20),
      counter('http_server_request_duration_seconds_bucket', 17, { ...own, le: '1.0' }),
      counter('http_server_request_duration_seconds_bucket', 19, { ...own, le: '2.0' }),
      counter('http_server_request_duration_seconds_count', 90, other),
      counter('http_server_request_duration_seconds_bucket', 10, { ...other, le: '1.0' }),
    ],
    bad: 3,
    total: 20,
  },
  grpc: {
    series: [
      counter('grpc_server_handled_total', 40, { ...own, grpc_code: 'OK' }),
      counter('grpc_server_handled_total', 2, { ...own, grpc_code: 'Unavailable' }),
      counter('grpc_server_handled_total', 3, { ...own, grpc_code: 'NotFound' }),
      counter('grpc_server_handled_total', 9, { ...other, grpc_code: 'Internal' }),
    ],
    bad: 2,
    total: 45,
  },
  orders: {
    series: [
      counter('orders_failed_total', 1),
      counter('orders_placed_total', 24),
      counter('orders_failed_total', 7, other),
    ],
    bad: 1,
    total: 25,
  },
  messages: {
    series: [counter('consumer_messages_total', 12), counter('consumer_messages_total', 5, other)],
    bad: 0,
    total: 12,
  },
};

/** What the engine answers to queries of the page about these series, of each scrape. */
async function counted(
  program: string,
  series: readonly WrittenSeries[],
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly number[])[]> {
  const queries = texts.map((text) => ({ expression: filledIn(text, 'shop', pieceSeconds), at: now }));
  const printed = await runCommand(program, [], { input: JSON.stringify({ series, queries }), signal });
  return (JSON.parse(printed) as readonly unknown[]).map((answer) =>
    readAnswer(JSON.stringify(answer)).map(({ value }) => Math.round(value / scrapes)),
  );
}

/** Where a histogram has no such bound nobody knows how many were slow: there must be no total either. */
async function boundsMatter(program: string, signal: AbortSignal): Promise<void> {
  const { series = [] } = cases['slow'] ?? {};
  const without = series.filter(({ labels }) => labels['le'] === undefined);
  const total = recipes().find(({ name }) => name === 'slow')?.prometheus?.total ?? '';
  assert.deepEqual(await counted(program, without, [total], signal), [[]], 'slow has a total without its bound');
}

/** The recipes of docs/guides/gates.md, asked of the engine that Prometheus has and admitted by a real API server. */
export async function promqlCookbook(world: World): Promise<void> {
  const program = await ensurePromql();
  const asked = recipes().flatMap(({ name, prometheus: { query, total } = {} }) =>
    query === undefined || total === undefined ? [] : [{ name, query, total }],
  );
  assert.deepEqual(asked.map(({ name }) => name).sort(), Object.keys(cases).sort());
  for (const { name, query, total } of asked) {
    const known = cases[name] ?? { series: [], bad: 0, total: 0 };
    const found = await counted(program, known.series, [query, total], world.signal);
    assert.deepEqual(found, [[known.bad], [known.total]], `${name} does not count what it says`);
  }
  await boundsMatter(program, world.signal);
  const migration = meshMigration(world.name, { names: [world.ns()] }, { action: 'Plan' });
  const spec = { ...(migration['spec'] as object), gates: recipes() };
  await world.client.create(meshMigrations, { ...migration, spec }, world.signal);
  await world.client.delete(meshMigrations, undefined, world.name, { signal: world.signal });
}
