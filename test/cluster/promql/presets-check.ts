import assert from 'node:assert/strict';
import { Gate } from '../../../src/api/gates.ts';
import { alertsBefore, originsOf } from '../../../src/operator/gates/ask-alerts.ts';
import { keptQuestion } from '../../../src/operator/gates/reach.ts';
import { readAnswer } from '../../../src/prometheus/answer.ts';
import type { World } from '../../scenarios/world.ts';
import { runCommand } from '../command.ts';
import { countsOf } from './gate-counts.ts';
import { ensurePromql } from './program.ts';
import { now, rising, scrapes, type WrittenSeries } from './series.ts';

type Labels = Readonly<Record<string, string>>;

const requests = { __name__: 'istio_requests_total', response_flags: '-', grpc_response_status: '' };

/** A counter of requests, as a caller's proxy writes it, scraped where that is. */
function called(by: string, code: string, rise: number, more: Labels = {}): WrittenSeries {
  const labels = { reporter: 'source', destination_service_namespace: 'shop', source_workload_namespace: by };
  return rising({ ...requests, ...labels, response_code: code, namespace: by, ...more }, rise);
}

/** The same, as the proxy of the called writes it, in its own namespace. */
function served(by: string, code: string, rise: number, more: Labels = {}): WrittenSeries {
  const labels = { reporter: 'destination', destination_workload_namespace: 'shop', source_workload_namespace: by };
  return rising({ ...requests, ...labels, response_code: code, namespace: 'shop', ...more }, rise);
}

/** A counter of connections, of ztunnel unless it is scraped elsewhere. */
function tcp(what: string, by: string, rise: number, more: Labels = {}): WrittenSeries {
  return rising(
    {
      __name__: `istio_tcp_${what}_total`,
      reporter: 'destination',
      destination_workload_namespace: 'shop',
      source_workload_namespace: by,
      request_protocol: 'tcp',
      response_flags: '-',
      namespace: 'istio-system',
      ...more,
    },
    rise,
  );
}

const denied = { response_flags: 'DENY' };

function identity(namespace: string, account: string): Labels {
  return { source_principal: `spiffe://cluster.local/ns/${namespace}/sa/${account}` };
}

const refusalSeries: readonly WrittenSeries[] = [
  called('web', '200', 10),
  called('web', '403', 2),
  called('web', '401', 1),
  called('web', '503', 5),
  called('web', '200', 4, { grpc_response_status: '7' }),
  called('web', '200', 6, { grpc_response_status: '14' }),
  called('mallory', '403', 900, { source_workload_namespace: 'web' }),
  called('shop', '403', 50),
  // All of it refused; some of it, which is answered; nothing of it.
  tcp('connections_opened', 'cron', 3),
  tcp('connections_closed', 'cron', 3, denied),
  tcp('sent_bytes', 'cron', 0),
  tcp('connections_opened', 'mixed', 8),
  tcp('connections_closed', 'mixed', 5, denied),
  tcp('sent_bytes', 'mixed', 100),
  tcp('connections_opened', 'web', 7),
  tcp('connections_closed', 'web', 7),
  // One service account of a namespace is refused; nobody of the namespace, or somebody of it, is answered.
  tcp('connections_opened', 'team', 2, identity('team', 'new')),
  tcp('connections_closed', 'team', 2, { ...denied, ...identity('team', 'new') }),
  tcp('connections_opened', 'half', 2, identity('half', 'new')),
  tcp('connections_closed', 'half', 2, { ...denied, ...identity('half', 'new') }),
  tcp('sent_bytes', 'half', 9, identity('half', 'old')),
  // Bytes that somebody else tells in his name answer nobody.
  tcp('sent_bytes', 'cron', 100, { namespace: 'mallory' }),
  tcp('connections_opened', 'made-up', 100, { namespace: 'mallory' }),
  tcp('connections_closed', 'made-up', 100, { ...denied, namespace: 'mallory' }),
];

const beforeSeries: readonly WrittenSeries[] = [
  served('web', '200', 10),
  served('refused', '200', 10),
  served('refused', '403', 1),
  served('job', '200', 3, { grpc_response_status: '16' }),
  served('quiet', '403', 0),
  served('quiet', '200', 2),
  tcp('connections_opened', 'db', 4, { namespace: 'shop' }),
  tcp('sent_bytes', 'db', 4, { namespace: 'shop' }),
  tcp('connections_opened', 'silent', 4, { namespace: 'shop' }),
  tcp('sent_bytes', 'silent', 0, { namespace: 'shop' }),
  tcp('connections_opened', 'half', 4, { namespace: 'shop', ...identity('half', 'old') }),
  tcp('sent_bytes', 'half', 4, { namespace: 'shop', ...identity('half', 'old') }),
  tcp('connections_opened', 'half', 3, { namespace: 'shop', ...identity('half', 'never') }),
];

/** A histogram of a caller's proxy that has one bound. */
function took(by: string, all: number, fast: number, le: string, more: Labels = {}): readonly WrittenSeries[] {
  const labels = {
    reporter: 'source',
    destination_service_namespace: 'shop',
    source_workload_namespace: by,
    namespace: by,
    ...more,
  };
  return [
    rising({ __name__: 'istio_request_duration_milliseconds_count', ...labels }, all),
    rising({ __name__: 'istio_request_duration_milliseconds_bucket', ...labels, le }, fast),
  ];
}

const latencySeries: readonly WrittenSeries[] = [
  ...took('web', 10, 7, '500', { pod: 'front-1' }),
  ...took('web', 20, 18, '500.0', { pod: 'front-2' }),
  // It has other buckets: nobody knows how many of its requests were slow.
  ...took('web', 90, 90, '400', { pod: 'front-3' }),
  ...took('edge', 5, 5, '500'),
  ...took('other', 50, 1, '5000'),
  ...took('shop', 50, 1, '500'),
  ...took('mallory', 50, 1, '500', { source_workload_namespace: 'web' }),
];

const [mutual, clear, unsaid] = ['mutual_tls', 'unknown', ''].map((policy) => ({ connection_security_policy: policy }));

const plaintextSeries: readonly WrittenSeries[] = [
  tcp('connections_opened', 'web', 8, mutual),
  tcp('connections_opened', 'web', 2, clear),
  tcp('connections_opened', 'edge', 5, mutual),
  tcp('connections_opened', 'other', 5, unsaid),
  tcp('connections_opened', 'web', 90, { ...clear, namespace: 'mallory' }),
  tcp('connections_opened', 'shop', 90, clear),
  served('web', '200', 10, mutual),
  served('edge', '200', 10, mutual),
  served('edge', '200', 1, { connection_security_policy: 'none' }),
];

function times(counts: readonly string[], others = 0): { readonly counts: readonly string[]; readonly others: number } {
  return { counts: counts.map((each) => each.replace(/\d+$/, (rise) => String(Number(rise) * scrapes))), others };
}

const cluster = [{ label: 'cluster', value: 'a"} or vector(1) #\\' }];

function inCluster(series: readonly WrittenSeries[]): readonly WrittenSeries[] {
  const here = Object.fromEntries(cluster.map(({ label, value }) => [label, value]));
  return [
    ...series.map((each) => ({ ...each, labels: { ...each.labels, ...here } })),
    ...series.map((each) => ({ ...each, labels: { ...each.labels, cluster: 'b' } })),
  ];
}

/** Alerts as Prometheus writes them while they are what they are, and one that an application serves. */
const alertSeries: readonly WrittenSeries[] = [
  { alertname: 'Slow', namespace: 'shop', alertstate: 'firing' },
  { alertname: 'Slow', namespace: 'other', alertstate: 'firing' },
  { alertname: 'Pending', namespace: 'shop', alertstate: 'pending' },
  { alertname: 'Waiting', namespace: 'shop', alertstate: 'pending', endsAt: now + 50_000 },
  { alertname: 'Unknown', namespace: 'shop', alertstate: 'firing', value: NaN },
  { alertname: 'Served', namespace: 'shop', alertstate: 'firing', job: 'shop/mallory' },
].map(({ endsAt = now - 3_500_000, value = 1, ...labels }) => ({
  labels: { __name__: 'ALERTS', team: 'a"b', ...labels },
  samples: [[endsAt - 100_000, value]],
  endsAt,
}));

/** What fires by now. */
const firing = ['Slow', 'Pending', 'Waiting', 'Unknown', 'Served'].map((alertname) => ({ alertname }));

const pager = Gate.parse({
  name: 'pager',
  alerts: {
    matchers: [
      { label: 'namespace', value: '$namespace' },
      { label: 'team', value: 'a"b' },
    ],
  },
});

async function firedBefore(program: string, signal: AbortSignal): Promise<readonly (string | undefined)[]> {
  const queries = [{ expression: alertsBefore(pager, { namespace: 'shop' }, originsOf(pager, firing)), at: now }];
  const printed = await runCommand(program, [], { input: JSON.stringify({ series: alertSeries, queries }), signal });
  return (JSON.parse(printed) as readonly unknown[]).flatMap((answer) =>
    readAnswer(JSON.stringify(answer)).map(({ labels }) => labels['alertname']),
  );
}

/** Whether a server that has this from before keeps anything of then. */
async function isKept(program: string, series: readonly WrittenSeries[], signal: AbortSignal): Promise<boolean> {
  const queries = [{ expression: keptQuestion, at: now }];
  const printed = await runCommand(program, [], { input: JSON.stringify({ series, queries }), signal });
  const [answer] = JSON.parse(printed) as readonly unknown[];
  return readAnswer(JSON.stringify(answer)).length > 0;
}

/** The queries of the other presets on series as Istio writes them, with the engine that Prometheus has. */
export async function promqlPresets(world: World): Promise<void> {
  const program = await ensurePromql();
  const { signal } = world;
  const refused = {
    'Callers total': times(['shop web 28'], 1),
    'Callers bad': times(['shop web 7'], 1),
    'Own total': times(['shop cron 3', 'shop half/new 2', 'shop mixed 8', 'shop team/new 2', 'shop web 7']),
    'Own bad': times(['shop cron 3', 'shop team/new 2']),
  };
  const since = await countsOf(program, refusalSeries, 'Refusals', {}, signal);
  assert.deepEqual(Object.fromEntries(Object.keys(refused).map((name) => [name, since[name]])), refused);
  const before = await countsOf(program, beforeSeries, 'Refusals', {}, signal);
  assert.deepEqual(before['Own before total'], {
    ...times([
      'shop db 4',
      'shop half/never 3',
      'shop half/old 4',
      'shop job 3',
      'shop quiet 2',
      'shop refused 11',
      'shop silent 4',
      'shop web 10',
    ]),
  });
  assert.deepEqual(
    before['Own before bad'],
    times(['shop half/never 3', 'shop job 3', 'shop refused 1', 'shop silent 4']),
  );
  const slow = {
    'Callers total': times(['shop edge 5', 'shop web 30'], 1),
    'Callers bad': times(['shop edge 0', 'shop web 5'], 1),
  };
  for (const [series, extraMatchers] of [
    [latencySeries, []],
    [inCluster(latencySeries), cluster],
  ] as const) {
    const found = await countsOf(program, series, 'Latency', { slowerThanMs: 500, extraMatchers }, signal);
    assert.deepEqual(Object.fromEntries(Object.keys(slow).map((name) => [name, found[name]])), slow);
  }
  const here = await countsOf(program, inCluster(refusalSeries), 'Refusals', { extraMatchers: cluster }, signal);
  assert.deepEqual(here, since);
  assert.deepEqual(await countsOf(program, plaintextSeries, 'MtlsShare', {}, signal), {
    'Own total': times(['shop edge 5', 'shop web 10'], 1),
    'Own bad': times(['shop web 2'], 1),
    // Of each place where it was scraped; who reads it adds them up.
    'Own before total': times(['shop edge 5', 'shop edge 11', 'shop web 10', 'shop web 10'], 1),
    'Own before bad': times(['shop edge 1', 'shop web 2'], 1),
  });
  assert.deepEqual((await firedBefore(program, signal)).toSorted(), ['Slow', 'Unknown', 'Waiting']);
  const up = (secondsAgo: number): WrittenSeries => ({
    labels: { __name__: 'up', job: 'istiod' },
    samples: [[now - secondsAgo * 1000, 1]],
  });
  assert.equal(await isKept(program, [up(1800)], signal), true);
  assert.equal(await isKept(program, [up(60)], signal), false);
}
