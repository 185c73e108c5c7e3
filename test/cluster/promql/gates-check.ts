import assert from 'node:assert/strict';
import type { World } from '../../scenarios/world.ts';
import { countsOf } from './gate-counts.ts';
import { ensurePromql } from './program.ts';
import { rising, scrapes, type WrittenSeries } from './series.ts';

type Labels = Readonly<Record<string, string>>;

/** A counter of a proxy. */
function counter(labels: Labels, by: number): WrittenSeries {
  return rising({ response_flags: '-', grpc_response_status: '', pod: 'front-1', ...labels }, by);
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
  counter({ ...called, response_code: '200' }, 15),
  counter({ ...called, response_code: '200', pod: 'front-2' }, 15),
  counter({ ...called, response_code: '503' }, 3),
  counter({ ...called, response_code: '0', response_flags: 'UF' }, 1),
  counter({ ...called, response_code: '0', response_flags: 'DC' }, 2),
  counter({ ...called, response_code: '200', grpc_response_status: '14' }, 4),
  counter({ ...called, response_code: '200', grpc_response_status: '5' }, 4),
  counter({ ...called, response_code: '200', source_workload_namespace: 'shop', namespace: 'shop' }, 50),
  ...['web', 'made-up', 'made-up-too'].map((by) =>
    counter({ ...called, response_code: '503', source_workload_namespace: by, namespace: 'mallory' }, 900),
  ),
  counter({ ...called, response_code: '503', source_workload_namespace: 'mallory', namespace: 'mallory' }, 5),
  counter({ ...called, response_code: '200', source_workload_namespace: 'edge', namespace: 'istio-system' }, 6),
  counter({ ...unplaced, response_code: '200', source_workload_namespace: 'nowhere' }, 2),
  counter({ ...called, response_code: '503', destination_service_namespace: 'other' }, 7),
  counter({ ...seen, source_workload_namespace: 'web' }, 15),
  counter({ ...seen, source_workload_namespace: 'unknown' }, 15),
  counter({ ...seen, source_workload_namespace: 'made-up', namespace: 'mallory' }, 15),
  counter({ ...seen, source_workload_namespace: 'shop' }, 15),
  counter(
    { ...seen, reporter: 'waypoint', destination_service_namespace: 'shop', source_workload_namespace: 'edge' },
    5,
  ),
  counter({ ...connection, __name__: 'istio_tcp_connections_opened_total', source_workload_namespace: 'cron' }, 20),
  counter({ ...connection, __name__: 'istio_tcp_connections_closed_total' }, 17),
  counter({ ...connection, __name__: 'istio_tcp_connections_closed_total', response_flags: 'CONNECT' }, 2),
  counter({ ...connection, __name__: 'istio_tcp_connections_closed_total', response_flags: 'DENY' }, 1),
];

/** The queries of gates on series as Istio writes them, with the engine that Prometheus has. */
export async function promqlGates(world: World): Promise<void> {
  assert.deepEqual(await countsOf(await ensurePromql(), series, 'ErrorRate', {}, world.signal), {
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
