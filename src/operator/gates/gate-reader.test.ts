import { describe, expect, it } from '@jest/globals';
import { PrometheusStandIn } from '../../../test/sim/prometheus-stand-in.ts';
import { VirtualClock } from '../../../test/sim/virtual-clock.ts';
import { gateWant } from '../../../test/support/gate-wants.ts';
import { Gate, GateQuery } from '../../api/gates.ts';
import { sleep } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { judge, type GateRule, type Reading } from '../../gates/judge.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import { PrometheusQueryError } from '../../prometheus/errors.ts';
import { GateReader } from './gate-reader.ts';
import { keptQuestion } from './reach.ts';
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
  const want = (namespace: string, more: Partial<Want> = {}): Want =>
    gateWant(namespace, { gates: [errors], before: start, since: start + 3 * minuteMs, ...more });
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

function saidOf(reading: Reading | undefined): string {
  const isUnanswered = reading?.kind === 'Read' && reading.unanswered !== undefined;
  return `${reading?.kind ?? 'none'}${isUnanswered ? ', unanswered' : ''}`;
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
      // What is new is asked about, and a quarter of an hour before that, of which something may have come late.
      const [expression] = prometheus.asked.map((each) => each.expression);
      const ranges = prometheus.asked
        .filter((each) => each.expression === expression)
        .map(({ from, to }) => [from, to]);
      expect(ranges.map(([from = 0, to = 0]) => (to - from) / (2 * minuteMs) + 1)).toEqual([30, 2, 3]);
    });
  });

  it('asks of all namespaces at once', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      for (const name of ['shop', 'web', 'pay']) reader.readings(want(name));
      await pass(1000);
      expect(prometheus.asked.every(({ expression }) => expression.includes('"shop|web|pay"'))).toBe(true);
      // Before and since of callers, and since of what serves, of which there is nothing, so that nobody asks what was bad.
      // And of callers whom the called know of.
      expect(prometheus.asked).toHaveLength(6);
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
      const kept = reader.readings(wanted).get('errors');
      expect(pieces(kept)).toEqual([30, 2]);
      expect(kept).toMatchObject({ unanswered: expect.stringContaining('ECONNREFUSED') });
      await pass(4 * minuteMs);
      expect(reader.readings(wanted).get('errors')).toMatchObject({
        kind: 'Unreachable',
        why: expect.stringContaining('ECONNREFUSED'),
      });
      prometheus.away = undefined;
      await pass(minuteMs);
      const known = reader.readings(wanted).get('errors');
      expect(pieces(known)).toEqual([30, 7]);
      expect(known).not.toHaveProperty('unanswered');
    });
  });

  it('knows that nothing can have been counted before a piece of time is over', async () => {
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      const wanted = want('shop', { since: clock.now() });
      reader.readings(wanted);
      await pass(minuteMs);
      expect(reader.readings(wanted).get('errors')).toEqual({ kind: 'Early' });
      prometheus.away = 'ECONNREFUSED';
      await pass(4 * minuteMs);
      expect(pieces(reader.readings(wanted).get('errors'))).toBe('Unreachable');
    });
  });

  it.each([1, 3])('counts what comes %i minutes late, all of it', async (minutes) => {
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      prometheus.traffic = (_namespace, at) => {
        const late = clock.now() - at - minutes * minuteMs;
        // Half a piece is there before the whole is.
        return late < -minuteMs ? {} : { edge: { total: late < 0 ? 5 : 10 } };
      };
      const wanted = want('shop');
      for (let minute = 0; minute < 40; minute += 1) {
        reader.readings(wanted);
        await pass(minuteMs);
      }
      const reading = reader.readings(wanted).get('errors') as Extract<Reading, { kind: 'Read' }>;
      expect(reading.since.length).toBeGreaterThan(10);
      expect(reading.since.slice(0, 10).every(({ total }) => total === 10)).toBe(true);
    });
  });

  it('does not believe callers of whose calls the called know nothing, where these know of any', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      prometheus.traffic = () => ({ edge: { total: 10 }, mallory: { total: 10, bad: 10 } });
      prometheus.seen = (namespace) => (namespace === 'shop' ? ['edge', 'web'] : []);
      await pass(10 * minuteMs);
      const all = ['shop', 'silent'].map((name) => want(name));
      for (const each of all) reader.readings(each);
      await pass(1000);
      const [shop, silent] = all.map((each) => reader.readings(each).get('errors'));
      expect(shop).toMatchObject({
        observer: 'Callers',
        since: [
          { total: 10, bad: 0 },
          { total: 10, bad: 0 },
        ],
      });
      expect(silent).toMatchObject({
        observer: 'Callers',
        since: [
          { total: 20, bad: 10 },
          { total: 20, bad: 10 },
        ],
      });
    });
  });

  it('believes none of these who says that he is refused', async () => {
    const refusals = Gate.parse({ ...errors, prometheus: { preset: 'Refusals', maxIncrease: '1%' } });
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      const start = clock.now();
      prometheus.traffic = (_namespace, at) => ({
        edge: { total: 10 },
        mallory: { total: 1e308, bad: at > start ? 1e308 : 0 },
      });
      prometheus.seen = () => ['edge'];
      await pass(10 * minuteMs);
      const wanted = want('shop', { gates: [refusals] });
      reader.readings(wanted);
      await pass(1000);
      expect(reader.readings(wanted).get('errors')).toMatchObject({
        since: [{ total: 10 }, { total: 10 }],
        parts: [{ by: 'edge' }],
      });
    });
  });

  it('asks of fewer where Prometheus would read too much, so that one who has it do so is alone with that', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      prometheus.slow = (expression) => {
        const message = 'it answers execution: query processing would load too many samples into memory';
        return /\bmallory\b/.test(expression) ? Promise.reject(new PrometheusQueryError(message)) : Promise.resolve();
      };
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
    });
  });

  it('asks what was told before of those of whom ztunnel tells, and counts nobody of whom nothing was', async () => {
    const refusals = Gate.parse({ ...errors, prometheus: { preset: 'Refusals', maxIncrease: '1%' } });
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      const start = clock.now();
      prometheus.traffic = () => ({});
      prometheus.served = (_namespace, at) =>
        at <= start ? { cron: { total: 10 }, locked: { total: 10, bad: 10 } } : {};
      prometheus.connections = (_namespace, at) =>
        at <= start ? {} : { cron: { total: 10 }, locked: { total: 10, bad: 10 }, late: { total: 10, bad: 10 } };
      await pass(10 * minuteMs);
      const wanted = want('shop', { gates: [refusals] });
      reader.readings(wanted);
      await pass(1000);
      expect(reader.readings(wanted).get('errors')).toMatchObject({
        observer: 'Own',
        baseline: [],
        since: [
          { total: 10, bad: 0 },
          { total: 10, bad: 0 },
        ],
        parts: [{ by: 'cron', observer: 'Own', baseline: [] }],
      });
    });
  });

  it('does not take for the same what is asked of another cluster, or by another bound', async () => {
    const asking = (name: string, prometheus: object): Gate => Gate.parse({ ...errors, name, prometheus });
    const of = (value: string): Gate =>
      asking(value, { preset: 'ErrorRate', extraMatchers: [{ label: 'cluster', value }] });
    const slower = (slowerThan: string): Gate =>
      asking(`slower-${slowerThan}`, { preset: 'Latency', maxIncrease: '1%', slowerThan });
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      reader.readings(want('shop', { gates: [of('eu'), of('us'), slower('500ms'), slower('2s')] }));
      await pass(1000);
      const asked = prometheus.asked.map(({ expression }) => expression).join(' ');
      for (const part of ['cluster="eu"', 'cluster="us"', 'le=~"500|500[.]0"', 'le=~"2000|2000[.]0"'])
        expect(asked).toContain(part);
    });
  });

  const pager = (severity: string): Gate =>
    Gate.parse({ name: severity, alerts: { matchers: [{ label: 'severity', value: severity }] } });

  it('asks about alerts some times a minute, whoever else is to be asked about, and says so when there is news', async () => {
    await run(async ({ clock, prometheus, reader, told, want, pass }) => {
      const at = clock.now() + minuteMs;
      let asked = 0;
      prometheus.alerts = () => {
        asked += 1;
        return clock.now() < at + 5 * minuteMs
          ? []
          : [{ labels: { alertname: 'A', severity: 'page' }, activeAt: clock.now() }];
      };
      const wanted = want('shop', { gates: [pager('page')] });
      const news = (): number => told.filter((key) => key === wanted.key).length;
      reader.readings(wanted);
      for (let second = 0; second < 60; second += 1) {
        reader.readings(want(`web-${second}`));
        await pass(1000);
      }
      expect(reader.readings(wanted).get('page')).toEqual({ kind: 'Alerts', firing: [] });
      expect([asked, news()]).toEqual([3, 1]);
      await pass(6 * minuteMs);
      expect(reader.readings(wanted).get('page')).toEqual({ kind: 'Alerts', firing: ['A'] });
      expect(news()).toBe(2);
    });
  });

  it('asks no oftener where there are more alerts than can be read', async () => {
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      let asked = 0;
      prometheus.alerts = () => {
        asked += 1;
        return Array.from({ length: 100 }, (_each, n) => ({
          labels: { alertname: `A${n}` },
          activeAt: clock.now(),
        }));
      };
      await pass(10 * minuteMs);
      const all = Array.from({ length: 20 }, (_each, n) => want(`team-${n}`, { gates: [pager('page')] }));
      for (const each of all) reader.readings(each);
      await pass(1000);
      expect(all.map((each) => pieces(reader.readings(each).get('page')))).toEqual(all.map(() => 'Unreachable'));
      expect(asked).toBe(1);
    }, 1000);
  });

  it('does not take one alert for another, nor for what it was before Prometheus went away', async () => {
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      const at = clock.now();
      prometheus.alerts = () => [{ labels: { alertname: 'A', severity: 'page' }, activeAt: at }];
      const wanted = want('shop', { gates: [pager('page'), pager('ticket')] });
      reader.readings(wanted);
      await pass(1000);
      const both = reader.readings(wanted);
      expect(['page', 'ticket'].map((name) => both.get(name))).toMatchObject([{ firing: ['A'] }, { firing: [] }]);
      prometheus.away = 'ECONNREFUSED';
      await pass(minuteMs);
      expect(pieces(reader.readings(wanted).get('page'))).toBe('Unreachable');
    });
  });

  const ownGate = Gate.parse({
    name: 'own',
    prometheus: { query: 'sum(slow{n="$namespace"}[$range])', total: 'sum(slow_all{n="$namespace"}[$range])' },
  });

  it('lets nobody wait for the slow questions of another gate', async () => {
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      prometheus.slow = (expression) => (expression.includes('slow') ? sleep(clock, 60 * minuteMs) : Promise.resolve());
      await pass(10 * minuteMs);
      const slow = Array.from({ length: 100 }, (_each, n) => want(`slow-${n}`, { gates: [ownGate] }));
      for (const each of slow) reader.readings(each);
      await pass(1000);
      const wanted = want('shop');
      reader.readings(wanted);
      await pass(2 * minuteMs);
      expect(pieces(reader.readings(wanted).get('errors'))).toEqual([30, 3]);
      expect(pieces(reader.readings(slow[0] ?? wanted).get('own'))).toBe('Unreachable');
    });
  });

  it.each(['team-of-the-platform-', 'n'])(
    'asks of a thousand namespaces so that each question can be sent, and of many in each (%s)',
    async (prefix) => {
      const adding = Gate.parse({
        name: 'adding',
        prometheus: {
          preset: 'Refusals',
          maxIncrease: '1%',
          extraMatchers: ['k8s_cluster_name', 'aws_account', 'environment'].map((label) => ({
            label,
            value: 'arn:aws:eks:eu-central-1:123456789012:cluster/"1"',
          })),
        },
      });
      await run(async ({ prometheus, reader, want, pass }) => {
        await pass(10 * minuteMs);
        for (let n = 0; n < 1000; n += 1)
          reader.readings(want(`${prefix}${n}`, n < 900 ? {} : { gates: [errors, adding] }));
        await pass(1000);
        expect(prometheus.asked.some(({ expression }) => expression.includes('k8s_cluster_name'))).toBe(true);
        const times = { start: '1764540000', end: '1764543600', step: '120', timeout: '60s' };
        const lengths = prometheus.asked.map(
          ({ expression: query }) =>
            `/api/v1/query_range?${new URLSearchParams({ query, ...times }).toString()}`.length,
        );
        expect(Math.max(...lengths)).toBeLessThan(8000);
        expect(lengths.length).toBeLessThan(600);
      });
    },
  );

  it('never asks about more times than Prometheus answers', async () => {
    const week = Gate.parse({
      name: 'errors',
      prometheus: { preset: 'ErrorRate', interval: '1m' },
      baseline: { window: '168h' },
    });
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      const given = want('shop', { gates: [week] });
      const all = [given, { ...want('web', { gates: [week] }), before: given.before - 48 * 60 * minuteMs }];
      for (const each of all) reader.readings(each);
      await pass(1000);
      expect(all.map((each) => pieces(reader.readings(each).get('errors')))).toEqual([
        [10_000, 5],
        [10_000, 5],
      ]);
      expect(prometheus.asked.length).toBeGreaterThan(0);
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
        // Whether nothing was there, or the server has lost it.
        keptQuestion,
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
              ...GateQuery.parse(own.prometheus),
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

  it('knows nothing of who had nothing before where the server has lost that, and asks until it is told', async () => {
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      prometheus.keepsFrom = clock.now() + minuteMs;
      await pass(10 * minuteMs);
      const [old, young] = [want('shop'), want('web', { before: clock.now(), since: clock.now() - 7 * minuteMs })];
      reader.readings(old);
      reader.readings(young);
      await pass(1000);
      const lost = { kind: 'Unreachable', why: expect.stringMatching(/keeps nothing from before the start/) };
      expect(reader.readings(old).get('errors')).toMatchObject(lost);
      expect(pieces(reader.readings(young).get('errors'))).toEqual([5, 2]);
      prometheus.keepsFrom = -Infinity;
      await pass(minuteMs);
      expect(pieces(reader.readings(old).get('errors'))).toEqual([30, 3]);
    });
  });

  it('takes no answer of a server whose clock is another one', async () => {
    await run(async ({ clock, prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      const wanted = want('shop');
      for (const [aheadMs, why] of [
        [5 * minuteMs, /(299|300) s ahead of the operator's/],
        [-5 * minuteMs, /(299|300) s behind the operator's/],
      ] as const) {
        prometheus.clock = () => clock.now() + aheadMs;
        reader.readings(wanted);
        await pass(3 * minuteMs);
        expect(reader.readings(wanted).get('errors')).toMatchObject({
          kind: 'Unreachable',
          why: expect.stringMatching(why),
        });
      }
      prometheus.clock = () => clock.now() + 5000;
      await pass(3 * minuteMs);
      expect(reader.readings(wanted).get('errors')).toMatchObject({ kind: 'Read' });
    });
  });

  it('takes what it was told for no news of now where a question is not answered, or waits for its turn', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      const own = { query: 'sum(bad{n="$namespace"}[$range])', total: 'sum(all{n="$namespace"}[$range])' };
      const gates = [
        Gate.parse({ name: 'own', prometheus: own }),
        Gate.parse({ name: 'pager', alerts: { matchers: [{ label: 'severity', value: 'page' }] } }),
      ];
      const wants = Array.from({ length: 50 }, (_each, n) => want(`shop-${n}`, { gates }));
      const said = (name: string): ReadonlySet<string> =>
        new Set(wants.map((each) => saidOf(reader.readings(each).get(name))));
      await pass(10 * minuteMs);
      said('own');
      await pass(minuteMs);
      expect([said('own'), said('pager')]).toEqual([new Set(['Read']), new Set(['Alerts'])]);
      // It takes 20 s for each of them, so that the last one waits for a quarter of an hour.
      prometheus.slow = () => new Promise(() => undefined);
      await pass(5 * minuteMs);
      expect([said('own'), said('pager')]).toEqual([new Set(['Read, unanswered']), new Set(['Unreachable'])]);
      await pass(4 * minuteMs);
      expect(said('own')).toEqual(new Set(['Unreachable']));
      prometheus.slow = () => Promise.resolve();
      await pass(5 * minuteMs);
      expect([said('own'), said('pager')]).toEqual([new Set(['Read']), new Set(['Alerts'])]);
    });
  });

  it('has slow questions of many gates wait for each other, and for a while only others for them', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      prometheus.slow = (expression) =>
        expression.includes('slow') ? new Promise(() => undefined) : Promise.resolve();
      const own = { query: 'sum(bad{n="$namespace"}[$range])', total: 'sum(slow{n="$namespace"}[$range])' };
      const gates = Array.from({ length: 10 }, (_each, n) =>
        Gate.parse({ name: `own-${n}`, prometheus: { ...own, query: `${n} * ${own.query}` } }),
      );
      const [slow, quick] = [want('slow', { gates }), want('shop')];
      await pass(10 * minuteMs);
      reader.readings(slow);
      await pass(5 * minuteMs);
      reader.readings(slow);
      reader.readings(quick);
      await pass(1000);
      expect(pieces(reader.readings(quick).get('errors'))).toEqual([30, 5]);
    });
  });

  it('holds what a service account is refused that is new against nobody of its namespace', async () => {
    const refusals = Gate.parse({ name: 'refusals', prometheus: { preset: 'Refusals', maxIncrease: '1%' } });
    await run(async ({ prometheus, reader, want, pass }) => {
      prometheus.traffic = () => ({});
      prometheus.served = () => ({ 'web/old': { total: 10 }, 'cron/old': { total: 10 }, 'job/old': { total: 10 } });
      prometheus.connections = () => ({
        'web/new': { total: 10, bad: 10 },
        'cron/old': { total: 10, bad: 10 },
        // Without a certificate: it may be any of that namespace.
        job: { total: 10, bad: 10 },
      });
      await pass(10 * minuteMs);
      const wanted = want('shop', { gates: [refusals] });
      reader.readings(wanted);
      await pass(1000);
      const reading = reader.readings(wanted).get('refusals');
      const parts = reading?.kind === 'Read' ? (reading.parts ?? []) : [];
      const bad = parts.map(({ by, since }) => [by, since.reduce((all, block) => all + block.bad, 0)]);
      expect(bad.filter(([, count]) => count !== 0)).toEqual([
        ['cron/old', 20],
        ['job', 20],
      ]);
    });
  });

  it('takes no traffic for lost of which the called say that it comes, whoever has moved and left a pod behind', async () => {
    await run(async ({ prometheus, reader, want, pass }) => {
      await pass(10 * minuteMs);
      const wanted = want('shop');
      prometheus.traffic = (_namespace, at) => ({ web: { total: at > wanted.before ? 0 : 100 } });
      const rule: GateRule = {
        max: 0.01,
        falseAlarm: 0.01,
        miss: 0.05,
        noData: 'Inconclusive',
        expectsTraffic: true,
      };
      const verdict = (): unknown => {
        const reading = reader.readings(wanted).get('errors');
        return reading && judge(rule, reading, { soaked: true, overdue: false });
      };
      prometheus.seen = () => ['web'];
      verdict();
      for (let n = 0; n < 12; n += 1) {
        await pass(5 * minuteMs);
        expect(verdict()).toMatchObject({ kind: 'NoData', reason: 'NoTraffic' });
      }
      prometheus.seen = () => [];
      await pass(60 * minuteMs);
      verdict();
      await pass(60 * minuteMs);
      verdict();
      await pass(minuteMs);
      expect(verdict()).toMatchObject({ kind: 'Fail', reason: 'TrafficLost' });
    });
  });
});
