import { describe, expect, it } from '@jest/globals';
import { ambientUi, besideDash, networkPolicy, ui } from '../../../../test/support/network-policy-examples.ts';
import { oneIn } from '../../../../test/support/sample.ts';
import {
  captured,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Finding } from '../../../api/common.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { stepsTaken } from '../../../base/effort.ts';
import { cutsOf } from './cuts.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function pods(count: number, labels: (index: number) => PodView['labels'], namespace = 'shop'): readonly PodView[] {
  return times(count, (index) =>
    pod({ name: `p${index}`, uid: `${namespace}-p${index}`, namespace, labels: { ...pod().labels, ...labels(index) } }),
  );
}

/** Policies of which nobody can tell within one look, beside thousands of pods that they tell apart. */
function tooMuch(namespace: string): readonly ConfigView[] {
  return times(400, (index) =>
    networkPolicy(
      {
        podSelector: { matchLabels: { pod: `${index}` } },
        ingress: times(100, (at) => ({
          from: [{ podSelector: { matchLabels: { pod: `${at}` } } }],
          ports: [{ port: 1 }],
        })),
      },
      { name: `p${index}`, uid: `${namespace}-p${index}`, namespace },
    ),
  );
}

/** Several others beside `shop`, whose lists stay the same for as long as nothing there changes. */
function beside(
  all: Readonly<Record<string, { readonly configs: readonly ConfigView[]; readonly pods: readonly PodView[] }>>,
  own: readonly ConfigView[] = [],
): Surroundings {
  const given = besideDash([...own, ...Object.values(all).flatMap(({ configs }) => configs)]);
  const lists = new Map<string, readonly ConfigView[]>();
  const none: readonly never[] = [];
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => ['shop', ...Object.keys(all)],
      labelsOf: () => ({ 'istio-injection': 'enabled' }),
      configs: (kind, home) => {
        const key = `${kind} ${home}`;
        const list = lists.get(key) ?? given.mesh.configs(kind, home);
        lists.set(key, list);
        return list;
      },
      pods: (name) => all[name]?.pods ?? none,
      workloads: () => none,
      otherTemplates: () => none,
      services: () => none,
    },
  };
}

/** An application of its own for each pod, with a policy for each and one that denies the others. */
function honest(
  name: string,
  apps: number,
): { readonly configs: readonly ConfigView[]; readonly pods: readonly PodView[] } {
  const at = (policy: string): Partial<ConfigView> => ({ name: policy, uid: `${name}-${policy}`, namespace: name });
  return {
    pods: pods(apps, (index) => ({ app: `a${index}` }), name),
    configs: [
      networkPolicy({ ingress: [] }, at('deny')),
      ...times(apps, (index) =>
        networkPolicy(
          {
            podSelector: { matchLabels: { app: `a${index}` } },
            ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8080 }, { port: 15008 }] }],
          },
          at(`a${index}`),
        ),
      ),
    ],
  };
}

/** Steps that it takes. */
function stepsOf(given: Surroundings): number {
  const before = stepsTaken();
  cutsOf(given);
  return stepsTaken() - before;
}

describe('what NetworkPolicies cut off', () => {
  it('is told of thousands of pods with few labels, beside hundreds of policies', () => {
    const policies = times(500, (index) =>
      networkPolicy({ ingress: [{ ports: [{ port: 8000 + index }] }] }, { name: `p${index}`, uid: `p${index}` }),
    );
    const given = besideDash(
      policies,
      { pods: pods(5000, (index) => ({ app: `u${index % 10}`, 'pod-template-hash': `h${index}` }), 'dash') },
      { pods: pods(10_000, (index) => ({ app: `w${index % 10}`, 'pod-template-hash': `h${index}` })) },
    );

    expect(stepsOf(given)).toBeLessThan(150_000);
    expect(cutsOf(given)).toMatchObject({ untold: [] });
    expect(cutsOf(given).tooLarge).toBeUndefined();
    expect(cutsOf(given).lost.length).toBeGreaterThan(0);
  });

  it('is told beside hundreds of namespaces', () => {
    const names = times(800, (index) => `n${index}`);
    const there = new Map(names.map((name) => [name, pods(20, (index) => ({ app: `u${index % 5}` }), name)]));
    const given = besideDash(
      times(10, (index) =>
        networkPolicy({ ingress: [{ ports: [{ port: 8080 + index }] }] }, { name: `p${index}`, uid: `p${index}` }),
      ),
    );
    const mesh = {
      ...given.mesh,
      inhabitedNamespaces: () => names,
      pods: (name: string) => there.get(name) ?? [],
      labelsOf: () => ({ 'istio-injection': 'enabled' }),
    };
    const all = { ...given, mesh };

    expect(stepsOf(all)).toBeLessThan(150_000);
    expect(cutsOf(all).untold).toEqual([]);
    expect(cutsOf(all).lost.length).toBeGreaterThan(800);
  });

  it('is MM119 where the namespace itself has too much of it', () => {
    const policies = times(400, (index) =>
      networkPolicy(
        {
          podSelector: { matchLabels: { pod: `${index}` } },
          ingress: times(100, (at) => ({
            from: [{ podSelector: { matchLabels: { pod: `${at}` } } }],
            ports: [{ port: 1 }],
          })),
        },
        { name: `p${index}`, uid: `p${index}` },
      ),
    );
    const given = surroundings({ pods: pods(2000, (index) => ({ pod: `${index}` })) }, policies);

    expect(stepsOf(given)).toBeLessThan(1_500_000);
    expect(cutsOf(given).tooLarge).toBe(true);
    expect(istio.findings(given, 'Start')).toContainEqual(
      expect.objectContaining({ id: 'MM119', severity: 'Critical', object: 'Namespace shop' }),
    );
  });

  it('is not judged where others have too much of it', () => {
    const theirs = tooMuch('dash');
    const given = besideDash(theirs, { pods: pods(2000, (index) => ({ pod: `${index}` }), 'dash') });

    expect(cutsOf(given)).toMatchObject({ untold: [{ name: 'dash', matters: true }], lost: [] });
    expect(istio.findings(given, 'Start').filter(({ id }) => id === 'MM139' || id === 'MM119')).toEqual([
      expect.objectContaining({ severity: 'Critical', object: 'NetworkPolicy dash/*' }),
    ]);
  });

  it('of others that nobody has judged is accepted with the digest of all that stands there', () => {
    const theirs = tooMuch('dash');
    const untold = (policies: typeof theirs, more: Parameters<typeof besideDash>[2] = {}): Finding | undefined =>
      istio
        .findings(besideDash(policies, { pods: pods(2000, (index) => ({ pod: `${index}` }), 'dash') }, more), 'Start')
        .find(({ id }) => id === 'MM139');
    const { fix = '' } = untold(theirs) ?? {};
    const [, digest] = /\{finding: MM139, object: NetworkPolicy dash\/\*, digest: ([a-f0-9]{32})\}/.exec(fix) ?? [];
    const spec = migrationSpec({ accept: [{ finding: 'MM139', object: 'NetworkPolicy dash/*', digest }] });

    expect(digest).toBeDefined();
    expect(untold(theirs, { spec })?.severity).toBe('Warning');
    expect(
      untold([...theirs, networkPolicy({ ingress: [] }, { name: 'new', uid: 'new', namespace: 'dash' })], { spec })
        ?.severity,
    ).toBe('Critical');
  });

  it('is a warning where nobody who is known to call is among those of whom it takes too long to tell', () => {
    const rules = times(100, (at) => ({
      from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: `${at}` } } }],
      ports: [{ port: 8080 + at }],
    }));
    const own = (ingress: readonly object[]): readonly ReturnType<typeof networkPolicy>[] =>
      times(30, (index) => networkPolicy({ ingress }, { name: `p${index}`, uid: `p${index}` }));
    const many = { pods: pods(2000, (index) => ({ pod: `${index}` }), 'dash') };
    const named = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'dash' } } };

    expect(cutsOf(besideDash(own(rules), many)).untold).toEqual([{ name: 'dash', matters: false }]);
    expect(cutsOf(besideDash(own([...rules, { from: [named] }]), many)).untold).toEqual([
      { name: 'dash', matters: true },
    ]);
  });

  it('names one finding for each policy, and every pair once', () => {
    const given = besideDash([
      networkPolicy({ ingress: [{ ports: [{ port: 8080 }] }] }),
      networkPolicy(
        { policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }], ports: [{ port: 8080 }] }] },
        { name: 'out' },
      ),
    ]);
    const found = istio.findings(given, 'Start').filter(({ id }) => id === 'MM139');

    expect(found.map(({ object }) => object)).toEqual(['NetworkPolicy shop/only', 'NetworkPolicy shop/out']);
    expect(found[0]?.message.match(/shop\/web to shop\/web/g)).toHaveLength(1);
  });

  it('is accepted of others as it is, with its digest', () => {
    const theirs = networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, { namespace: 'dash' });
    const [blocking] = istio.findings(besideDash([theirs]), 'Start').filter(({ id }) => id === 'MM139');
    const [, digest] = /digest: ([a-f0-9]{32})/.exec(blocking?.fix ?? '') ?? [];
    const accepted = (policy: typeof theirs): Surroundings =>
      besideDash(
        [policy],
        {},
        { spec: migrationSpec({ accept: [{ finding: 'MM139', object: 'NetworkPolicy dash/only', digest }] }) },
      );
    const severity = (given: Surroundings): unknown =>
      istio.findings(given, 'Start').find(({ id }) => id === 'MM139')?.severity;

    expect(blocking?.severity).toBe('Critical');
    expect(severity(accepted(theirs))).toBe('Warning');
    expect(severity(accepted({ ...theirs, spec: { ...theirs.spec, ingress: [{ ports: [{ port: 3001 }] }] } }))).toBe(
      'Critical',
    );
  });

  it('holds what is on its way, and takes it back only for what is its own', () => {
    const own = networkPolicy({ ingress: [{ ports: [{ port: 8080 }] }] });
    const theirs = networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, { namespace: 'dash' });
    const severities = (given: Surroundings, when: 'UnderWay' | 'AtRest'): readonly string[] =>
      istio.findings(given, when).flatMap(({ id, severity }) => (id === 'MM139' ? [severity] : []));
    const moving = { itinerary: 'L4', pods: [pod()] } as const;

    expect(severities(besideDash([own], {}, moving), 'UnderWay')).toEqual(['Critical']);
    expect(severities(besideDash([theirs], {}, moving), 'UnderWay')).toEqual(['Warning']);
    expect(severities(besideDash([theirs], {}, moving), 'AtRest')).toEqual(['Warning']);
    expect(istio.unready(besideDash([theirs], {}, moving))).toMatchObject({ others: true, finding: { id: 'MM139' } });
    expect(istio.unfit(besideDash([theirs], {}, moving), workload())).toMatchObject({ others: true });
  });

  it('is critical out of ambient where nobody would get through, and told at rest beforehand', () => {
    const ambient = { 'istio.io/dataplane-mode': 'ambient' };
    const severityOf = (...rules: readonly object[]): unknown =>
      istio
        .findings(
          besideDash(
            [networkPolicy({ ingress: rules })],
            {},
            {
              route: { from: 'IstioAmbient', to: 'IstioSidecar' },
              namespace: namespace({ labels: ambient }),
              pods: [plainPod(captured)],
            },
          ),
          'Start',
        )
        .find(({ id }) => id === 'MM139')?.severity;
    const rest = besideDash(
      [networkPolicy({ ingress: [{ ports: [{ port: 15008 }] }] })],
      {},
      {
        itinerary: 'L4',
        namespace: namespace({ labels: ambient }),
        pods: [plainPod(captured)],
        route: { from: 'None', to: 'IstioAmbient' },
        back: { 'istio.io/dataplane-mode': null },
      },
    );

    expect(severityOf({ ports: [{ port: 15008 }] })).toBe('Critical');
    expect(severityOf({ ports: [{ port: 15008 }] }, { from: [{ podSelector: {} }], ports: [{ port: 8080 }] })).toBe(
      'Warning',
    );
    expect(istio.findings(rest, 'AtRest').filter(({ id }) => ['MM124', 'MM139'].includes(id))).toEqual([
      expect.objectContaining({ id: 'MM124', object: 'NetworkPolicy shop/only' }),
    ]);
    expect(istio.noWayBack(rest)).toBeUndefined();
    expect(istio.unreadyBack(rest, false)).toBeUndefined();
  });

  it('asks what wakes by its template', () => {
    const given = besideDash([networkPolicy({ ingress: [{ ports: [{ port: 'http' }] }] })], { pods: [] }, { pods: [] });

    expect(cutsOf(given).lost.map(({ port }) => port)).toEqual([8080]);
  });

  it('is nothing new between two that are in ambient already', () => {
    const policy = networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, { namespace: 'dash' });
    const callers = migrationSpec({ callers: [{ namespace: 'shop', from: [] }] });

    expect(cutsOf(besideDash([policy], { pods: [ambientUi] }, { spec: callers })).lost).toEqual([]);
    expect(cutsOf(besideDash([policy], { pods: [ui] }, { spec: callers })).lost).toHaveLength(1);
  });
});

describe('what NetworkPolicies of many others cut off', () => {
  /** A policy that cuts off what `shop` calls there. */
  const at = (name: string): ReturnType<typeof honest> => ({
    configs: [networkPolicy({ ingress: [{ ports: [{ port: 8080 }] }] }, { name: 'bank', namespace: name })],
    pods: pods(1, () => ({ app: 'ledger' }), name),
  });
  /** It takes about half of what one namespace may, beside forty applications. */
  const half = (name: string): ReturnType<typeof honest> => ({
    configs: times(100, (index) =>
      networkPolicy(
        {
          podSelector: { matchLabels: { pod: `${index}` } },
          ingress: times(30, (each) => ({
            from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: `a${each}` } } }],
            ports: [{ port: 9000 + each }, { port: 15008 }],
          })),
        },
        { name: `p${index}`, uid: `${name}-p${index}`, namespace: name },
      ),
    ),
    pods: pods(100, (index) => ({ pod: `${index}` }), name),
  });
  const large = (name: string): ReturnType<typeof honest> => ({
    configs: tooMuch(name),
    pods: pods(2000, (index) => ({ pod: `${index}` }), name),
  });
  const lostAt = (given: Surroundings): readonly string[] => [
    ...new Set(cutsOf(given).lost.map(({ policy }) => `${policy.namespace}/${policy.name}`)),
  ];

  it.each(oneIn(2, [['a'], ['z']]))('is told of each, whatever takes too long of the others: %s', (letter) => {
    const names = times(6, (index) => `${letter}${index}`);
    const given = beside({ bank: at('bank'), ...Object.fromEntries(names.map((name) => [name, large(name)])) });

    expect(lostAt(given)).toEqual(['bank/bank']);
    expect(cutsOf(given).untold.map(({ name }) => name)).toEqual(names);
    expect(
      istio.findings(given, 'Start').filter(({ id, severity }) => id === 'MM139' && severity === 'Critical'),
    ).toHaveLength(7);
  });

  it('takes no longer than a second or two in one look, and is told of all in several, the smallest first', () => {
    const names = times(30, (index) => `a${index}`);
    const all = beside({ zbank: at('zbank'), ...Object.fromEntries(names.map((name) => [name, half(name)])) });
    const given = { ...all, pods: honest('shop', 40).pods };
    const looks = times(5, () => {
      const look = { ...given };
      return { steps: stepsOf(look), untold: cutsOf(look).untold.length, lost: lostAt(look) };
    });

    expect(looks.map(({ untold }) => untold)).toEqual(looks.map(({ untold }) => untold).toSorted((a, b) => b - a));
    expect(looks[0]?.untold).toBeGreaterThan(10);
    expect(looks.at(-1)?.untold).toBe(0);
    expect(looks.every(({ lost }) => lost.includes('zbank/bank'))).toBe(true);
    expect(looks.slice(1).every(({ steps }) => steps < 2_300_000)).toBe(true);
  });

  it('is told of each in its turn where what was told counts no more, because the own pods change', () => {
    const names = times(30, (index) => `b${index}`);
    const given = beside(Object.fromEntries(names.map((name) => [name, half(name)])));
    const untold = times(3, () => {
      const { untold: all } = cutsOf({ ...given, pods: honest('shop', 40).pods });
      return new Set(all.map(({ name }) => name));
    });

    expect(untold.every(({ size }) => size > 5)).toBe(true);
    expect(names.filter((name) => untold.every((all) => all.has(name)))).toEqual([]);
  });

  it('is told of one behind hundreds, and remembered while nothing there changes', () => {
    const { configs, pods: ours } = honest('shop', 20);
    const others = Object.fromEntries(times(200, (index) => [`n${index}`, honest(`n${index}`, 20)]));
    const given = { ...beside({ ...others, zbank: at('zbank') }, configs), pods: ours };
    const [first, again] = [stepsOf({ ...given }), stepsOf({ ...given })];

    expect(lostAt(given)).toEqual(['zbank/bank']);
    expect(cutsOf(given).untold).toEqual([]);
    expect(first).toBeLessThan(200_000);
    expect(again).toBeLessThan(first / 20);
  });

  it('is remembered too where it takes too long to tell', () => {
    const given = beside({ dash: large('dash') });
    const [first, again] = [stepsOf({ ...given }), stepsOf({ ...given })];

    expect(first).toBeGreaterThan(100_000);
    expect(again).toBeLessThan(100);
    expect(cutsOf({ ...given }).untold).toEqual([{ name: 'dash', matters: true }]);
  });

  it('is told anew when anything of that changes', () => {
    const dash = {
      pods: [ui],
      configs: [networkPolicy({ ingress: [{ ports: [{ port: 3000 }] }] }, { namespace: 'dash' })],
    };
    const given = beside({ dash });
    const cutOff = (changed: Surroundings): number =>
      cutsOf(changed).lost.filter(({ policy }) => policy.namespace === 'dash').length;
    const { mesh } = given;
    const opened = networkPolicy({ ingress: [{ ports: [{ port: 3000 }, { port: 15008 }] }] }, { namespace: 'dash' });
    const labelled = networkPolicy(
      { ingress: [{ from: [{ namespaceSelector: { matchLabels: { a: 'b' } } }], ports: [{ port: 3000 }] }] },
      { namespace: 'dash' },
    );

    expect(cutOff({ ...given })).toBe(1);
    expect(cutOff({ ...given, mesh: beside({ dash: { ...dash, configs: [opened] } }).mesh })).toBe(0);
    expect(cutOff({ ...given, mesh: { ...mesh, pods: () => [ambientUi] } })).toBe(0);
    expect(cutOff({ ...given, route: { from: 'IstioAmbient', to: 'IstioSidecar' } })).toBe(0);
    expect(cutOff({ ...given, spec: migrationSpec({ callers: [{ namespace: 'dash', from: [] }] }) })).toBe(0);

    const asking = beside({ dash: { ...dash, configs: [labelled] } });

    expect(cutOff({ ...asking })).toBe(0);
    expect(cutOff({ ...asking, namespace: namespace({ labels: { 'istio-injection': 'enabled', a: 'b' } }) })).toBe(1);
    expect(cutOff({ ...given })).toBe(1);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    [
      'blocks',
      {
        ingress: [
          {
            from: times(20_000, (at) => ({ ipBlock: { cidr: `10.${at % 250}.${Math.floor(at / 250)}.0/24` } })),
            ports: [{ port: 8080 }],
          },
        ],
      },
    ],
    [
      'what a block leaves out',
      {
        ingress: [
          {
            from: [
              {
                ipBlock: {
                  cidr: '10.0.0.0/8',
                  except: times(20_000, (at) => `10.${at % 250}.${Math.floor(at / 250)}.0/25`),
                },
              },
            ],
            ports: [{ port: 8080 }],
          },
        ],
      },
    ],
    [
      'ports',
      {
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: times(5000, (at) => ({ port: 1024 + at })) }],
        egress: [{ ports: times(5000, (at) => ({ port: 20_000 + at })) }],
      },
    ],
    [
      'values',
      {
        podSelector: {
          matchExpressions: [{ key: 'app', operator: 'NotIn', values: times(100_000, (at) => `v${at}`) }],
        },
        ingress: [{ ports: [{ port: 8080 }] }],
      },
    ],
    [
      'expressions',
      {
        podSelector: { matchExpressions: times(10_000, (at) => ({ key: `k${at}`, operator: 'DoesNotExist' })) },
        ingress: [{ ports: [{ port: 8080 }] }],
      },
    ],
  ])('is told beside a megabyte of one tenant, in few steps: %s', (_, spec) => {
    const theirs = pods(2000, (index) => ({ app: `x${index}` }), 'dash');
    const given = beside({
      bank: at('bank'),
      dash: { configs: [networkPolicy(spec, { namespace: 'dash' })], pods: theirs },
    });
    const [first, again] = [stepsOf({ ...given }), stepsOf({ ...given })];

    expect(lostAt(given)).toContain('bank/bank');
    expect(first).toBeLessThan(100_000);
    expect(again).toBeLessThan(100);
  });
});
