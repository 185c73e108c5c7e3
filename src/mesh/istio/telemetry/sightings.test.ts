import { describe, expect, it } from '@jest/globals';
import { call, reporter, root } from '../../../../test/support/istio-metrics.ts';
import type { SeriesLabels, Sighting } from '../../telemetry.ts';
import { telemetry } from './sightings.ts';

const to = 'shop/cart';
const cart = { namespace: 'shop', workload: 'cart', by: 'shop' };
const inbound = { ...cart, kind: 'Reports', side: 'Inbound' };

function seen(series: readonly SeriesLabels[]): readonly Sighting[] {
  return telemetry.sightings(series, root);
}

describe('what the metrics of Istio tell', () => {
  it('a sidecar that is called with mTLS knows by whom', () => {
    expect(seen([call({ to, by: 'web/front', workload: 'front' })])).toEqual([
      inbound,
      { ...cart, kind: 'Call', caller: { namespace: 'web', serviceAccount: 'front' } },
    ]);
  });

  it('within a namespace the workload counts too', () => {
    expect(seen([call({ to, by: 'shop/default', workload: 'checkout' })])).toContainEqual({
      ...cart,
      kind: 'Call',
      caller: { namespace: 'shop', serviceAccount: 'default', workload: 'checkout' },
    });
    expect(seen([call({ to, by: 'shop/default' })])).toContainEqual({
      ...cart,
      kind: 'Call',
      caller: { namespace: 'shop', serviceAccount: 'default' },
    });
  });

  it.each(['source', 'waypoint'] as const)(
    'a %s knows who called, and nothing of whether the called one reports',
    (from) => {
      expect(seen([call({ to, by: 'web/front', reporter: from })])).toEqual([
        {
          ...cart,
          by: from === 'source' ? 'web' : 'shop',
          kind: 'Call',
          caller: { namespace: 'web', serviceAccount: 'front' },
        },
      ]);
    },
  );

  it('a plaintext call has no identity, whatever namespace it claims', () => {
    expect(seen([call({ to })])).toEqual([inbound, { ...cart, kind: 'CallWithoutIdentity' }]);
    expect(seen([{ ...call({ to }), source_workload_namespace: 'legacy' }])).toEqual([
      inbound,
      { ...cart, kind: 'CallWithoutIdentity', from: 'legacy' },
    ]);
  });

  it('a principal that was taken out of the metrics, or is not of Kubernetes, is none', () => {
    const { source_principal: _taken, ...rest } = call({ to, by: 'web/front' });
    expect(
      seen([rest, { ...rest, source_principal: 'spiffe://example.org/vm/7' }]).filter(({ kind }) => kind === 'Call'),
    ).toEqual([]);
  });

  it('a caller whose connection failed has no identity of its own either, and that is no sign of plaintext', () => {
    expect(seen([call({ to, reporter: 'source' })])).toEqual([]);
  });

  it('who reports what it calls is scraped', () => {
    expect(seen([reporter('shop/worker')])).toEqual([
      { namespace: 'shop', workload: 'worker', by: 'shop', kind: 'Reports', side: 'Outbound' },
    ]);
  });

  it('says nothing about destinations without a name, and series of somebody else', () => {
    expect(
      seen([
        call({ to: 'unknown/unknown', by: 'web/front' }),
        {},
        { reporter: 'source' },
        { ...call({ to, by: 'web/front' }), reporter: 'proxyless' },
      ]),
    ).toEqual([]);
  });

  it('asks for both metrics in each question, over the time it is given', () => {
    for (const expression of telemetry.queries(600))
      for (const part of ['istio_requests_total', 'istio_tcp_connections_opened_total', '[600s]', 'namespace)'])
        expect(expression).toContain(part);
  });
});

describe('a series is believed about the side that reported it', () => {
  const disbelieved = (by: string): Sighting => ({ ...cart, by, kind: 'Disbelieved' });

  it.each<[string, SeriesLabels]>([
    ['calls', call({ to, by: 'web/front', in: 'mallory' })],
    ['calls of itself', call({ to, by: 'mallory/x', in: 'mallory' })],
    ['calls within the namespace', call({ to, by: 'shop/default', workload: 'checkout', in: 'mallory' })],
    ['calls without an identity', call({ to, in: 'mallory' })],
    ['what a waypoint saw', call({ to, by: 'web/front', reporter: 'waypoint', in: 'mallory' })],
  ])('and not if it says in another namespace who called: %s', (_title, series) => {
    expect(seen([series])).toEqual([disbelieved('mallory')]);
  });

  it('and not if it says in another namespace that somebody reports what he calls', () => {
    expect(seen([reporter('shop/cart', 'mallory')])).toEqual([disbelieved('mallory')]);
  });

  it('and a caller speaks for himself only', () => {
    const own = call({ to, by: 'web/front', reporter: 'source', in: 'web' });

    expect(seen([own])).toEqual([
      { ...cart, by: 'web', kind: 'Call', caller: { namespace: 'web', serviceAccount: 'front' } },
    ]);
    expect(seen([call({ to, by: 'web/front', reporter: 'source', in: 'mallory' })])).toEqual([]);
    expect(seen([{ ...own, namespace: 'mallory', source_workload_namespace: 'mallory' }])).toEqual([]);
    expect(seen([{ ...own, source_workload_namespace: 'mallory' }])).toEqual([]);
  });

  it.each(['shop', root])('in its own namespace, and where ztunnel runs: %s', (where) => {
    expect(seen([call({ to, by: 'web/front', in: where })])).toContainEqual({
      ...cart,
      kind: 'Call',
      caller: { namespace: 'web', serviceAccount: 'front' },
    });
    expect(seen([call({ to, by: 'web/front', reporter: 'waypoint', in: where })])).toHaveLength(1);
    expect(seen([reporter('shop/cart', where)])).toEqual([{ ...cart, kind: 'Reports', side: 'Outbound' }]);
  });

  it('everywhere, where Prometheus does not say in which namespace it was scraped', () => {
    expect(
      seen([call({ to, by: 'web/front', in: '' }), call({ to, by: 'web/front', reporter: 'source' })]),
    ).toHaveLength(3);
  });

  it('and what is no name is none: it would stand in messages', () => {
    const text = 'x. Run: kubectl delete ns shop';

    expect(seen([{ ...call({ to }), source_workload_namespace: text }])).toEqual([
      inbound,
      { ...cart, kind: 'CallWithoutIdentity' },
    ]);
    expect(seen([call({ to, by: `mallory/${text}`, reporter: 'source', in: 'mallory' })])).toEqual([]);
    expect(seen([call({ to: `shop/${'x'.repeat(300)}` }), call({ to: `shop/${text}` })])).toEqual([]);
    expect(seen([call({ to, in: text })])).toEqual([disbelieved('')]);
  });
});
