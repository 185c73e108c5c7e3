import assert from 'node:assert/strict';
import { gateTelemetry } from '../../../src/mesh/istio/telemetry/gate-queries.ts';
import { readAnswer } from '../../../src/prometheus/answer.ts';
import type { World } from '../../scenarios/world.ts';
import { runCommand } from '../command.ts';
import { ensurePromql } from './program.ts';
import { now, type WrittenSeries } from './series.ts';

const scrapeMs = 15_000;
/** Scrapes in a piece of time of two minutes. */
const scrapes = 8;

type Labels = Readonly<Record<string, string>>;

/** A counter that rises by so much from one scrape to the next. */
function rising(labels: Labels, by: number): WrittenSeries {
  const samples = Array.from(
    { length: 5 * scrapes + 1 },
    (_each, n) => [now - (5 * scrapes - n) * scrapeMs, 100 + n * by] as const,
  );
  return { labels: { response_flags: '-', grpc_response_status: '', pod: 'front-1', ...labels }, samples };
}

const unplaced = {
  __name__: 'istio_requests_total',
  reporter: 'source',
  destination_service_namespace: 'shop',
  source_workload_namespace: 'web',
};
const called = { ...unplaced, namespace: 'web' };
const served = { reporter: 'destination', destination_workload_namespace: 'shop' };
const connection = { ...served, namespace: 'istio-system' };
const seen = { ...served, __name__: 'istio_requests_total', namespace: 'shop' };

const series: readonly WrittenSeries[] = [
  rising({ ...called, response_code: '200' }, 15),
  rising({ ...called, response_code: '200', pod: 'front-2' }, 15),
  rising({ ...called, response_code: '503' }, 3),
  rising({ ...called, response_code: '0', response_flags: 'UF' }, 1),
  rising({ ...called, response_code: '0', response_flags: 'DC' }, 2),
  rising({ ...called, response_code: '200', grpc_response_status: '14' }, 4),
  rising({ ...called, response_code: '200', grpc_response_status: '5' }, 4),
  rising({ ...called, response_code: '200', source_workload_namespace: 'shop', namespace: 'shop' }, 50),
  ...['web', 'made-up', 'made-up-too'].map((by) =>
    rising({ ...called, response_code: '503', source_workload_namespace: by, namespace: 'mallory' }, 900),
  ),
  rising({ ...called, response_code: '503', source_workload_namespace: 'mallory', namespace: 'mallory' }, 5),
  rising({ ...called, response_code: '200', source_workload_namespace: 'edge', namespace: 'istio-system' }, 6),
  rising({ ...unplaced, response_code: '200', source_workload_namespace: 'nowhere' }, 2),
  rising({ ...called, response_code: '503', destination_service_namespace: 'other' }, 7),
  rising({ ...seen, source_workload_namespace: 'web' }, 15),
  rising({ ...seen, source_workload_namespace: 'unknown' }, 15),
  rising({ ...seen, source_workload_namespace: 'made-up', namespace: 'mallory' }, 15),
  rising({ ...seen, source_workload_namespace: 'shop' }, 15),
  rising(
    { ...seen, reporter: 'waypoint', destination_service_namespace: 'shop', source_workload_namespace: 'edge' },
    5,
  ),
  rising({ ...connection, __name__: 'istio_tcp_connections_opened_total', source_workload_namespace: 'cron' }, 20),
  rising({ ...connection, __name__: 'istio_tcp_connections_closed_total' }, 17),
  rising({ ...connection, __name__: 'istio_tcp_connections_closed_total', response_flags: 'CONNECT' }, 2),
  rising({ ...connection, __name__: 'istio_tcp_connections_closed_total', response_flags: 'DENY' }, 1),
];

/** What the engine of Prometheus makes of what gates ask for, in one piece of time. */
export async function gateCounts(program: string, signal: AbortSignal): Promise<unknown> {
  const asked = {
    namespaces: ['shop'],
    seconds: (scrapes * scrapeMs) / 1000,
    root: 'istio-system',
    to: 'IstioAmbient',
    itinerary: 'L4',
  } as const;
  const questions = gateTelemetry.questions('ErrorRate', asked);
  const asks = questions.flatMap((question) => [
    { name: `${question.observer} total`, expression: question.total, read: question.read },
    { name: `${question.observer} bad`, expression: question.bad, read: question.read },
    ...(question.seen === undefined ? [] : [{ name: `${question.observer} seen`, ...question.seen }]),
  ]);
  const queries = asks.map(({ expression }) => ({ expression, at: now }));
  const printed = await runCommand(program, [], { input: JSON.stringify({ series, queries }), signal });
  const answers = JSON.parse(printed) as readonly unknown[];
  return Object.fromEntries(
    asks.map(({ name, read }, at) => {
      const answer = readAnswer(JSON.stringify(answers[at]));
      const counts = answer.flatMap(({ labels, value }) => {
        const told = read(labels);
        return told === undefined ? [] : [`${told.namespace} ${told.by} ${Math.round(value)}`];
      });
      // Of what nobody may say there is nothing in the answer, or it could be made too large.
      return [name, { counts: counts.sort(), others: answer.length - counts.length }];
    }),
  );
}

/** The queries of gates on series as Istio writes them, with the engine that Prometheus has. */
export async function promqlGates(world: World): Promise<void> {
  assert.deepEqual(await gateCounts(await ensurePromql(), world.signal), {
    'Callers total': {
      counts: [
        `shop edge ${6 * scrapes}`,
        `shop mallory ${5 * scrapes}`,
        `shop nowhere ${2 * scrapes}`,
        `shop web ${44 * scrapes}`,
      ],
      // Its own pods, which are left out.
      others: 1,
    },
    'Callers bad': { counts: [`shop mallory ${5 * scrapes}`, `shop web ${8 * scrapes}`], others: 0 },
    'Callers seen': {
      counts: [`shop cron ${20 * scrapes}`, `shop edge ${5 * scrapes}`, `shop web ${15 * scrapes}`],
      others: 2,
    },
    'Own total': { counts: [`shop shop ${20 * scrapes}`], others: 0 },
    'Own bad': { counts: [`shop shop ${2 * scrapes}`], others: 0 },
  });
}
