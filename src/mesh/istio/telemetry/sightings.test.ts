import { describe, expect, it } from '@jest/globals';
import { call, reporter } from '../../../../test/support/istio-metrics.ts';
import { telemetry } from './sightings.ts';

const to = 'shop/cart';
const cart = { namespace: 'shop', workload: 'cart' };
const inbound = { ...cart, kind: 'Reports', side: 'Inbound' };

describe('what the metrics of Istio tell', () => {
  it('a sidecar that is called with mTLS knows by whom', () => {
    expect(telemetry.sightings([call({ to, by: 'web/front', workload: 'front' })])).toEqual([inbound, { ...cart, kind: 'Call', caller: { namespace: 'web', serviceAccount: 'front' } }]);
  });

  it('within a namespace the workload counts too', () => {
    expect(telemetry.sightings([call({ to, by: 'shop/default', workload: 'checkout' })])).toContainEqual({ ...cart, kind: 'Call', caller: { namespace: 'shop', serviceAccount: 'default', workload: 'checkout' } });
    expect(telemetry.sightings([call({ to, by: 'shop/default' })])).toContainEqual({ ...cart, kind: 'Call', caller: { namespace: 'shop', serviceAccount: 'default' } });
  });

  it.each(['source', 'waypoint'] as const)('a %s knows who called, and nothing of whether the called one reports', (from) => {
    expect(telemetry.sightings([call({ to, by: 'web/front', reporter: from })])).toEqual([{ ...cart, kind: 'Call', caller: { namespace: 'web', serviceAccount: 'front' } }]);
  });

  it('a plaintext call has no identity, whatever namespace it claims', () => {
    expect(telemetry.sightings([call({ to })])).toEqual([inbound, { ...cart, kind: 'CallWithoutIdentity' }]);
    expect(telemetry.sightings([{ ...call({ to }), source_workload_namespace: 'legacy' }])).toEqual([inbound, { ...cart, kind: 'CallWithoutIdentity', from: 'legacy' }]);
  });

  it('a principal that was taken out of the metrics, or is not of Kubernetes, is none', () => {
    const { source_principal: _taken, ...rest } = call({ to, by: 'web/front' });
    expect(telemetry.sightings([rest, { ...rest, source_principal: 'spiffe://example.org/vm/7' }]).filter(({ kind }) => kind === 'Call')).toEqual([]);
  });

  it('a caller whose connection failed has no identity of its own either, and that is no sign of plaintext', () => {
    expect(telemetry.sightings([call({ to, reporter: 'source' })])).toEqual([]);
  });

  it('who reports what it calls is scraped', () => {
    expect(telemetry.sightings([reporter('shop/worker')])).toEqual([{ namespace: 'shop', workload: 'worker', kind: 'Reports', side: 'Outbound' }]);
  });

  it('says nothing about destinations without a name, and series of somebody else', () => {
    expect(telemetry.sightings([call({ to: 'unknown/unknown', by: 'web/front' }), {}, { reporter: 'source' }, { ...call({ to, by: 'web/front' }), reporter: 'proxyless' }])).toEqual([]);
  });

  it('asks for both metrics in each question, over the time it is given', () => {
    for (const expression of telemetry.queries(600)) for (const part of ['istio_requests_total', 'istio_tcp_connections_opened_total', '[600s]']) expect(expression).toContain(part);
  });
});
