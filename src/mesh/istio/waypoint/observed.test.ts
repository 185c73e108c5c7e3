import { describe, expect, it } from '@jest/globals';
import {
  config,
  injected,
  installed,
  mesh,
  migrationSpec,
  pod,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import { call, observed, reporter } from '../../../../test/support/istio-metrics.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ObservedCallers } from '../../telemetry.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { guardedServices } from './callers.ts';
import { restartOrder } from './order.ts';
import { plannedOrder } from './planned-order.ts';

/** Nobody may DELETE: it needs HTTP, and says nothing of who calls. */
const deny = config('AuthorizationPolicy', {
  action: 'DENY',
  rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
});

function allow(...principals: readonly string[]): ConfigView {
  return config(
    'AuthorizationPolicy',
    { action: 'ALLOW', rules: [{ from: [{ source: { principals } }] }] },
    { name: 'allow' },
  );
}

const api = { app: 'api' };
const workloads = [
  workload({ serviceAccount: 'default' }),
  workload({ name: 'api', serviceAccount: 'default', templateLabels: api }),
];
const services = [service(), service({ name: 'api', selector: api })];
const pods = [
  pod(),
  pod({
    name: 'api-1',
    uid: 'api-1',
    labels: { ...injected.labels, ...api },
    owner: { kind: 'Deployment', name: 'api' },
  }),
];

/** Deployments `web` and `api`, each with its Service, under one ServiceAccount; metrics as given. */
function shop(
  observedCallers: ((namespace: string) => ObservedCallers) | undefined,
  {
    more = [],
    policies = [deny],
    spec = migrationSpec(),
    ...rest
  }: Partial<Surroundings> & { readonly more?: readonly PodView[]; readonly policies?: readonly ConfigView[] } = {},
): Surroundings {
  const all = [...pods, ...more];
  return surroundings({
    workloads,
    services,
    pods,
    spec,
    ...rest,
    mesh: {
      ...mesh([...installed, ...policies]),
      pods: (home) => all.filter(({ namespace }) => namespace === home),
      ...(observedCallers && { observedCallers }),
    },
  });
}

function callersOf(name: string, given: Surroundings): unknown {
  return guardedServices(given).find(({ service: each }) => each.name === name)?.callers;
}

function messages(id: string, given: Surroundings): readonly string[] {
  return istio
    .findings(given, 'Start')
    .filter((finding) => finding.id === id)
    .map(({ object, message }) => `${object}: ${message}`);
}

const webCallsApi = call({ to: 'shop/api', by: 'shop/default', workload: 'web' });

describe('callers from metrics', () => {
  it('are known where both the called and the namespace are scraped', () => {
    const given = shop(observed(webCallsApi, call({ to: 'shop/web', by: 'blog/reader' })));

    expect(callersOf('api', given)).toEqual({
      kind: 'Known',
      callers: [{ namespace: 'shop', serviceAccount: 'default', workload: 'web' }],
      from: 'Prometheus, last 7d',
      seen: true,
    });
    expect(callersOf('web', given)).toEqual({
      kind: 'Known',
      callers: [{ namespace: 'blog', serviceAccount: 'reader' }],
      from: 'Prometheus, last 7d',
      seen: true,
    });
    expect(messages('MM082', given)).toEqual([]);
  });

  it('come after what is declared and what policies name', () => {
    const metrics = observed(webCallsApi, reporter('shop/web'));
    const declared = migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] });

    expect(callersOf('api', shop(metrics, { spec: declared }))).toMatchObject({
      callers: [{ namespace: 'blog' }],
      from: 'spec.callers',
    });
    expect(callersOf('api', shop(metrics, { policies: [deny, allow('cluster.local/ns/other/sa/x')] }))).toMatchObject({
      callers: [{ namespace: 'other', serviceAccount: 'x' }],
      from: 'its ALLOW policies',
    });
  });

  it('are nobody where the sidecars of a Service report only what they call', () => {
    expect(callersOf('web', shop(observed(webCallsApi, reporter('shop/web'))))).toMatchObject({
      kind: 'Known',
      callers: [],
    });
  });

  it.each<[string, (namespace: string) => ObservedCallers, RegExp]>([
    [
      'a namespace in which no sidecar reports who called',
      observed(reporter('shop/web'), reporter('shop/api')),
      /no metric of the last 7d in which a sidecar of namespace shop reports who called it/,
    ],
    [
      'a namespace that only callers report',
      observed(call({ to: 'shop/web', by: 'blog/reader', reporter: 'source' })),
      /no metric of the last 7d in which a sidecar of namespace shop/,
    ],
    [
      'a namespace of which only others tell',
      observed(call({ to: 'shop/web', by: 'shop/default', in: 'mallory' })),
      /no metric of the last 7d in which a sidecar .* \(what was scraped in namespace mallory says something of them and is not believed: label namespace\)$/,
    ],
    [
      'a workload of which only others tell',
      observed(webCallsApi, reporter('shop/web', 'mallory')),
      /the sidecars of web reported nothing .* or they are not scraped \(what was scraped in namespace mallory says/,
    ],
    [
      'a workload that reports nothing',
      observed(webCallsApi),
      /the sidecars of web reported nothing to Prometheus in the last 7d/,
    ],
    [
      'callers without identity',
      observed(webCallsApi, call({ to: 'shop/web' }), {
        ...call({ to: 'shop/web' }),
        source_workload_namespace: 'legacy',
      }),
      /without an identity .*: of unknown origin, in namespace legacy/,
    ],
    [
      'a window that is not complete',
      () => ({ kind: 'Learning', window: '7d' }),
      /still being asked about the last 7d/,
    ],
    [
      'a server that does not answer',
      () => ({ kind: 'Unavailable', server: 'http://p', since: 0, why: 'it is gone' }),
      /does not tell \(MM088\)/,
    ],
  ])('are not known from %s', (_title, metrics, why) => {
    expect(callersOf('web', shop(metrics))).toMatchObject({ kind: 'Unknown', why: expect.stringMatching(why) });
    expect(callersOf('web', shop(metrics))).toMatchObject({
      why: expect.stringMatching(/^no ALLOW policy selects all its pods; /),
    });
    expect(messages('MM082', shop(metrics)).join()).toMatch(why);
  });

  it('need no report of a workload that has no pods, and one of a pod that is no workload', () => {
    const [web, asleep] = [
      workload({ serviceAccount: 'default' }),
      workload({ name: 'api', templateLabels: api, replicas: 0 }),
    ];
    const metrics = observed(call({ to: 'shop/web', by: 'blog/reader' }));
    const bare = pod({
      name: 'bare',
      uid: 'bare',
      labels: { ...injected.labels, ...api },
      owner: { kind: 'Job', name: 'once' },
    });

    expect(callersOf('api', shop(metrics, { workloads: [web, asleep], pods: [pod()] }))).toMatchObject({
      kind: 'Known',
      callers: [],
    });
    expect(callersOf('api', shop(metrics, { workloads: [web, asleep], pods: [pod(), bare] }))).toMatchObject({
      kind: 'Unknown',
      why: expect.stringContaining('the sidecars of once reported nothing'),
    });
  });

  it('need the word of ztunnel about pods in ambient: where it is not believed, nobody knows', () => {
    const ambient = {
      ...pod({ name: 'web-2', uid: 'web-2' }),
      annotations: { 'ambient.istio.io/redirection': 'enabled' },
      containers: ['app'],
    };
    const own = [webCallsApi, call({ to: 'shop/web', by: 'blog/reader' })];
    const elsewhere = call({ to: 'shop/web', by: 'web/front', in: 'ztunnel' });

    expect(callersOf('web', shop(observed(...own, elsewhere), { pods: [pod(), ambient] }))).toMatchObject({
      kind: 'Unknown',
      why: expect.stringMatching(/ztunnel tells who calls pods of web .*scraped in namespace ztunnel/),
    });
    expect(
      callersOf('web', shop(observed(...own, { ...elsewhere, namespace: 'istio-system' }), { pods: [pod(), ambient] })),
    ).toMatchObject({ kind: 'Known' });
    expect(callersOf('web', shop(observed(...own, elsewhere)))).toMatchObject({ kind: 'Known' });
  });

  it('know a workload by the name that its label gives it', () => {
    const renamed = workload({ name: 'api', templateLabels: { ...api, 'service.istio.io/workload-name': 'api-v2' } });
    const metrics = observed(call({ to: 'shop/api-v2', by: 'shop/default', workload: 'web' }), reporter('shop/web'));

    expect(callersOf('api', shop(metrics, { workloads: [workload(), renamed], pods: [pod()] }))).toMatchObject({
      kind: 'Known',
      callers: [{ workload: 'web' }],
    });
  });

  it('do not count the waypoint of an earlier attempt', () => {
    expect(
      callersOf('web', shop(observed(call({ to: 'shop/web', by: 'shop/waypoint', workload: 'waypoint' })))),
    ).toMatchObject({ kind: 'Known', callers: [] });
  });

  it('hold a namespace back while those of another one have sidecars, and say how they are known', () => {
    const reader = pod({ name: 'reader-1', uid: 'r', namespace: 'blog', serviceAccount: 'reader' });
    const given = shop(observed(webCallsApi, call({ to: 'shop/web', by: 'blog/reader' })), { more: [reader] });

    expect(messages('MM083', given)).toEqual([
      expect.stringMatching(/^Service shop\/web: .*: blog \(reader-1\), known from Prometheus, last 7d$/),
    ]);
  });
});

describe('callers that were seen and do not run now', () => {
  const nightly = observed(webCallsApi, call({ to: 'shop/web', by: 'batch/nightly' }));
  const withLabels = (given: Surroundings, labels: Readonly<Record<string, string>> | undefined): Surroundings => ({
    ...given,
    mesh: { ...given.mesh, labelsOf: (namespace) => (namespace === 'batch' ? labels : undefined) },
  });
  const injected = { 'istio-injection': 'enabled' };

  it('hold a namespace back where they get sidecars', () => {
    for (const labels of [injected, { 'istio.io/rev': 'canary' }]) {
      expect(messages('MM083', withLabels(shop(nightly), labels))).toEqual([
        'Service shop/web: callers without a sidecar now get one with their next pods, and would be refused then: batch/nightly, known from Prometheus, last 7d',
      ]);
    }
  });

  it.each<[string, Surroundings]>([
    [
      'they get none',
      withLabels(shop(nightly), {
        'istio-injection': 'disabled',
        'istio.io/rev': 'canary',
        'istio.io/dataplane-mode': 'ambient',
      }),
    ],
    ['their namespace is gone', withLabels(shop(nightly), undefined)],
    [
      'they run in ambient',
      withLabels(
        shop(nightly, {
          more: [
            pod({
              name: 'n',
              uid: 'n',
              namespace: 'batch',
              serviceAccount: 'nightly',
              labels: {},
              annotations: { 'ambient.istio.io/redirection': 'enabled' },
              containers: ['app'],
            }),
          ],
        }),
        injected,
      ),
    ],
    [
      'they are only named by a policy',
      withLabels(shop(nightly, { policies: [deny, allow('cluster.local/ns/batch/sa/nightly')] }), injected),
    ],
  ])('hold nothing back where %s', (_title, given) => {
    expect(messages('MM083', given)).toEqual([]);
  });
});

describe('the order of restarts', () => {
  it('tells workloads of one ServiceAccount apart, and says how it is known', () => {
    const given = shop(observed(webCallsApi, reporter('shop/web')));

    expect(messages('MM084', given)).toEqual([]);
    expect(plannedOrder(given)).toEqual([
      { kind: 'Deployment', name: 'web' },
      {
        kind: 'Deployment',
        name: 'api',
        why: 'after Deployment web, which calls it (Service api, by Prometheus, last 7d)',
      },
    ]);
  });

  it('takes everybody with the identity for a caller where the workload is not known', () => {
    const given = shop(
      observed(
        call({ to: 'shop/api', by: 'shop/default' }),
        call({ to: 'shop/web', by: 'shop/default', workload: 'long-gone' }),
      ),
    );

    expect(messages('MM084', given)).toHaveLength(1);
  });

  it('stays as it was stored at the start, whatever metrics tell later, and puts what is new last', () => {
    const order = [
      { kind: 'Deployment', name: 'api' },
      { kind: 'Deployment', name: 'web', why: 'after Deployment api' },
    ] as const;
    const late = workload({ name: 'late', templateLabels: { app: 'late' } });

    for (const metrics of [undefined, observed(webCallsApi, reporter('shop/web'))]) {
      expect(
        restartOrder(shop(metrics, { order, workloads: [late, ...workloads] })).workloads.map(({ name }) => name),
      ).toEqual(['api', 'web', 'late']);
    }
  });

  it('is no part of a plan in which nobody waits', () => {
    expect(plannedOrder(shop(observed(reporter('shop/web'), call({ to: 'shop/api', by: 'blog/reader' }))))).toEqual([]);
    expect(plannedOrder(shop(observed(webCallsApi), { policies: [] }))).toEqual([]);
  });
});

describe('callers that spec.callers leaves out', () => {
  const declared = migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'shop' }] }] });
  const reader = pod({ name: 'reader-1', uid: 'r', namespace: 'blog', serviceAccount: 'reader' });
  const metrics = observed(call({ to: 'shop/web', by: 'blog/reader' }), webCallsApi);

  it('are named with the Service and where it is known from', () => {
    expect(messages('MM087', shop(metrics, { spec: declared, more: [reader] }))).toEqual([
      'Service shop/web: spec.callers leaves out callers that were seen (Prometheus, last 7d), which would be refused while they have sidecars: blog/reader',
    ]);
  });

  it('count too when they are not running now, and when they have no identity', () => {
    expect(messages('MM087', shop(metrics, { spec: declared })).join()).toContain('blog/reader');
    expect(messages('MM087', shop(observed(call({ to: 'shop/web' })), { spec: declared })).join()).toContain(
      'somebody without an identity of unknown origin',
    );
  });

  it.each<[string, Surroundings]>([
    [
      'in ambient',
      shop(metrics, {
        spec: declared,
        more: [
          { ...reader, annotations: { 'ambient.istio.io/redirection': 'enabled' }, containers: ['app'], labels: {} },
        ],
      }),
    ],
    [
      'a gateway',
      shop(metrics, {
        spec: declared,
        more: [{ ...reader, annotations: { ...reader.annotations, 'inject.istio.io/templates': 'gateway' } }],
      }),
    ],
    [
      'refused by a policy today',
      shop(metrics, { spec: declared, more: [reader], policies: [deny, allow('cluster.local/ns/shop/sa/default')] }),
    ],
    [
      'declared',
      shop(metrics, {
        spec: migrationSpec({
          callers: [
            { namespace: 'shop', from: [{ namespace: 'shop' }, { namespace: 'blog', serviceAccount: 'reader' }] },
          ],
        }),
        more: [reader],
      }),
    ],
    ['seen where nothing is declared', shop(metrics, { more: [reader] })],
    ['unknown because there are no metrics', shop(undefined, { spec: declared, more: [reader] })],
  ])('are not those that are %s', (_title, given) => {
    expect(messages('MM087', given)).toEqual([]);
  });
});

describe('a Prometheus that does not tell', () => {
  it('is named with the reason, and since when if that is known', () => {
    expect(
      messages(
        'MM088',
        shop(() => ({ kind: 'Unavailable', server: 'http://p:9090', since: 0, why: 'it is gone' })),
      ),
    ).toEqual([
      'Namespace shop: Prometheus at http://p:9090 does not tell who calls since 1970-01-01T00:00:00Z: it is gone',
    ]);
    expect(
      messages(
        'MM088',
        shop(() => ({ kind: 'Unavailable', server: 'http://p:9090', why: 'it is young' })),
      ).join(),
    ).toContain('does not tell who calls: it is young');
  });

  it('does not matter to a namespace without a waypoint', () => {
    expect(
      messages(
        'MM088',
        shop(() => ({ kind: 'Unavailable', server: 'http://p', why: 'it is gone' }), { policies: [] }),
      ),
    ).toEqual([]);
  });
});
