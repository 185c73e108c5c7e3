import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { watched } from './istio/resources.ts';
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
    },
  );
});
