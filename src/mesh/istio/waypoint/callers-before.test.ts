import { describe, expect, it } from '@jest/globals';
import {
  config,
  injected,
  installed,
  mesh,
  migrationSpec,
  plainPod,
  pod,
  scopeView,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import { call, observed, reporter } from '../../../../test/support/istio-metrics.ts';
import type { Surroundings } from '../../adapter.ts';
import type { CallersBefore } from '../../others.ts';
import type { ObservedCallers } from '../../telemetry.ts';
import type { ConfigView, TemplateView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { awaitsCallers } from './awaits.ts';

/** Nobody may DELETE: it needs HTTP, and says nothing of who calls. */
const deny = config('AuthorizationPolicy', {
  action: 'DENY',
  rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
});

const probe = { to: [{ operation: { paths: ['/healthz'] } }] };

function allow(principals: readonly string[], ...more: readonly unknown[]): ConfigView {
  const rules = [{ from: [{ source: { principals } }] }, ...more];
  return config('AuthorizationPolicy', { action: 'ALLOW', rules }, { name: 'allow' });
}

interface Given {
  readonly policies?: readonly ConfigView[];
  readonly metrics?: ObservedCallers;
  readonly before?: CallersBefore | undefined;
  readonly services?: Surroundings['services'];
  readonly spec?: Surroundings['spec'];
  /** What of `blog`, which is in scope but where it says otherwise, is there: one pod with a sidecar. */
  readonly blog?: Partial<{
    readonly pods: Surroundings['pods'];
    readonly workloads: Surroundings['workloads'];
    readonly otherTemplates: readonly TemplateView[];
    readonly moves: boolean;
    readonly labels: Surroundings['namespace']['labels'];
  }>;
}

const reader = pod({ namespace: 'blog', name: 'reader', uid: 'reader', serviceAccount: 'reader' });

function shop({ policies = [], metrics, before, services = [service()], spec, blog = {} }: Given): Surroundings {
  const { pods = [reader], workloads = [], otherTemplates = [], moves = true } = blog;
  const { labels = { 'istio-injection': 'enabled' } } = blog;
  const own = surroundings({ services });
  return {
    ...own,
    spec: spec ?? own.spec,
    scope: scopeView({ moves: (name) => name === 'blog' && moves, callersBefore: () => before }),
    mesh: {
      ...mesh([...installed, deny, ...policies]),
      pods: (name) => (name === 'blog' ? pods : own.pods),
      workloads: (name) => (name === 'blog' ? workloads : own.workloads),
      otherTemplates: (name) => (name === 'blog' ? otherTemplates : []),
      labelsOf: () => labels,
      ...(metrics && { observedCallers: () => metrics }),
    },
  };
}

function onTheWay(given: Given): ReturnType<typeof awaitsCallers> {
  return awaitsCallers({ ...shop(given), itinerary: 'L7' });
}

const bySpec = migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] });
const readers = allow(['cluster.local/ns/blog/sa/reader']);
const learning: ObservedCallers = { kind: 'Learning', window: '7d' };
const away: ObservedCallers = { kind: 'Unavailable', server: 'http://prometheus', why: 'no connection' };

describe('who called at the start', () => {
  it('is kept by account, and apart whom metrics saw', () => {
    const metrics = observed(call({ to: 'shop/web', by: 'blog/reader' }), reporter('shop/web'))('shop');

    expect(istio.callersBefore(shop({ policies: [readers] }))).toMatchObject({ named: ['blog/reader'], seen: [] });
    expect(istio.callersBefore(shop({ metrics }))).toMatchObject({ named: [], seen: ['blog/reader'] });
    expect(istio.callersBefore(shop({ spec: bySpec }))).toMatchObject({ named: ['blog'], seen: [] });
  });

  it('is kept of a Service of which it is not known now and was before, and of no other', () => {
    const before = istio.callersBefore(shop({ policies: [readers] }));

    expect(istio.callersBefore(shop({ before }))).toEqual(before);
    expect(istio.callersBefore(shop({}))).toEqual({ of: [], named: [], seen: [] });
  });

  it('is kept where sidecars are refused, and callers go first', () => {
    expect(istio.callersBefore({ ...shop({ policies: [readers] }), itinerary: 'L4' })).toBeUndefined();
    const spec = migrationSpec({ policies: { bypass: 'FailClosed' } });
    expect(istio.callersBefore(shop({ policies: [readers], spec }))).toBeUndefined();
  });

  it('is namespaces where there are many accounts, and nothing where there are many of these', () => {
    const many = (count: number, of: (index: number) => string): readonly string[] =>
      Array.from({ length: count }, (_, index) => `cluster.local/ns/${of(index)}`);

    expect(istio.callersBefore(shop({ policies: [allow(many(900, (index) => `blog/sa/reader-${index}`))] }))).toEqual(
      expect.objectContaining({ named: ['blog'] }),
    );
    const policies = [allow(many(900, (index) => `blog-${index}/sa/reader`))];
    expect(istio.callersBefore(shop({ policies }))).toBeUndefined();
  });
});

describe('before the labels change', () => {
  const before = istio.callersBefore(shop({ policies: [readers] }));

  it.each<[string, Given]>([
    ['the policy is away', {}],
    ['a rule for everybody stands beside', { policies: [allow(['cluster.local/ns/blog/sa/reader'], probe)] }],
    ['metrics are still asked for', { metrics: learning }],
    ['Prometheus is away', { metrics: away }],
  ])('those who were known are waited for: %s', (_what, given) => {
    expect(onTheWay({ ...given, before })).toMatchObject({ stuck: false, namespaces: ['blog'] });
  });

  it('it goes on when they have gone', () => {
    expect(onTheWay({ before, blog: { pods: [] } })).toBeUndefined();
  });

  it.each<[string, Given, boolean]>([
    ['while metrics are asked for, for nobody', { metrics: learning }, false],
    ['where Prometheus is away', { metrics: away }, true],
    ['without a policy', {}, true],
    ['of a Service that came since', { before, services: [service(), service({ name: 'new', uid: 'new' })] }, true],
  ])('it waits where nobody knows, and nobody knew: %s', (_what, given, stuck) => {
    const awaited = onTheWay({ ...given, blog: { pods: [] } });

    expect(awaited).toMatchObject({ stuck });
    expect(awaited?.message).toContain('nobody knows who calls Service');
    expect(awaited?.message).toContain('spec.callers');
    expect(onTheWay({ ...given, spec: bySpec, blog: { pods: [] } })).toBeUndefined();
  });

  it('whoever is named beside what is open is waited for, known before or not', () => {
    const policies = [allow(['cluster.local/ns/blog/sa/reader'], probe)];

    expect(onTheWay({ policies })?.namespaces).toEqual(['blog']);
  });
});

describe('what metrics tell', () => {
  const seen = observed(call({ to: 'shop/web', by: 'shop/cart' }), reporter('shop/web'))('shop');

  it('makes nobody of those whom a policy names beside what is open', () => {
    const policies = [allow(['cluster.local/ns/blog/sa/reader'], probe)];

    expect(onTheWay({ policies, metrics: seen })?.namespaces).toEqual(['blog']);
    expect(istio.callersBefore(shop({ policies, metrics: seen }))).toMatchObject({
      named: ['blog/reader'],
      seen: ['shop/cart'],
    });
  });

  it('makes nobody of those who were known at the start', () => {
    const metrics = observed(call({ to: 'shop/web', by: 'blog/reader' }), reporter('shop/web'))('shop');
    for (const before of [{ policies: [readers] }, { metrics }].map((given) => istio.callersBefore(shop(given))))
      expect(onTheWay({ before, metrics: seen })?.namespaces).toEqual(['blog']);
    const before = istio.callersBefore(shop({ metrics }));
    expect(istio.callersOf('shop', shop({ before, metrics: seen }))).toMatchObject({ namespaces: ['blog', 'shop'] });
  });

  it('tells more of a namespace that a policy lets call itself as a whole: else there would be no order', () => {
    const all = config(
      'AuthorizationPolicy',
      { action: 'ALLOW', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }, probe] },
      { name: 'allow' },
    );

    expect(istio.callersBefore(shop({ policies: [all], metrics: seen }))).toMatchObject({
      named: [],
      seen: ['shop/cart'],
    });
  });

  it('has those named before the start who would be refused, and counts them among those who call the namespace', () => {
    const given = { policies: [allow(['cluster.local/ns/blog/sa/reader'], probe)], metrics: seen };

    expect(messages(shop({ ...given, blog: { moves: false } }))).toEqual([
      expect.stringContaining('callers with sidecars go past a waypoint and would be refused: blog'),
    ]);
    expect(istio.callersOf('shop', shop(given))).toMatchObject({ kind: 'Known', namespaces: ['blog', 'shop'] });
  });
});

describe('callers without a pod', () => {
  const template = {
    namespace: 'blog',
    name: 'reader',
    uid: 'reader',
    serviceAccount: 'reader',
    templateLabels: injected.labels,
  };
  const other = { ...workload(template), kind: 'CronJob' } as TemplateView;

  const apart = { templateLabels: { 'sidecar.istio.io/inject': 'false' } };

  it.each<[string, Given['blog'], boolean]>([
    ['a Deployment that is being replaced', { workloads: [workload(template)] }, true],
    ['one at zero', { workloads: [workload({ ...template, replicas: 0 })] }, true],
    ['one at zero that nobody moves', { workloads: [workload({ ...template, replicas: 0 })], moves: false }, true],
    ['one that nobody moves', { workloads: [workload(template)], moves: false }, true],
    ['a CronJob between two runs', { otherTemplates: [other] }, true],
    ['one that nobody moves, between two runs', { otherTemplates: [other], moves: false }, true],
    ['one of another account', { otherTemplates: [{ ...other, serviceAccount: 'other' }] }, false],
    ['one that asks for no sidecar', { workloads: [workload({ ...template, ...apart })] }, false],
    ['nothing', {}, false],
  ])('count by their templates: %s', (_what, blog, waits) => {
    const awaited = onTheWay({ policies: [readers], blog: { pods: [], ...blog } });

    expect(awaited !== undefined).toBe(waits);
  });

  it.each<[string, Given['blog']]>([
    ['a CronJob', { otherTemplates: [other] }],
    ['a workload at zero', { workloads: [workload({ ...template, replicas: 0 })] }],
    [
      'one whose pods have none yet',
      {
        workloads: [workload(template)],
        pods: [
          plainPod({ namespace: 'blog', serviceAccount: 'reader', owner: { kind: 'Deployment', name: 'reader' } }),
        ],
      },
    ],
  ])('are named before the start where nobody moves them: %s', (_what, blog) => {
    const told = messages(shop({ policies: [readers], blog: { pods: [], ...blog, moves: false } }));

    expect(told).toEqual([
      expect.stringContaining('get one with their next pods, and would be refused then: blog/reader'),
    ]);
  });

  it('are named once where some of theirs have sidecars', () => {
    const told = messages(shop({ policies: [readers], blog: { workloads: [workload(template)], moves: false } }));

    expect(told).toEqual([expect.stringContaining('callers with sidecars go past a waypoint')]);
  });

  it('are said to be without one by who waits for them', () => {
    const awaited = onTheWay({ policies: [readers], blog: { pods: [], otherTemplates: [other] } });

    expect(awaited?.message).toContain(
      'its callers in blog (no sidecar now, but with their next pods: blog) are in scope',
    );
  });
});

describe('callers outside the mesh that the user declares', () => {
  const apart = { 'sidecar.istio.io/inject': 'false' };
  const none = { ...apart, 'istio.io/dataplane-mode': 'none' };
  const outsider = plainPod({ namespace: 'blog', name: 'reader', uid: 'reader', labels: apart });
  const template = { namespace: 'blog', name: 'reader', serviceAccount: 'reader', templateLabels: apart };
  const job = { ...workload(template), kind: 'CronJob' } as TemplateView;

  it.each<[string, Given['blog'], boolean]>([
    ['a pod', { pods: [outsider] }, true],
    ['a Deployment that is being replaced', { workloads: [workload(template)] }, true],
    ['one at zero', { workloads: [workload({ ...template, replicas: 0 })] }, true],
    ['a CronJob between two runs', { otherTemplates: [job] }, true],
    [
      'one in scope that opts out of that too',
      { otherTemplates: [{ ...job, templateLabels: none }], moves: true },
      true,
    ],
    ['nothing', {}, false],
  ])('are told before the start, and held before the labels change: %s', (_what, blog, waits) => {
    const given = { spec: bySpec, blog: { pods: [], moves: false, ...blog } };
    const told = expect.stringContaining('outside the mesh never use a waypoint and would be refused for good: blog');

    expect(messages(shop(given))).toEqual(waits ? [told] : []);
    expect(onTheWay(given)).toEqual(waits ? { stuck: true, message: told } : undefined);
  });

  it.each<[string, Given['blog']]>([
    ['a CronJob between two runs', { otherTemplates: [job] }],
    ['a Deployment at zero', { workloads: [workload({ ...template, replicas: 0 })] }],
  ])('are waited for, and told so, while they sleep in a namespace that has yet to move: %s', (_what, blog) => {
    const given = { spec: bySpec, blog: { pods: [], ...blog } };

    expect(messages(shop(given))).toEqual([]);
    expect(messages(shop(given), 'MM101')).toEqual([expect.stringContaining('its callers blog are in scope')]);
    expect(onTheWay(given)).toEqual({
      stuck: false,
      namespaces: ['blog'],
      message: expect.stringContaining('outside the mesh with their next pods until they have moved: blog'),
    });
  });

  it('hold nobody once their namespace has moved, where they wake in ambient', () => {
    const given = {
      spec: bySpec,
      blog: { pods: [], otherTemplates: [job], labels: { 'istio.io/dataplane-mode': 'ambient' } },
    };

    expect(onTheWay(given)).toBeUndefined();
  });
});

/** What one of the checks says before the start. */
function messages(given: Surroundings, of = 'MM083'): readonly string[] {
  return istio
    .findings(given, 'Start')
    .filter(({ id }) => id === of)
    .map(({ message }) => message);
}
