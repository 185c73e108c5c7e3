import { describe, expect, it } from '@jest/globals';
import { PrometheusStandIn, type StandInAlert } from '../../../test/sim/prometheus-stand-in.ts';
import { VirtualClock } from '../../../test/sim/virtual-clock.ts';
import { gateWant } from '../../../test/support/gate-wants.ts';
import { Gate } from '../../api/gates.ts';
import { seededRandom } from '../../base/random.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import type { Reading } from '../../gates/judge.ts';
import { askAlerts } from './ask-alerts.ts';
import type { AskedServer } from './ask-gate.ts';
import { Known } from './known.ts';
import { keptQuestion } from './reach.ts';
import type { Want } from './want.ts';

const start = Date.UTC(2030, 0, 1);
const hourMs = 3_600_000;

const pager = Gate.parse({
  name: 'pager',
  alerts: {
    matchers: [
      { label: 'severity', value: 'page' },
      { label: 'namespace', value: '$namespace' },
    ],
  },
});

function wantOf(namespace: string): Want {
  return gateWant(namespace, { gates: [pager], before: start, since: start + hourMs });
}

function alert(activeAt: number, labels: Readonly<Record<string, string>> = {}): StandInAlert {
  return { labels: { alertname: 'Slow', severity: 'page', namespace: 'shop', ...labels }, activeAt };
}

/** What fires for `shop`, and what was asked for it. */
async function firing(
  alerts: readonly StandInAlert[],
  fired: readonly Readonly<Record<string, string>>[] = [],
  gate = pager,
): Promise<{ readonly firing: readonly string[]; readonly asked: readonly string[] }> {
  const prometheus = new PrometheusStandIn();
  prometheus.alerts = () => alerts;
  prometheus.fired = fired;
  const clock = new VirtualClock({ random: seededRandom(1) });
  const client = new PrometheusClient(prometheus, clock, { timeoutMs: 20_000, maxBytes: 1 << 20 });
  const { signal } = new AbortController();
  const [want, known] = [wantOf('shop'), new Known()];
  const server = { client, rootNamespace: 'istio-system' };
  await askAlerts(server, gate, [want], known, signal);
  const readings = await askAlerts(server, gate, [want, wantOf('web')], known, signal);
  const reading = readings.get(want.key);
  if (reading?.kind !== 'Alerts') throw new Error('it has not been read');
  expect(readings.get(wantOf('web').key)).toEqual({ kind: 'Alerts', firing: [] });
  return { firing: reading.firing, asked: prometheus.asked.map(({ expression }) => expression) };
}

describe('alerts', () => {
  it('count that became active after the start and have all the labels', async () => {
    const found = await firing([
      alert(start + hourMs),
      alert(start + hourMs, { alertname: 'Ticket', severity: 'ticket' }),
      alert(start + hourMs, { alertname: 'Elsewhere', namespace: 'pay' }),
      { ...alert(start + hourMs, { alertname: 'Pending' }), state: 'pending' },
      alert(start - hourMs, { alertname: 'Before' }),
      alert(start + 999, { alertname: 'InTheSameSecond' }),
    ]);
    expect(found.firing).toEqual(['Slow of shop']);
  });

  it('had fired before where only what it is told of by its pods differs', async () => {
    const before = [{ __name__: 'ALERTS', ...alert(0, { pod: 'web-1', instance: '10.0.0.1:80' }).labels }];
    const again = alert(start + hourMs, { pod: 'web-2', instance: '10.0.0.2:80' });
    expect((await firing([again], before)).firing).toEqual([]);
    expect((await firing([alert(start + hourMs, { service: 'cart' })], before)).firing).toEqual(['Slow of shop']);
  });

  it('are asked for before the start once, and only where there are any now', async () => {
    expect((await firing([])).asked).toEqual([]);
    const { asked } = await firing([alert(start + hourMs)]);
    const those = 'severity="page",namespace="shop",alertname=~"Slow",job=~""';
    expect(asked).toEqual([
      expect.stringMatching(/^group without \(alertstate, container, .*, pod, .*\) \(last_over_time\(/),
      keptQuestion,
    ]);
    expect(asked[0]).toContain(
      `(last_over_time(ALERTS{alertstate="firing",${those}}[86400s]) or ALERTS{alertstate="pending",${those}})`,
    );
  });

  it('are asked about by what is theirs alone, and no value of theirs is read as more than that', async () => {
    const { asked } = await firing([alert(start + hourMs, { alertname: 'a.b"|c\\', job: 'api' })]);
    expect(asked[0]).toContain('alertname=~"a\\\\.b\\"\\\\|c\\\\\\\\",job=~"api"}');
    const many = Array.from({ length: 21 }, (_each, n) => alert(start + hourMs, { alertname: `n-${n}` }));
    expect((await firing(many)).asked[0]).not.toContain('alertname=~');
  });

  it('are unknown where the server has lost what was before the start', async () => {
    const prometheus = new PrometheusStandIn();
    prometheus.alerts = () => [alert(start + hourMs)];
    prometheus.keepsFrom = start + hourMs;
    const client = new PrometheusClient(prometheus, new VirtualClock({ random: seededRandom(1) }));
    const [want, known] = [wantOf('shop'), new Known()];
    const read = async (): Promise<unknown> =>
      (await askAlerts({ client, rootNamespace: '' }, pager, [want], known, new AbortController().signal)).get(
        want.key,
      );
    expect(await read()).toMatchObject({ kind: 'Unreachable', why: expect.stringMatching(/nothing from before/) });
    prometheus.keepsFrom = -Infinity;
    expect(await read()).toEqual({ kind: 'Alerts', firing: ['Slow of shop'] });
  });

  it('count from the start by the clock of the server', async () => {
    const { signal } = new AbortController();
    const client = (apartMs: number, activeAt: number): AskedServer['client'] => ({
      server: '',
      apartMs,
      query: () => Promise.resolve([{ labels: {}, value: 1 }]),
      courses: () => Promise.resolve([]),
      alerts: () => Promise.resolve([{ activeAt, labels: alert(0).labels }]),
    });
    const fires = async (apartMs: number, afterMs: number): Promise<Reading | undefined> => {
      const server = { client: client(apartMs, start + afterMs), rootNamespace: '' };
      return (await askAlerts(server, pager, [wantOf('shop')], new Known(), signal)).get(wantOf('shop').key);
    };
    const [some, none] = [{ firing: ['Slow of shop'] }, { firing: [] }];
    expect(await fires(8000, 9999)).toMatchObject(none);
    expect(await fires(8000, 10_000)).toMatchObject(some);
    expect(await fires(-8000, -7001)).toMatchObject(none);
    expect(await fires(-8000, -7000)).toMatchObject(some);
  });

  it('are compared once, however many namespaces they are about', async () => {
    let read = 0;
    const labels = { alertname: 'Slow', severity: 'page' };
    const client = {
      server: '',
      apartMs: 0,
      query: () => Promise.resolve([{ labels: {}, value: 1 }]),
      courses: () => Promise.resolve([]),
      alerts: () =>
        Promise.resolve([
          {
            activeAt: start + hourMs,
            labels: new Proxy(labels, {
              ownKeys: (of) => {
                read += 1;
                return Reflect.ownKeys(of);
              },
            }),
          },
        ]),
    };
    const wants = Array.from({ length: 50 }, (_each, n) => wantOf(`shop-${n}`));
    const all = Gate.parse({ name: 'pager', alerts: { matchers: [{ label: 'severity', value: 'page' }] } });
    const { signal } = new AbortController();
    const readings = await askAlerts({ client, rootNamespace: '' }, all, wants, new Known(), signal);
    expect([...readings.values()]).toEqual(wants.map(() => ({ kind: 'Alerts', firing: ['Slow'] })));
    expect(read).toBe(1);
  });

  it('are unknown of him alone of whom nobody can tell what was before', async () => {
    const prometheus = new PrometheusStandIn();
    prometheus.alerts = () => [alert(start + hourMs), alert(start + hourMs, { namespace: 'web' })];
    const clock = new VirtualClock({ random: seededRandom(1) });
    const client = new PrometheusClient(prometheus, clock, { timeoutMs: 20_000, maxBytes: 1000 });
    prometheus.fired = Array.from({ length: 50 }, (_each, n) => alert(0, { made: `up-${n}` }).labels);
    const wants = ['shop', 'web'].map(wantOf);
    const server = { client, rootNamespace: 'istio-system' };
    const readings = await askAlerts(server, pager, wants, new Known(), new AbortController().signal);
    expect(wants.map(({ key }) => readings.get(key))).toEqual([
      { kind: 'Unreachable', why: expect.stringMatching(/larger/) },
      { kind: 'Alerts', firing: ['Slow of web'] },
    ]);
  });

  it('are asked for by values that reach no further than their quotes', async () => {
    const value = '$namespace"} or vector(1) #\\';
    const gate = Gate.parse({ name: 'pager', alerts: { matchers: [{ label: 'team', value }] } });
    const team = value.replace('$namespace', () => 'shop');
    const { asked } = await firing([alert(start + hourMs, { team })], [], gate);
    expect(asked[0]).toContain('{alertstate="firing",team="shop\\"} or vector(1) #\\\\",alertname=~"Slow",');
  });
});
