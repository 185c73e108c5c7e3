import assert from 'node:assert/strict';
import { telemetry } from '../../../src/mesh/istio/telemetry/sightings.ts';
import { CallHistory, type Slice } from '../../../src/operator/call-history.ts';
import { readAnswer } from '../../../src/prometheus/answer.ts';
import type { World } from '../../scenarios/world.ts';
import { runCommand } from '../command.ts';
import { ensurePromql } from './program.ts';
import { now, series } from './series.ts';

const windowMs = 7 * 86_400_000;
const freshMs = 60_000;

/** Everything that an operator asks about one window. */
function slices(): readonly Slice[] {
  const history = new CallHistory(windowMs);
  const asked: Slice[] = [];
  for (let slice = history.next(now, freshMs); slice !== undefined; slice = history.next(now, freshMs)) {
    asked.push(slice);
    history.add([], slice, now);
  }
  return asked;
}

/** What the engine of Prometheus makes of the operator's own queries, and the operator of its answers. */
async function learned(program: string, signal: AbortSignal): Promise<CallHistory> {
  const asked = slices().flatMap((slice) =>
    telemetry.queries(Math.ceil((slice.to - slice.from) / 1000)).map((expression) => ({ slice, expression })),
  );
  const queries = asked.map(({ slice, expression }) => ({ expression, at: slice.to }));
  const printed = await runCommand(program, [], { input: JSON.stringify({ series, queries }), signal });
  const answers = JSON.parse(printed) as readonly unknown[];
  assert.equal(answers.length, queries.length);
  const history = new CallHistory(windowMs);
  for (const [index, { slice }] of asked.entries()) {
    const samples = readAnswer(JSON.stringify(answers[index]));
    history.add(
      telemetry.sightings(
        samples.map(({ labels }) => labels),
        'istio-system',
      ),
      slice,
      now,
    );
  }
  return history;
}

function callersOf(history: CallHistory, namespace: string, workload: string): readonly string[] {
  return (history.of(namespace).get(workload)?.callers ?? [])
    .map((caller) =>
      [caller.namespace, caller.serviceAccount, ...(caller.workload === undefined ? [] : [caller.workload])].join('/'),
    )
    .sort();
}

function shown(history: CallHistory, namespace: string): unknown {
  return Object.fromEntries(
    [...history.of(namespace)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .filter(([, { reports }]) => reports.size > 0)
      .map(([workload, { withoutIdentity, reports }]) => [
        workload,
        { callers: callersOf(history, namespace, workload), withoutIdentity, reports: [...reports].sort() },
      ]),
  );
}

/** The operator's queries on series as Istio writes them, with the engine that Prometheus has. */
export async function promqlCallers(world: World): Promise<void> {
  const program = await ensurePromql();
  const history = await learned(program, world.signal);
  assert.ok(history.covers(now), 'the oldest piece of the window has nothing');
  assert.deepEqual(shown(history, 'shop'), {
    cart: {
      callers: ['batch/weekly', 'mobile/gateway', 'night/report', 'shop/default/checkout', 'tools/probe', 'web/front'],
      withoutIdentity: [],
      reports: ['Inbound'],
    },
    mail: { callers: [], withoutIdentity: ['web'], reports: ['Inbound'] },
    pay: { callers: [], withoutIdentity: [''], reports: ['Inbound'] },
    worker: { callers: [], withoutIdentity: [], reports: ['Outbound'] },
  });
  assert.deepEqual(shown(history, 'data'), {
    db: { callers: ['data/backup/backup', 'web/front'], withoutIdentity: [], reports: ['Inbound'] },
  });
  assert.deepEqual(shown(history, 'unknown'), {});
  assert.deepEqual(history.of('shop').get('forged')?.disbelieved, ['mallory']);
  const called = { scraped: ['istio-system', '', 'shop', 'tools'], side: 'Called' } as const;
  const queries = [
    telemetry.namespaces.query(600),
    telemetry.queries(600, { scraped: ['data', '', 'istio-system'] })[0] ?? '',
    telemetry.spokenFor.query(600, 0, called),
    telemetry.queries(600, { ...called, speaksFor: ['shop'] })[0] ?? '',
  ].map((expression) => ({ expression, at: now }));
  const printed = await runCommand(program, [], { input: JSON.stringify({ series, queries }), signal: world.signal });
  const [namespaces = [], some = [], spokenFor = [], ofShop = []] = (JSON.parse(printed) as readonly unknown[]).map(
    (answer) => readAnswer(JSON.stringify(answer)).map(({ labels }) => labels),
  );
  assert.deepEqual([...telemetry.namespaces.read(namespaces)].sort(), [
    'data',
    'istio-system',
    'mallory',
    'shop',
    'tools',
  ]);
  assert.deepEqual([...new Set(some.map(({ namespace }) => namespace))].sort(), ['data', 'istio-system']);
  assert.ok(telemetry.spokenFor.read(spokenFor, 'Called').includes('shop'), 'nobody speaks for shop');
  assert.deepEqual([...new Set(ofShop.map((labels) => labels['destination_workload_namespace']))], ['shop']);
  assert.ok(
    ofShop.length > 0 && ofShop.every(({ reporter }) => reporter !== 'source'),
    'callers are no part of what is asked of the called',
  );
}
