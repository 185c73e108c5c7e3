import { describe, expect, it } from '@jest/globals';
import { ambientUi, besideDash, networkPolicy, ui } from '../../../../test/support/network-policy-examples.ts';
import {
  captured,
  config,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  service,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import { call, observed } from '../../../../test/support/istio-metrics.ts';
import type { FindingsWhen, Route, Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';

const appPort = [{ port: 8080 }];
const anywhere = { namespaceSelector: {}, podSelector: { matchLabels: { app: 'ui' } } };
const hbone = [{ port: 15008 }];

function opening(peer: object, ...more: readonly object[]): ConfigView {
  return networkPolicy({ ingress: [{ from: [peer], ports: appPort }, ...more] });
}

const sending = networkPolicy({
  policyTypes: ['Egress'],
  egress: [{ to: [anywhere], ports: [{ port: 3000 }] }],
});

/** Severities at the start, on the way and at rest, and whether it holds what is on the way. */
function said(given: Surroundings): string {
  const under = { ...given, itinerary: 'L4' } as const;
  const at = (when: FindingsWhen): string =>
    istio.findings(when === 'Start' ? given : under, when).find(({ id }) => id === 'MM139')?.severity ?? 'nothing';
  const held = istio.unready(under);
  const holds = held?.finding.id === 'MM139' ? `, held by ${held.others ? 'others' : 'itself'}` : '';
  return `${at('Start')}, ${at('UnderWay')}, ${at('AtRest')}${holds}`;
}

const byLabels = (more: Partial<Surroundings> = {}): Surroundings => besideDash([opening(anywhere)], {}, more);
const allowing = config('AuthorizationPolicy', {
  action: 'ALLOW',
  rules: [{ from: [{ source: { namespaces: ['dash'] } }] }],
});
const declared = (callers: Surroundings['spec']['callers']): Partial<Surroundings> => ({
  spec: migrationSpec({ callers }),
});

const rows: Readonly<Record<string, readonly [Surroundings, string]>> = {
  'pods of the namespace itself': [besideDash([opening({ podSelector: {} })]), 'Critical, Critical, Critical'],
  'whoever has a label, wherever': [byLabels(), 'Warning, Warning, Warning'],
  'whoever has it and sleeps': [
    besideDash([opening(anywhere)], {
      pods: [],
      workloads: [workload({ name: 'ui', namespace: 'dash', templateLabels: { app: 'ui' }, replicas: 0 })],
    }),
    'Warning, Warning, Warning',
  ],
  'whoever has it, in a namespace that is like this one': [
    besideDash([opening({ ...anywhere, namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } } })]),
    'Warning, Warning, Warning',
  ],
  'whoever has it, but for this namespace': [
    besideDash([
      opening({
        ...anywhere,
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop'] }],
        },
      }),
    ]),
    'Warning, Warning, Warning',
  ],
  'a namespace by its name': [
    besideDash([
      opening({ ...anywhere, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'dash' } } }),
    ]),
    'Critical, Warning, Critical, held by others',
  ],
  'a namespace by its name, in another rule': [
    besideDash([
      opening(anywhere, {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'dash' } } }],
        ports: appPort,
      }),
    ]),
    'Critical, Warning, Critical, held by others',
  ],
  'a namespace by what only it has': [
    besideDash([opening({ ...anywhere, namespaceSelector: { matchLabels: { team: 'dash' } } })], {
      labels: { 'istio-injection': 'enabled', team: 'dash' },
    }),
    'Critical, Warning, Critical, held by others',
  ],
  'who is said to call': [
    byLabels(declared([{ namespace: 'shop', from: [{ namespace: 'dash' }] }])),
    'Critical, Warning, Critical, held by others',
  ],
  'whom its ALLOW policies name': [
    besideDash([opening(anywhere), allowing]),
    'Critical, Warning, Critical, held by others',
  ],
  'who is said not to call': [byLabels(declared([{ namespace: 'shop', from: [] }])), 'nothing, nothing, nothing'],
  'whom it may call, by its own rules': [besideDash([sending]), 'Critical, Warning, Warning, held by others'],
  'whom it is said to call': [
    besideDash([sending], {}, declared([{ namespace: 'dash', from: [{ namespace: 'shop' }] }])),
    'Critical, Warning, Critical, held by others',
  ],
  'whom it is said not to call': [
    besideDash([sending], {}, declared([{ namespace: 'dash', from: [] }])),
    'nothing, nothing, nothing',
  ],
};

describe('what a policy of the namespace itself cuts off', () => {
  it.each(Object.entries(rows))('counts by who says that these calls are made: %s', (_, [given, expected]) => {
    expect(said(given)).toBe(expected);
  });

  it('names who is hit, and how it comes to count', () => {
    const [found] = istio.findings(byLabels(), 'Start').filter(({ id }) => id === 'MM139');

    expect(found?.message).toMatch(/would be cut off, if they do: dash\/ui to shop\/web \(by 8080 today\)/);
    expect(found?.fix).toMatch(/say in spec\.callers who calls shop/);
  });

  it('is told of own pods first, and takes the namespace back for these, whoever else is hit', () => {
    const both = besideDash([opening(anywhere, { from: [{ podSelector: {} }], ports: appPort })]);
    const found = istio.findings(both, 'UnderWay').filter(({ id }) => id === 'MM139');

    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'Critical' });
    expect(found[0]?.message).toMatch(/^[^;]*shop\/web to shop\/web[^;]*; .*dash\/ui to shop\/web/);
  });

  it('counts as likely where metrics have seen the calls', () => {
    const given = byLabels();
    const observedCallers = observed(call({ to: 'shop/web', by: 'dash/ui', workload: 'ui' }));

    expect(said({ ...given, mesh: { ...given.mesh, observedCallers } })).toBe(
      'Critical, Warning, Warning, held by others',
    );
  });
});

const theirs: Readonly<Record<string, Parameters<typeof besideDash>[1]>> = {
  'a pod with a sidecar': { pods: [ui] },
  'a pod in ambient': { pods: [ambientUi] },
  'a workload that sleeps': {
    pods: [],
    workloads: [workload({ name: 'ui', namespace: 'dash', templateLabels: { app: 'ui' }, replicas: 0 })],
  },
  'a gateway': { pods: [pod({ ...ui, annotations: { ...ui.annotations, 'inject.istio.io/templates': 'gateway' } })] },
  'a Service of it': { pods: [ui], services: [service({ namespace: 'dash', name: 'ui', selector: { app: 'ui' } })] },
};

const home: Readonly<Record<string, readonly [Route, Partial<Surroundings>]>> = {
  'from sidecars to ambient': [{ from: 'IstioSidecar', to: 'IstioAmbient' }, {}],
  'from no mesh to ambient': [
    { from: 'None', to: 'IstioAmbient' },
    { pods: [plainPod()], namespace: namespace({ labels: {} }) },
  ],
  'from ambient to sidecars': [
    { from: 'IstioAmbient', to: 'IstioSidecar' },
    { pods: [plainPod(captured)], namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }) },
  ],
};

const http = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
const own: Readonly<Record<string, readonly ConfigView[]>> = {
  'a rule by pods anywhere': [opening(anywhere)],
  'the same by HBONE alone': [networkPolicy({ ingress: [{ from: [anywhere], ports: hbone }] })],
  'the same beside a waypoint that nobody may call': [
    networkPolicy({
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [anywhere], ports: [...appPort, ...hbone] }],
    }),
    networkPolicy({ ingress: [] }, { name: 'deny' }),
    http,
  ],
};

const pairs = Object.keys(own).flatMap((mine) =>
  Object.keys(theirs).flatMap((his) => Object.keys(home).map((way) => ({ mine, his, way }))),
);

describe('a stranger', () => {
  it.each(pairs)('neither blocks, holds nor takes back by $his, $way, beside $mine', ({ mine, his, way }) => {
    const [route, more] = home[way] ?? [];
    const of = (others: Parameters<typeof besideDash>[1]): Surroundings =>
      besideDash(own[mine] ?? [], others, { ...more, ...(route && { route }) });
    const critical = (given: Surroundings, when: FindingsWhen): readonly string[] =>
      istio
        .findings(given, when)
        .flatMap(({ id, severity, object }) => (id === 'MM139' && severity === 'Critical' ? [object] : []));
    const [alone, beside] = [of({ pods: [], labels: {} }), of(theirs[his])];

    for (const when of ['Start', 'UnderWay', 'AtRest'] as const) {
      const under = when === 'Start' ? {} : ({ itinerary: 'L4' } as const);

      expect(critical({ ...beside, ...under }, when)).toEqual(critical({ ...alone, ...under }, when));
    }
  });
});
