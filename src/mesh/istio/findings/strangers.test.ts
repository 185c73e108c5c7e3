import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  installed,
  mesh,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  root,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { istio } from '../adapter.ts';

type Spec = Readonly<Record<string, unknown>>;

const stranger = { namespace: 'mallory', name: 'evil' };

function evil(kind: string, spec: Spec): ConfigView {
  return config(kind, spec, stranger);
}

const toShop = { hosts: ['web.shop.svc.cluster.local'] };
const route = evil('VirtualService', toShop);
const rule = { host: 'web.shop.svc.cluster.local', trafficPolicy: { outlierDetection: {} } };

/** The entries of spec.accept that the fix of a finding says, for the object alone or for all beside it. */
function entriesOf(
  given: Surroundings,
  id: string,
  which: 'One' | 'All' = 'One',
): readonly Readonly<Record<string, string>>[] {
  return istio
    .findings(given, 'Start')
    .filter((each) => each.id === id)
    .flatMap(({ fix }) => {
      const entries = [...fix.matchAll(/{finding: (MM\d+), object: ([^,]+), digest: (\w+)}/g)].map(
        ([, finding = '', object = '', digest = '']) => ({ finding, object, digest }),
      );
      return entries.filter(({ object }) => object.endsWith('/*') === (which === 'All'));
    });
}

/** Severity and message of what is said of the stranger's object. */
function said(given: Surroundings, when: Parameters<typeof istio.findings>[1] = 'Start'): readonly string[] {
  return istio
    .findings(given, when)
    .filter(({ object }) => object.endsWith(' mallory/evil'))
    .map(({ id, severity, message }) => `${severity} ${id} ${message}`);
}

const itineraries = ['L4', 'L7'] as const;
const denyDelete = config('AuthorizationPolicy', {
  action: 'DENY',
  rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
});

/** Under way, behind a waypoint or not. */
function underWay(itinerary: 'L4' | 'L7', ...configs: readonly ConfigView[]): Surroundings {
  return surroundings({ itinerary }, itinerary === 'L7' ? [denyDelete, ...configs] : configs);
}

function isHeld({ finding, others }: { readonly finding: { readonly id: string }; readonly others: boolean }): string {
  return `${finding.id} ${others ? 'of others' : ''}`;
}

describe.each(itineraries)('in a namespace of others, on the way with %s', (itinerary) => {
  it.each<[string, ConfigView]>([
    ['a VirtualService kept private', evil('VirtualService', { ...toShop, exportTo: ['.'] })],
    ['one kept private for everything', evil('VirtualService', { hosts: ['*'], exportTo: ['mallory'] })],
    ['a DestinationRule', evil('DestinationRule', rule)],
    ['one for every Service', evil('DestinationRule', { ...rule, host: '*.svc.cluster.local' })],
    ['one kept private', evil('DestinationRule', { ...rule, exportTo: ['.'] })],
    ['a consumer route', evil('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'web', namespace: 'shop' }] })],
    [
      'a consumer route for gRPC',
      evil('GRPCRoute', { parentRefs: [{ kind: 'Service', name: 'web', namespace: 'shop' }] }),
    ],
  ])('%s concerns only calls from there, and is named', (_title, object) => {
    const given = underWay(itinerary, object);
    expect(said(given)).toEqual([
      expect.stringMatching(/^Warning MM03[012] only calls from mallory follow it, none from shop/),
    ]);
    expect([istio.unready(given), istio.unfit(given, workload())]).toEqual([undefined, undefined]);
  });

  it.each<[string, ConfigView]>([
    ['for a Service', route],
    ['for everything', evil('VirtualService', { hosts: ['*'] })],
    ['for every Service', evil('VirtualService', { hosts: ['*.svc.cluster.local'], exportTo: ['*'] })],
  ])('a VirtualService %s that is visible is critical at the start only, unless it is accepted', (_title, object) => {
    const given = underWay(itinerary, object);
    expect(said(given)).toEqual([expect.stringMatching(/^Critical MM030 .*calls from shop follow it today/)]);
    for (const when of ['UnderWay', 'AtRest'] as const)
      expect(said(given, when)).toEqual([expect.stringMatching(/^Warning MM030/)]);
    expect([istio.unready(given), istio.unfit(given, workload())]).toEqual([undefined, undefined]);
    const accept = [{ finding: 'MM030', object: 'VirtualService mallory/evil' }];
    expect(said({ ...given, spec: migrationSpec({ accept }) })).toEqual([
      expect.stringMatching(/^Warning MM030 accepted by spec.accept: /),
    ]);
  });
});

describe('a VirtualService of others', () => {
  const egress = (hosts: readonly string[], more: Spec = {}): ConfigView =>
    config('Sidecar', { egress: [{ hosts }], ...more }, { name: 'default' });

  it('makes no waypoint, and is none of its business', () => {
    expect(istio.choose(surroundings({}, [route]))).toBe('L4');
    expect(istio.choose(surroundings({}, [{ ...route, namespace: 'shop' }]))).toBe('L7');
    expect(istio.explain(underWay('L7', { ...route, spec: { ...toShop, http: [{ timeout: '1s' }] } }))).toEqual([]);
  });

  it('is followed only as far as the Sidecar of the namespace imports it', () => {
    const kept = /^Warning MM030 only calls from all other namespaces/;
    expect(said(underWay('L4', route, egress(['./*', 'istio-system/*'])))).toEqual([expect.stringMatching(kept)]);
    expect(said(underWay('L4', route, egress(['*/web.blog.svc.cluster.local'])))).toEqual([
      expect.stringMatching(kept),
    ]);
    for (const hosts of [['*/*'], ['mallory/*'], ['mallory/*.svc.cluster.local'], ['*/web.shop.svc.cluster.local']])
      expect(said(underWay('L4', route, egress(hosts)))).toEqual([expect.stringMatching(/^Critical MM030/)]);
    expect(said(underWay('L4', route, egress(['./*'], { workloadSelector: { labels: { app: 'other' } } })))).toEqual([
      expect.stringMatching(/^Critical MM030/),
    ]);
  });

  it('holds a namespace on its way to sidecars, where it would begin to say where calls go, and not one at rest', () => {
    const given = surroundings(
      {
        route: { from: 'IstioAmbient', to: 'IstioSidecar' },
        itinerary: 'L4',
        namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
        pods: [plainPod(captured)],
      },
      [route],
    );
    expect(said(given)).toEqual([expect.stringMatching(/^Critical MM030 .*calls from shop will follow it/)]);
    expect([istio.unready(given), istio.unfit(given, workload())].map((hold) => hold && isHeld(hold))).toEqual([
      'MM030 of others',
      'MM030 of others',
    ]);
    for (const when of ['UnderWay', 'AtRest'] as const)
      expect(said(given, when)).toEqual([expect.stringMatching(/^Warning/)]);
    expect(istio.unready({ ...given, spec: migrationSpec({ accept: entriesOf(given, 'MM030') }) })).toBeUndefined();
    // By what it becomes calls would go elsewhere: that it is there is accepted in vain.
    expect(
      istio.unready({
        ...given,
        spec: migrationSpec({ accept: [{ finding: 'MM030', object: 'VirtualService mallory/evil' }] }),
      }),
    ).toMatchObject({ others: true });
  });

  it('is nothing to a namespace that never has sidecars', () => {
    expect(
      said(
        surroundings(
          { route: { from: 'None', to: 'IstioAmbient' }, namespace: namespace({ labels: {} }), pods: [plainPod()] },
          [route],
        ),
      ),
    ).toEqual([]);
  });

  it('is one of few that are named, however many there are', () => {
    const many = Array.from({ length: 150 }, (_each, n) =>
      config('DestinationRule', { ...rule, host: '*.local' }, { ...stranger, name: `evil-${n}` }),
    );
    const listed = istio
      .findings(underWay('L4', ...many, { ...route, namespace: 'shop' }), 'Start')
      .filter(({ id }) => id === 'MM030' || id === 'MM032');
    expect(listed.map(({ severity }) => severity)).toEqual([
      'Critical',
      ...Array.from({ length: 11 }, () => 'Warning'),
    ]);
    expect(listed.at(-1)).toMatchObject({
      object: 'DestinationRule mallory/evil-10 and others',
      message: expect.stringMatching(/^the same holds for 140 more: /) as unknown,
    });
  });

  it("cannot be accepted where it is the namespace's own, or that of the mesh", () => {
    for (const home of ['shop', root]) {
      const accept = [{ finding: 'MM030', object: `VirtualService ${home}/evil` }];
      const given = { ...underWay('L4', { ...route, namespace: home }), spec: migrationSpec({ accept }) };
      for (const when of ['Start', 'UnderWay', 'AtRest'] as const)
        expect(istio.findings(given, when).some(({ id, severity }) => id === 'MM030' && severity === 'Critical')).toBe(
          true,
        );
    }
  });
});

describe('a route of a Service that is called', () => {
  function calling(object: ConfigView): Surroundings {
    const api = service({ namespace: 'bank', name: 'api', selector: { app: 'api' } });
    const there = mesh([...installed, object]);
    return surroundings({
      itinerary: 'L4',
      spec: migrationSpec({ callers: [{ namespace: 'bank', from: [{ namespace: 'shop' }] }] }),
      mesh: {
        ...there,
        services: (home) => (home === undefined || home === 'bank' ? [api] : []),
        pods: (home) => (home === 'shop' ? [pod()] : []),
      },
    });
  }
  const toBank = { hosts: ['api.bank.svc.cluster.local'], http: [{ timeout: '1s' }] };

  it('holds what has begun if it stands beside that, for as long as it takes', () => {
    const given = calling(config('VirtualService', toBank, { namespace: 'bank' }));
    expect(
      istio
        .findings(given, 'Start')
        .filter(({ id }) => id === 'MM094')
        .map(({ severity }) => severity),
    ).toEqual(['Critical']);
    expect([istio.unready(given), istio.unfit(given, workload())].map((hold) => hold && isHeld(hold))).toEqual([
      'MM094 of others',
      'MM094 of others',
    ]);
  });

  it("holds nothing if it is a stranger's", () => {
    const given = calling(evil('VirtualService', toBank));
    expect(said(given)).toEqual([expect.stringMatching(/^Critical MM094/)]);
    expect([istio.unready(given), istio.unfit(given, workload())]).toEqual([undefined, undefined]);
    expect(
      said({
        ...given,
        spec: { ...given.spec, accept: [{ finding: 'MM094', object: 'VirtualService mallory/evil' }] },
      }),
    ).toEqual([expect.stringMatching(/^Warning MM094 accepted/)]);
  });
});

describe('what protects somebody else', () => {
  const toNone = { from: 'IstioSidecar', to: 'None' } as const;
  const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
  const exit = {
    route: toSidecar,
    namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
    pods: [plainPod(captured)],
  };
  const denyShop = { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] };
  const farService = service({
    namespace: 'bank',
    name: 'ledger',
    conditions: {
      'istio.io/WaypointBound': {
        status: 'True',
        reason: 'WaypointAccepted',
        message: 'Successfully attached to waypoint bank/waypoint',
      },
    },
  });
  const targeting = (kind: string, group: string, home: string): ConfigView =>
    config('AuthorizationPolicy', { ...denyShop, targetRefs: [{ group, kind, name: 'ledger' }] }, { namespace: home });
  const entry = config(
    'ServiceEntry',
    { hosts: ['ledger.example.com'] },
    { namespace: 'bank', name: 'ledger', labels: { 'istio.io/use-waypoint': 'waypoint' } },
  );
  const throughBank = config(
    'ServiceEntry',
    { hosts: ['ledger.example.com'] },
    { name: 'ledger', labels: { 'istio.io/use-waypoint': 'gate', 'istio.io/use-waypoint-namespace': 'bank' } },
  );
  const ofBank = (spec: Readonly<Record<string, unknown>>): ConfigView =>
    config(
      'AuthorizationPolicy',
      { ...spec, targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gate' }] },
      { namespace: 'bank' },
    );
  const gateway = (name: string): ConfigView =>
    config('Gateway', { gatewayClassName: 'istio-waypoint' }, { namespace: 'bank', name });
  // More than a look may compare: whether it refuses anything here, nobody can tell.
  const tooLarge = {
    action: 'DENY',
    rules: Array.from({ length: 5000 }, (_each, index) => ({
      from: [{ source: { principals: [`cluster.local/ns/blog/sa/a${index}*`] } }],
      to: [{ operation: { paths: [`/p${index}/*`] } }],
    })),
  };

  const cases: readonly [string, Surroundings][] = [
    ['MM026', surroundings({ route: toNone, itinerary: 'L4' }, [config('AuthorizationPolicy', denyShop, stranger)])],
    [
      'MM026',
      surroundings({ route: toNone, itinerary: 'L4' }, [
        config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, stranger),
      ]),
    ],
    [
      'MM092',
      surroundings({
        ...exit,
        itinerary: 'L4',
        mesh: { ...mesh([...installed, targeting('Service', '', 'bank')]), services: () => [farService] },
      }),
    ],
    [
      'MM098',
      surroundings({ ...exit, itinerary: 'L4' }, [
        gateway('waypoint'),
        entry,
        targeting('ServiceEntry', 'networking.istio.io', 'bank'),
      ]),
    ],
    ['MM098', surroundings({ ...exit, itinerary: 'L4' }, [gateway('gate'), throughBank, ofBank(denyShop)])],
    ['MM098', surroundings({ ...exit, itinerary: 'L4' }, [gateway('gate'), throughBank, ofBank(tooLarge)])],
  ];

  it.each(cases)(
    '%s: holds the namespace and never takes it back, and at rest says that it is not in force',
    (id, given) => {
      const critical = (when: Parameters<typeof istio.findings>[1]): readonly string[] =>
        istio
          .findings(given, when)
          .filter(({ severity }) => severity === 'Critical')
          .map((finding) => finding.id);
      expect(critical('Start')).toContain(id);
      expect(critical('UnderWay')).toEqual([]);
      expect(critical('AtRest')).toEqual([id]);
      expect([istio.unready(given), istio.unfit(given, workload())].map((hold) => hold && isHeld(hold))).toEqual([
        `${id} of others`,
        `${id} of others`,
      ]);
    },
  );

  const acceptAll = (given: Surroundings, id: string): Surroundings['spec']['accept'] =>
    istio
      .findings(given, 'Start')
      .filter((each) => each.id === id)
      .map(({ id: finding, object }) => ({ finding, object })) as unknown as Surroundings['spec']['accept'];

  it.each(cases.filter(([id]) => id !== 'MM098'))('%s: cannot be accepted', (id, given) => {
    expect(migrationSpec.bind(undefined, { accept: acceptAll(given, id) })).toThrow();
  });

  it('beside a host outside the mesh can be accepted, where the ServiceEntry is none of the namespace itself', () => {
    const [theirs, own] = cases
      .filter(([id]) => id === 'MM098')
      .map(([, given]) => ({ ...given, spec: migrationSpec({ accept: entriesOf(given, 'MM098') }) }));
    expect(theirs && istio.findings(theirs, 'Start').filter(({ id }) => id === 'MM098')).toEqual([
      expect.objectContaining({
        severity: 'Warning',
        object: 'ServiceEntry bank/ledger',
        message: expect.stringMatching(/^accepted by spec.accept: /) as unknown,
      }),
    ]);
    expect(theirs && [istio.unready(theirs), istio.unfit(theirs, workload())]).toEqual([undefined, undefined]);
    expect(own && istio.findings(own, 'Start').filter(({ id }) => id === 'MM098')).toEqual([
      expect.objectContaining({ severity: 'Critical', object: 'ServiceEntry shop/ledger' }),
    ]);
  });

  it.each(['One', 'All'] as const)(
    'beside a host outside the mesh is accepted as it was looked at, and what is made of it later is not: %s',
    (which) => {
      const policy = targeting('ServiceEntry', 'networking.istio.io', 'bank');
      const at = (...objects: readonly ConfigView[]): Surroundings =>
        surroundings({ ...exit, itinerary: 'L4' }, [gateway('waypoint'), ...objects]);
      const accept = entriesOf(at(entry, policy), 'MM098', which);
      const saidOf = (...objects: readonly ConfigView[]): readonly string[] => {
        const given = { ...at(...objects), spec: migrationSpec({ accept }) };
        return istio
          .findings(given, 'Start')
          .filter(({ id }) => id === 'MM098')
          .map(
            ({ severity, message }) =>
              `${severity} ${istio.unready(given) === undefined ? 'goes on' : 'holds'} ${message}`,
          );
      };
      expect(accept).toHaveLength(1);
      expect(saidOf(policy, { ...entry, resourceVersion: '99', generation: 7 })).toEqual([
        expect.stringMatching(/^Warning goes on accepted by spec.accept: /),
      ]);
      const changed = [
        [{ ...entry, spec: { hosts: ['vault.example.com'] } }, policy],
        [entry, { ...policy, spec: { ...policy.spec, rules: [], action: 'ALLOW' } }],
        [entry, policy, { ...policy, name: 'more' }],
      ];
      for (const objects of changed)
        expect(saidOf(...objects)).toEqual([
          expect.stringMatching(
            /^Critical holds spec.accept names it, but it is not what it was when it was accepted: /,
          ),
        ]);
    },
  );

  it('beside many hosts outside the mesh is accepted for all of them at once, and not for another that comes', () => {
    const policy = config(
      'AuthorizationPolicy',
      { ...denyShop, targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }] },
      { namespace: 'bank' },
    );
    const entries = (count: number): readonly ConfigView[] =>
      Array.from({ length: count }, (_each, n) => ({ ...entry, name: `ledger-${n}` }));
    const at = (count: number): Surroundings =>
      surroundings({ ...exit, itinerary: 'L4' }, [gateway('waypoint'), policy, ...entries(count)]);
    const [accept] = entriesOf(at(250), 'MM098', 'All');
    expect(istio.unready(at(250))).toMatchObject({ others: true });
    expect(istio.unready({ ...at(250), spec: migrationSpec({ accept: [accept] }) })).toBeUndefined();
    expect(istio.unready({ ...at(251), spec: migrationSpec({ accept: [accept] }) })).toMatchObject({ others: true });
  });

  it('does not where somebody has said that nothing here calls it', () => {
    const given = surroundings(
      {
        route: toNone,
        itinerary: 'L4',
        spec: migrationSpec({ callers: [{ namespace: 'mallory', from: [{ namespace: 'blog' }] }] }),
      },
      [config('AuthorizationPolicy', denyShop, stranger)],
    );
    expect(said(given)).toEqual([]);
  });
});

describe('callers of other namespaces that come on the way', () => {
  const flip = istio
    .itinerary({ from: 'IstioSidecar', to: 'IstioAmbient' }, {}, 'L7')
    .forward.find(({ name }) => name === 'Flip');
  const calledFrom = (caller: PodView): Surroundings => {
    const spec = migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'mallory' }] }] });
    return surroundings(
      {
        itinerary: 'L7',
        spec,
        mesh: { ...mesh([...installed, denyDelete]), pods: (home) => (home === 'mallory' ? [caller] : []) },
      },
      [denyDelete],
    );
  };

  it.each([
    ['with a sidecar', pod({ namespace: 'mallory' })],
    ['outside the mesh', plainPod({ namespace: 'mallory' })],
  ])('%s are waited for, and hold nothing by a deadline', (_title, caller) => {
    const given = calledFrom(caller);
    expect(flip?.awaits?.(given)).toMatchObject({
      stuck: true,
      message: expect.stringContaining('mallory') as unknown,
    });
    expect(istio.unready(given)).toBeUndefined();
  });

  it('in ambient are not', () => {
    expect(flip?.awaits?.(calledFrom(plainPod({ ...captured, namespace: 'mallory' })))).toBeUndefined();
  });
});
