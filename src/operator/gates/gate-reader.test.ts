import { describe, expect, it } from '@jest/globals';
import { PrometheusStandIn } from '../../../test/sim/prometheus-stand-in.ts';
import { VirtualClock } from '../../../test/sim/virtual-clock.ts';
import { Gate } from '../../api/gates.ts';
import { sleep } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import type { Reading } from '../../gates/judge.ts';
import { gateTelemetry } from '../../mesh/istio/telemetry/gate-queries.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import { GateReader } from './gate-reader.ts';
import type { Want } from './want.ts';

const minuteMs = 60_000;

const errors = Gate.parse({ name: 'errors', prometheus: { preset: 'ErrorRate' }, baseline: { window: '1h' } });

interface Stage {
  readonly clock: VirtualClock;
  readonly prometheus: PrometheusStandIn;
  readonly reader: GateReader;
  /** Keys of which news were told. */
  readonly told: string[];
  readonly want: (namespace: string, more?: Partial<Want>) => Want;
  readonly pass: (ms: number) => Promise<void>;
}

/** Runs a story beside a reader. */
async function run(story: (stage: Stage) => Promise<void>, maxBytes = 1 << 20): Promise<void> {
  const clock = new VirtualClock({ random: seededRandom(1) });
  const start = clock.now();
  const prometheus = new PrometheusStandIn();
  prometheus.traffic = () => ({ edge: { total: 10, bad: 1 } });
  const ending = new AbortController();
  const client = new PrometheusClient(prometheus, clock, { timeoutMs: 20_000, maxBytes });
  const reader = new GateReader({
    client,
    rootNamespace: 'istio-system',
    clock,
    random: seededRandom(2),
    log: silentLogger,
  });
  const told: string[] = [];
  reader.onChange((key) => told.push(key));
  const want = (namespace: string, more: Partial<Want> = {}): Want => ({
    key: `n/${namespace}/shop`,
    namespace,
    telemetry: gateTelemetry,
    to: 'IstioAmbient',
    itinerary: 'L4',
    gates: [errors],
    before: start,
    since: start + 3 * minuteMs,
    ...more,
  });
  const pass = (ms: number): Promise<void> => sleep(clock, ms);
  await clock.run(
    (async () => {
      const running = reader.run(ending.signal);
      await story({ clock, prometheus, reader, told, want, pass });
      ending.abort(new Error('the story is over'));
      await running;
    })(),
    { maxMs: 24 * 60 * minuteMs },
  );
}

function pieces(reading: Reading | undefined): readonly [number, number] | string {
  if (reading?.kind !== 'Read') return reading?.kind ?? 'none';
  return [reading.baseline.length, reading.since.length];
}

describe('a reader of gates', () => {
  it('asks nothing while nobody wants anything, and not again before there is news', async () => {
    await run(async ({ prometheus, reader, told, want, pass }) => {
      await pass(10 * minuteMs);
      expect(prometheus.asked).toEqual([]);
      const wanted = want('shop');
      expect(reader.readings(wanted).size).toBe(0);
      await pass(1000);
      expect(told).toEqual(['n/shop/shop']);
      const asked = prometheus.asked.length;
      await pass(20_000);
      expect(prometheus.asked.length).toBe(asked);
      expect(pieces(reader.readings(wanted).get('errors'))).toEqual([30, 2]);
      await pass(minuteMs);
      expect(pieces(reader.readings(wanted).get('errors'))).toEqual([30, 3]);
      // No piece is asked about twice.
      const [expression] = prometheus.asked.map((each) => each.expression);
      const ranges = prometheus.asked
        .filter((each) => each.expression === expression)
        .map(({ from, to }) => [from, to]);
      expect(ranges.map(([from = 0, to = 0]) => (to - from) / (2 * minuteMs) + 1)).toEqual([30, 2, 1]);
    });
  });

  it('asks of all namespaces at once', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      for (const name of ['shop', 'web', 'pay']) reader.readings(want(name));
      await pass(1000);
      expect(prometheus.asked.every(({ expression }) => expression.includes('"shop|web|pay"'))).toBe(true);
      // Before and since of callers, and since of what serves, of which there is nothing, so that nobody asks what was bad.
      expect(prometheus.asked).toHaveLength(5);
    });
  });

  it('asks of fewer where the answer is too large, so that one who makes it so is alone with that', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      prometheus.traffic = (namespace) =>
        Object.fromEntries(
          Array.from({ length: namespace === 'mallory' ? 100 : 1 }, (_each, n) => [`edge-${n}`, { total: 10 }]),
        );
      await pass(10 * minuteMs);
      const all = ['mallory', 'pay', 'shop', 'web'].map((name) => want(name));
      for (const each of all) reader.readings(each);
      await pass(1000);
      expect(all.map((each) => pieces(reader.readings(each).get('errors')))).toEqual([
        'Unreachable',
        [30, 2],
        [30, 2],
        [30, 2],
      ]);
    }, 10_000);
  });

  it('keeps what it knows for a while when Prometheus cannot be asked, and then knows nothing', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      const wanted = want('shop');
      reader.readings(wanted);
      await pass(1000);
      prometheus.away = 'ECONNREFUSED';
      await pass(5 * minuteMs);
      expect(pieces(reader.readings(wanted).get('errors'))).toEqual([30, 2]);
      await pass(4 * minuteMs);
      expect(reader.readings(wanted).get('errors')).toMatchObject({
        kind: 'Unreachable',
        why: expect.stringContaining('ECONNREFUSED'),
      });
      prometheus.away = undefined;
      await pass(minuteMs);
      expect(pieces(reader.readings(wanted).get('errors'))).toEqual([30, 7]);
    });
  });

  it('forgets what nobody looks at any more, and what was read of another time', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      reader.readings(want('shop'));
      await pass(1000);
      const other = want('shop', { since: want('shop').since + 4 * minuteMs });
      expect(reader.readings(other).size).toBe(0);
      await pass(20 * minuteMs);
      const asked = prometheus.asked.length;
      await pass(60 * minuteMs);
      expect(prometheus.asked.length).toBe(asked);
    });
  });

  it('asks a query of a user for each namespace by its name, and takes one number for an answer', async () => {
    const own = Gate.parse({
      name: 'own',
      prometheus: {
        query: 'sum(increase(failed{ns="$namespace"}[$range]))',
        total: 'sum(increase(all{ns="$namespace"}[$range]))',
        interval: '4m',
      },
    });
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(30 * minuteMs);
      const wanted = want('shop', { gates: [own] });
      reader.readings(wanted);
      await pass(1000);
      expect([...new Set(prometheus.asked.map(({ expression }) => expression))]).toEqual([
        'sum(increase(all{ns="shop"}[240s]))',
      ]);
      expect(pieces(reader.readings(wanted).get('own'))).toEqual([0, 0]);
    });
  });

  it('takes no number out of several: a gate whose query gives them knows nothing', async () => {
    const own = Gate.parse({
      name: 'own',
      prometheus: { query: 'failed{ns="$namespace"}[$range]', total: 'all{ns="$namespace"}[$range]' },
    });
    await run(async ({ prometheus, reader, want, pass }) => {
      prometheus.traffic = () => ({ edge: { total: 10 }, web: { total: 5 } });
      await pass(10 * minuteMs);
      // A stand-in that answers what it is asked about callers of a namespace.
      const wanted = want('shop', {
        gates: [
          {
            ...own,
            prometheus: {
              ...own.prometheus,
              total: 'x{reporter="source",destination_service_namespace=~"$namespace"}[$range]',
            },
          },
        ],
      });
      reader.readings(wanted);
      await pass(1000);
      expect(reader.readings(wanted).get('own')).toMatchObject({
        kind: 'Unreachable',
        why: expect.stringContaining('2 series where one number is needed'),
      });
    });
  });
});
