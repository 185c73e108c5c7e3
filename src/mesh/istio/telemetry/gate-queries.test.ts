import { describe, expect, it } from '@jest/globals';
import type { Asked, GateQuestion } from '../../gate-telemetry.ts';
import { gateTelemetry } from './gate-queries.ts';

const root = 'istio-system';

function asked(given: Partial<Asked> = {}): readonly GateQuestion[] {
  return gateTelemetry.questions('ErrorRate', {
    namespaces: ['shop', 'web'],
    seconds: 120,
    root,
    to: 'IstioAmbient',
    itinerary: 'L4',
    ...given,
  });
}

function of(observer: GateQuestion['observer'], given: Partial<Asked> = {}): GateQuestion {
  const found = asked(given).find((question) => question.observer === observer);
  if (found === undefined) throw new Error(`nobody asks ${observer}`);
  return found;
}

describe('the rate of errors', () => {
  it('is asked of callers in one question about all namespaces, by who calls and where that was scraped', () => {
    const { total, bad } = of('Callers');
    expect(total).toContain(
      'sum by (destination_service_namespace, source_workload_namespace, namespace) (increase(istio_requests_total{reporter="source",destination_service_namespace=~"shop|web"}[120s])) and on (source_workload_namespace, namespace) (',
    );
    expect(bad).toContain('response_code=~"5..|0",response_flags!~"DC.*"}[120s]) or increase(istio_requests_total{');
    expect(bad).toContain('response_code="200",grpc_response_status=~"2|4|13|14|15"}[120s]))');
  });

  it.each([
    ['IstioAmbient', 'L4', 'istio_tcp_connections_opened_total{reporter="destination",destination_workload_namespace'],
    ['IstioAmbient', 'L7', 'istio_requests_total{reporter="waypoint",destination_service_namespace'],
    ['IstioSidecar', 'L4', 'istio_requests_total{reporter="destination",destination_workload_namespace'],
  ] as const)('is asked of what serves in %s (%s)', (to, itinerary, start) => {
    expect(of('Own', { to, itinerary }).total).toContain(start);
  });

  // What the engine of Prometheus makes of it: promql-gates (npm run test:cluster).
  it.each(['Callers', 'Own'] as const)('has no room for names that others make up (%s)', (observer) => {
    const { total, bad, seen } = of(observer);
    const asked = [total, bad, ...(seen === undefined ? [] : [seen.expression])];
    for (const expression of asked) expect(expression).toContain('label_replace(group by (namespace) (');
  });

  it('takes no policy for a failure of a connection', () => {
    expect(of('Own').bad).not.toContain('DENY');
  });

  it('has nobody to ask where there will be no proxy but callers', () => {
    expect(asked({ to: 'None' }).map(({ observer }) => observer)).toEqual(['Callers']);
  });
});

describe('callers', () => {
  const { read } = of('Callers');
  const told = { destination_service_namespace: 'shop', source_workload_namespace: 'web' };

  it.each([undefined, 'web', root])('speak for themselves, scraped in %s', (namespace) => {
    expect(read({ ...told, ...(namespace !== undefined && { namespace }) })).toEqual({
      namespace: 'shop',
      by: 'web',
    });
  });

  it.each([
    ['somebody else speaks for them', { ...told, namespace: 'mallory' }],
    ['they are in the namespace itself', { ...told, source_workload_namespace: 'shop' }],
    ['nobody knows where they are', { ...told, source_workload_namespace: 'unknown' }],
    ['nothing says where they are', { destination_service_namespace: 'shop' }],
    ['they are no name', { ...told, source_workload_namespace: 'a b' }],
  ])('say nothing where %s', (_why, labels) => {
    expect(read(labels)).toBeUndefined();
  });
});

describe('whom the called know of', () => {
  const { seen } = of('Callers');
  const told = { destination_workload_namespace: 'shop', source_workload_namespace: 'web' };

  it('is said by these themselves, or by their waypoint', () => {
    const known = { namespace: 'shop', by: 'web' };
    expect(seen?.read({ ...told, namespace: 'shop' })).toEqual(known);
    expect(seen?.read({ ...told, namespace: root })).toEqual(known);
    const { destination_workload_namespace: namespace, ...by } = told;
    expect(seen?.read({ ...by, destination_service_namespace: namespace, namespace })).toEqual(known);
  });

  it('is not said by others, nor of nobody', () => {
    expect(seen?.read({ ...told, namespace: 'web' })).toBeUndefined();
    expect(seen?.read({ ...told, source_workload_namespace: 'unknown', namespace: 'shop' })).toBeUndefined();
    expect(seen?.read({ ...told, source_workload_namespace: 'shop', namespace: 'shop' })).toBeUndefined();
  });
});

describe('what serves', () => {
  it('speaks for its own namespace alone', () => {
    const { read } = of('Own');
    const told = { destination_workload_namespace: 'shop' };
    expect(read({ ...told, namespace: root })).toEqual({ namespace: 'shop', by: 'shop' });
    expect(read({ ...told, namespace: 'mallory' })).toBeUndefined();
    expect(read({})).toBeUndefined();
  });
});
