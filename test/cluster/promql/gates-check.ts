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

const called = {
  __name__: 'istio_requests_total',
  reporter: 'source',
  destination_service_namespace: 'shop',
  source_workload_namespace: 'web',
  namespace: 'web',
};
const connection = { reporter: 'destination', destination_workload_namespace: 'shop', namespace: 'istio-system' };

const series: readonly WrittenSeries[] = [
  rising({ ...called, response_code: '200' }, 15),
  rising({ ...called, response_code: '200', pod: 'front-2' }, 15),
  rising({ ...called, response_code: '503' }, 3),
  rising({ ...called, response_code: '0', response_flags: 'UF' }, 1),
  rising({ ...called, response_code: '0', response_flags: 'DC' }, 2),
  rising({ ...called, response_code: '200', grpc_response_status: '14' }, 4),
  rising({ ...called, response_code: '200', grpc_response_status: '5' }, 4),
  rising({ ...called, response_code: '200', source_workload_namespace: 'shop', namespace: 'shop' }, 50),
  rising({ ...called, response_code: '503', namespace: 'mallory' }, 900),
  rising({ ...called, response_code: '503', destination_service_namespace: 'other' }, 7),
  rising({ ...connection, __name__: 'istio_tcp_connections_opened_total' }, 20),
  rising({ ...connection, __name__: 'istio_tcp_connections_closed_total' }, 17),
  rising({ ...connection, __name__: 'istio_tcp_connections_closed_total', response_flags: 'CONNECT' }, 2),
  rising({ ...connection, __name__: 'istio_tcp_connections_closed_total', response_flags: 'DENY' }, 1),
];

/** What the engine of Prometheus makes of what gates ask for, in one piece of time. */
export async function gateCounts(program: string, signal: AbortSignal): Promise<unknown> {
  const asked = {
    namespaces: ['shop'],
    seconds: (scrapes * scrapeMs) / 1000,
    to: 'IstioAmbient',
    itinerary: 'L4',
  } as const;
  const questions = gateTelemetry.questions('ErrorRate', asked);
  const queries = questions.flatMap(({ total, bad }) => [total, bad]).map((expression) => ({ expression, at: now }));
  const printed = await runCommand(program, [], { input: JSON.stringify({ series, queries }), signal });
  const answers = JSON.parse(printed) as readonly unknown[];
  return Object.fromEntries(
    questions.map(({ observer, read }, at) => {
      const counts = [answers[2 * at], answers[2 * at + 1]].map((answer) =>
        readAnswer(JSON.stringify(answer)).flatMap(({ labels, value }) => {
          const told = read(labels, 'istio-system');
          return told === undefined ? [] : [[told.namespace, told.by, Math.round(value)]];
        }),
      );
      return [observer, counts];
    }),
  );
}

/** The queries of gates on series as Istio writes them, with the engine that Prometheus has. */
export async function promqlGates(world: World): Promise<void> {
  assert.deepEqual(await gateCounts(await ensurePromql(), world.signal), {
    Callers: [[['shop', 'web', 44 * scrapes]], [['shop', 'web', 8 * scrapes]]],
    Own: [[['shop', 'shop', 20 * scrapes]], [['shop', 'shop', 2 * scrapes]]],
  });
}
