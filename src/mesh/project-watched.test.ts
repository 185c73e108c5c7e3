import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { watched } from './istio/settings/resources.ts';
import { projectWatched } from './project-watched.ts';

function kept(kind: string, object: Omit<KubeObject, 'metadata'>, annotations = {}): Readonly<Record<string, unknown>> {
  const known = watched.find((each) => each.kind === kind);
  if (known === undefined) throw new Error(kind);
  const {
    spec,
    status,
    annotations: all,
  } = projectWatched(known)({ metadata: { name: 'it', annotations }, ...object });
  expect([status, all]).toEqual([{}, {}]);
  return spec;
}

/** Nested so deeply that whoever walks through it by calling himself has no stack left. */
function deep(levels: number): unknown {
  let value: unknown = 'istio_requests_total';
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe('an object of which little is looked at', () => {
  it('is kept as that', () => {
    expect(kept('Node', { spec: { podCIDR: '10.0.0.0/24' }, status: { images: [{ names: ['a'] }] } })).toEqual({});
    expect(
      kept('ValidatingWebhookConfiguration', {
        webhooks: [{ clientConfig: { caBundle: 'LONG', service: { namespace: 'shop', name: 'web', port: 443 } } }],
      }),
    ).toEqual({ calls: [{ namespace: 'shop', name: 'web' }] });
    expect(
      kept('CustomResourceDefinition', {
        spec: {
          versions: [{ schema: { openAPIV3Schema: { description: 'LONG' } } }],
          conversion: { webhook: { clientConfig: { caBundle: 'LONG', service: { namespace: 'shop', name: 'web' } } } },
        },
      }),
    ).toEqual({ calls: [{ namespace: 'shop', name: 'web' }] });
    expect(kept('CustomResourceDefinition', { spec: { conversion: { strategy: 'None' } } })).toEqual({ calls: [] });
  });

  it('is asked for its annotations before these are dropped', () => {
    const spec = { defaultBackend: { service: { name: 'web' } } };

    expect(kept('Ingress', { spec })).toEqual({ calls: [{ name: 'web' }] });
    expect(kept('Ingress', { spec }, { 'kubernetes.io/ingress.class': 'istio' })).toEqual({ calls: [] });
    expect(
      kept('HorizontalPodAutoscaler', {}, { 'metric-config.pods.x/query': 'rate(istio_requests_total[1m])' }),
    ).toEqual({ reads: [{ metric: 'istio_requests_total', reporter: 'Called' }] });
  });

  it.each(watched.filter(({ keep }) => keep !== undefined).map(({ kind }) => kind))(
    'is read however odd or deep it is: %s',
    (kind) => {
      for (const spec of [null, 5, 'x', [], { metrics: 'x', triggers: [null], rules: {}, taints: 3, strategy: [] }])
        expect(() => kept(kind, { spec })).not.toThrow();
      for (const field of ['metrics', 'triggers', 'rules', 'analysis', 'strategy', 'provider', 'taints'])
        expect(() =>
          kept(kind, { spec: { [field]: [{ provider: deep(20_000), metadata: deep(20_000) }] } }),
        ).not.toThrow();
      for (const field of ['spec', 'specs', 'webhooks', 'data', 'status'])
        for (const selector of ['endpointSelector', 'subject', 'clientConfig'])
          expect(() => kept(kind, { [field]: [{ ingress: [], [selector]: { pods: deep(6_000) } }] })).not.toThrow();
    },
  );
});

type Spec = Readonly<Record<string, unknown>>;

function numbers<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

const labels = (size: number): Spec => Object.fromEntries(numbers(size, (at) => [`l${at}`, 'a']));
const named = (size: number): readonly Spec[] => numbers(size, (at) => ({ name: `s${at}` }));
const query = (at: number): string => `sum(istio_requests_total_${at}{reporter="source"})`;
const reads = (size: number): readonly Spec[] => numbers(size, (at) => ({ metadata: { query: query(at) } }));

/** Everything of which a kind can say much, where that is kept; Nodes nobody writes but their kubelets. */
function monitoring(endpoints: string): readonly ((size: number) => Spec)[] {
  const one = { [endpoints]: [{ port: 'http' }] };
  const asking = (size: number): Spec => ({ key: 'a', operator: 'In', values: numbers(size, String) });
  return [
    (size) => ({ [endpoints]: numbers(size, (at) => ({ port: `p${at}` })) }),
    (size) => ({ [endpoints]: numbers(size, (at) => ({ portNumber: at })) }),
    (size) => ({ [endpoints]: [{ port: 'x'.repeat(size) }] }),
    (size) => ({ selector: { matchLabels: labels(size) }, ...one }),
    (size) => ({ selector: { matchExpressions: [asking(size)] }, ...one }),
    (size) => ({ ...one, namespaceSelector: { matchNames: numbers(size, (at) => `n${at}`) } }),
  ];
}

const large: Readonly<Record<string, readonly ((size: number) => Spec)[]>> = {
  Ingress: [
    (size) => ({
      rules: [{ http: { paths: named(size).map(({ name }) => ({ backend: { service: { name } } })) } }],
    }),
  ],
  Route: [(size) => ({ alternateBackends: named(size) })],
  IngressRoute: [(size) => ({ routes: [{ services: named(size) }] })],
  HTTPProxy: [(size) => ({ routes: [{ services: named(size) }] })],
  HorizontalPodAutoscaler: [
    (size) => ({ metrics: numbers(size, (at) => ({ external: { metric: { name: `envoy_x${at}` } } })) }),
  ],
  ScaledObject: [(size) => ({ triggers: reads(size) })],
  ScaledJob: [(size) => ({ triggers: reads(size) })],
  Canary: [(size) => ({ analysis: { metrics: numbers(size, (at) => ({ query: query(at) })) } })],
  MetricTemplate: [(size) => ({ query: numbers(size, query).join(' ') })],
  Rollout: [
    (size) => ({
      strategy: {
        canary: {
          analysis: {
            templates: numbers(size, (at) => ({ templateName: `${'t'.repeat(248)}${at}`, clusterScope: true })),
          },
        },
      },
    }),
    (size) => ({ strategy: { canary: { trafficRouting: { istio: { virtualServices: named(size) } } } } }),
    (size) => ({
      strategy: { canary: { trafficRouting: { istio: { virtualServices: named(size) } } } },
      template: {
        metadata: {
          labels: Object.fromEntries(numbers(size, (at) => [`istio.io/l${at}`, 'a'])),
          annotations: {
            'proxy.istio.io/config': 'x'.repeat(size),
            ...Object.fromEntries(numbers(size, (at) => [`sidecar.istio.io/a${at}`, 'a'.repeat(300)])),
          },
        },
        spec: { containers: numbers(size, (at) => ({ name: `c${at}`, command: ['nsupdate'] })) },
      },
    }),
  ],
  AnalysisTemplate: [
    (size) => ({ metrics: numbers(size, (at) => ({ provider: { prometheus: { query: query(at) } } })) }),
    (size) => ({ templates: numbers(size, (at) => ({ templateName: `t${at}`, clusterScope: true })) }),
  ],
  ClusterAnalysisTemplate: [
    (size) => ({ metrics: numbers(size, (at) => ({ provider: { prometheus: { query: query(at) } } })) }),
    (size) => ({ templates: numbers(size, (at) => ({ templateName: `t${at}`, clusterScope: true })) }),
  ],
  ServiceMonitor: monitoring('endpoints'),
  PodMonitor: monitoring('podMetricsEndpoints'),
  VMServiceScrape: monitoring('endpoints'),
  VMPodScrape: monitoring('podMetricsEndpoints'),
  SecurityGroupPolicy: [
    (size) => ({ podSelector: { matchLabels: labels(size) } }),
    (size) => ({ podSelector: { matchExpressions: numbers(size, () => ({ key: 'a', operator: 'Exists' })) } }),
    (size) => ({ podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: numbers(size, String) }] } }),
  ],
};

/** Those of one namespace say something about others too. */
const monitors = ['ServiceMonitor', 'PodMonitor', 'VMServiceScrape', 'VMPodScrape'];
const further = ['MetricTemplate', 'ClusterAnalysisTemplate', ...monitors];

const own = watched
  .filter(({ kind, keep, isOwn }) => keep !== undefined && (isOwn === true || further.includes(kind)))
  .map(({ kind }) => kind);

describe('an object of a tenant that says much', () => {
  const most = 40_000;

  it('may be of any kind of which little is kept', () => {
    expect(Object.keys(large).sort()).toEqual(own.toSorted());
  });

  it.each(own)('is kept no larger than it may be: %s', (kind) => {
    for (const spec of large[kind] ?? [])
      expect(JSON.stringify(kept(kind, { spec: spec(20_000) })).length).toBeLessThan(most);
  });

  it.each(['Ingress', 'Rollout', ...monitors])('says that more was there: %s', (kind) => {
    for (const spec of large[kind] ?? [])
      if (!JSON.stringify(spec(2)).includes('xx'))
        expect(JSON.stringify(kept(kind, { spec: spec(20_000) }))).toMatch(/"(more|writesMore|asksMore|any)":true/);
  });

  it('is not kept in memory behind a part of it', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const one = (at: number): Spec =>
      kept('MetricTemplate', { spec: { query: Buffer.from(`${query(at)}${'x'.repeat(200_000)}`).toString() } });
    collect();
    const before = process.memoryUsage().heapUsed;
    const all = numbers(100, one);
    collect();

    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
    expect(all).toHaveLength(100);
  });
});
