import { describe, expect, it } from '@jest/globals';
import { PrometheusStandIn, type StandInAlert } from '../../../test/sim/prometheus-stand-in.ts';
import { VirtualClock } from '../../../test/sim/virtual-clock.ts';
import { Gate } from '../../api/gates.ts';
import { seededRandom } from '../../base/random.ts';
import { gateTelemetry } from '../../mesh/istio/telemetry/gate-queries.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import { askAlerts } from './ask-alerts.ts';
import { Known } from './known.ts';
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
  return {
    key: `n/${namespace}/shop`,
    namespace,
    telemetry: gateTelemetry,
    to: 'IstioAmbient',
    itinerary: 'L4',
    gates: [pager],
    before: start,
    since: start + hourMs,
  };
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
    expect((await firing([alert(start + hourMs)])).asked).toEqual([
      'last_over_time(ALERTS{alertstate="firing",severity="page",namespace="shop"}[86400s])',
    ]);
  });

  it('are unknown of him alone of whom nobody can tell what was before', async () => {
    const prometheus = new PrometheusStandIn();
    prometheus.alerts = () => [alert(start + hourMs), alert(start + hourMs, { namespace: 'web' })];
    const clock = new VirtualClock({ random: seededRandom(1) });
    const client = new PrometheusClient(prometheus, clock, { timeoutMs: 20_000, maxBytes: 1000 });
    prometheus.fired = Array.from({ length: 50 }, (_each, n) => alert(0, { alertname: `Made-up-${n}` }).labels);
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
    expect(asked).toEqual(['last_over_time(ALERTS{alertstate="firing",team="shop\\"} or vector(1) #\\\\"}[86400s])']);
  });
});
