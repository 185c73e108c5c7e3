import { describe, expect, it } from '@jest/globals';
import { GatePreset } from '../../../api/gates.ts';
import type { Asked, GateQuestion } from '../../gate-telemetry.ts';
import { gateTelemetry } from './gate-queries.ts';

const root = 'istio-system';

function asked(given: Partial<Asked> = {}, preset: GatePreset = 'ErrorRate'): readonly GateQuestion[] {
  return gateTelemetry.questions(preset, {
    namespaces: ['shop', 'web'],
    seconds: 120,
    root,
    to: 'IstioAmbient',
    itinerary: 'L4',
    extraMatchers: [],
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

/** Everything that is asked. */
function expressionsOf(questions: readonly GateQuestion[]): readonly string[] {
  return questions.flatMap(({ total, bad, seen, admitted }) => [
    total,
    bad,
    ...(seen === undefined ? [] : [seen.expression]),
    ...(admitted === undefined ? [] : [admitted.total, admitted.bad]),
  ]);
}

describe('whatever is asked', () => {
  const matchers = [
    { label: 'cluster', value: 'eu' },
    { label: 'tenant', value: 'a"} or vector(1) # \\ \u0007' },
  ];

  it.each(GatePreset.options)('has the labels that are added in each of its selectors, as they are (%s)', (preset) => {
    const all = expressionsOf(asked({ extraMatchers: matchers, slowerThanMs: 500 }, preset));
    expect(all.length).toBeGreaterThan(1);
    const added = ',cluster="eu",tenant="a\\"} or vector(1) # \\\\ \\u0007"}[120s]';
    for (const expression of all) {
      const ranges = expression.split('[120s]').length - 1;
      expect(ranges).toBeGreaterThan(1);
      expect(expression.split(added).length - 1).toBe(ranges);
    }
  });

  it.each(GatePreset.options)('asks for no label that may be added (%s)', (preset) => {
    const all = expressionsOf(asked({ slowerThanMs: 500 }, preset)).join(' ');
    const used = [...all.matchAll(/[{,](\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
    expect(used.length).toBeGreaterThan(0);
    expect([...new Set(used)].filter((label) => !gateTelemetry.labels.has(label))).toEqual([]);
  });

  it.each(GatePreset.options)('has no room for names that others make up (%s)', (preset) => {
    for (const expression of expressionsOf(asked({ slowerThanMs: 500 }, preset)))
      expect(expression).toContain('label_replace(group by (namespace) (');
  });
});

describe('refusals', () => {
  it('are asked of callers each by himself, and of ztunnel only on the way to it', () => {
    const observers = (to: Asked['to']): readonly unknown[] =>
      asked({ to }, 'Refusals').map(({ observer, each }) => [observer, each]);
    expect(observers('IstioAmbient')).toEqual([
      ['Callers', true],
      ['Own', true],
    ]);
    for (const to of ['IstioSidecar', 'None'] as const) expect(observers(to)).toEqual([['Callers', true]]);
  });

  it('are told by ztunnel of those alone of whom something is known before', () => {
    const [callers, own] = asked({}, 'Refusals');
    expect(own?.admitted).toBeDefined();
    expect(callers?.admitted).toBeUndefined();
    expect(own?.bad).toContain('response_flags="DENY"');
    const labels = { destination_workload_namespace: 'shop', source_workload_namespace: 'web' };
    expect(own?.read({ ...labels, namespace: root })).toEqual({ namespace: 'shop', by: 'web' });
    expect(own?.read({ ...labels, namespace: 'web' })).toBeUndefined();
    expect(own?.read({ ...labels, source_workload_namespace: 'shop', namespace: root })).toBeUndefined();
  });

  it('are told by ztunnel of each service account, which before is known by its namespace too', () => {
    const own = asked({}, 'Refusals')[1];
    const of = (account: string): Readonly<Record<string, string>> => ({
      destination_workload_namespace: 'shop',
      source_workload_namespace: 'web',
      source_principal: `spiffe://cluster.local/ns/${account}`,
      namespace: root,
    });
    expect(own?.read(of('web/sa/cron'))).toEqual({ namespace: 'shop', by: 'web/cron' });
    expect(own?.admitted?.read(of('web/sa/cron'))).toEqual({ namespace: 'shop', by: 'web/cron', also: 'web' });
    for (const other of ['elsewhere/sa/cron', 'web/sa/', 'unknown'])
      expect(own?.read(of(other))).toEqual({ namespace: 'shop', by: 'web' });
  });
});

describe('latency', () => {
  it.each([
    [500, 'le=~"500|500[.]0"'],
    [0.5, 'le=~"0[.]5"'],
    [300_000, 'le=~"300000|300000[.]0"'],
  ])('is asked by one bound, however Prometheus writes it (%d ms)', (slowerThanMs, matcher) => {
    const [question] = asked({ slowerThanMs }, 'Latency');
    expect(question?.total).toContain(matcher);
    expect(question?.bad).toContain(matcher);
  });

  it('is asked of callers alone, who measure the same before and since', () => {
    expect(asked({ slowerThanMs: 500 }, 'Latency').map(({ observer }) => observer)).toEqual(['Callers']);
    expect(asked({}, 'Latency')).toEqual([]);
  });
});

describe('plaintext', () => {
  it('is told by the new data plane, of those of whom something is known before', () => {
    const [own, ...more] = asked({}, 'MtlsShare');
    expect(more).toEqual([]);
    expect([own?.observer, own?.each]).toEqual(['Own', true]);
    expect(own?.admitted).toBeDefined();
    expect(own?.total).not.toContain('istio_requests_total');
    expect(asked({ to: 'IstioSidecar' }, 'MtlsShare')[0]?.total).toContain('istio_requests_total');
    expect(asked({ to: 'None' }, 'MtlsShare')).toEqual([]);
  });

  it('is nothing that a series does not say, because a Telemetry has taken the label out', () => {
    const [own] = asked({}, 'MtlsShare');
    expect(own?.total).toContain('connection_security_policy!=""');
    expect(own?.bad).toContain('connection_security_policy=~"none|unknown"');
  });
});
