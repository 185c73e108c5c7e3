import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  injected,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { FindingsWhen, Surroundings } from '../../adapter.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { istio } from '../adapter.ts';

type Spec = Readonly<Record<string, unknown>>;

const from = (source: Spec): Spec => ({ rules: [{ from: [{ source }] }] });
const deny = (source: Spec): Spec => ({ action: 'DENY', ...from(source) });
const wild = 'team-*-x';
const tlsMode = { selector: { matchLabels: { 'security.istio.io/tlsMode': 'istio' } } };
const canonical = { selector: { matchLabels: { 'service.istio.io/canonical-name': 'web' } } };
const onlyX = from({ namespaces: ['x'] });

function policies(...specs: readonly Spec[]): readonly ConfigView[] {
  return specs.map((spec, index) => config('AuthorizationPolicy', spec, { name: `p${index}` }));
}

/** The findings about what would change for callers, with their severity. */
function changes(given: Surroundings, when: FindingsWhen = 'Start'): readonly string[] {
  const asked = [
    'MM020',
    'MM021',
    'MM024',
    'MM027',
    'MM080',
    'MM081',
    'MM086',
    'MM089',
    'MM090',
    'MM091',
    'MM093',
    'MM099',
    'MM119',
  ];
  return istio
    .findings(given, when)
    .filter(({ id }) => asked.includes(id))
    .map(({ severity, id, object }) => `${severity} ${id} ${object}`);
}

describe('pods that no waypoint stands before, on the way to ambient', () => {
  const given = (specs: readonly Spec[], more: Partial<Surroundings> = {}): Surroundings =>
    surroundings({ services: [], ...more }, policies(...specs));

  it.each<[string, Spec]>([
    ['a namespace with a wildcard inside', deny({ namespaces: [wild] })],
    ['the same as a condition', { action: 'DENY', rules: [{ when: [{ key: 'source.namespace', values: [wild] }] }] }],
    ['an ALLOW of all others', from({ notNamespaces: [wild] })],
    [
      'a port that is none, which a sidecar leaves out',
      { action: 'DENY', rules: [{ to: [{ operation: { ports: ['8080-8090'] } }] }] },
    ],
  ])('are blocked where a DENY would end: %s', (_name, spec) => {
    expect(changes(given([spec]))).toEqual(['Critical MM086 AuthorizationPolicy shop/p0']);
    expect(changes(given([spec], { pods: [], workloads: [workload({ replicas: 0 })] }))).toEqual([
      'Critical MM086 AuthorizationPolicy shop/p0',
    ]);
    expect(changes(given([spec], { workloads: [], pods: [pod({ owner: { kind: 'Rollout', name: 'web' } })] }))).toEqual(
      ['Critical MM086 AuthorizationPolicy shop/p0'],
    );
  });

  it('are asked about beside others that have a Service, whether that gets a waypoint or not', () => {
    const api = workload({ name: 'api', templateLabels: { app: 'api' } });
    const some = (...specs: readonly Spec[]): Surroundings =>
      given(specs, { workloads: [workload(), api], services: [service({ selector: { app: 'api' } })] });
    const selected = { selector: { matchLabels: { app: 'web' } }, ...deny({ namespaces: [wild] }) };
    const http = {
      selector: { matchLabels: { app: 'api' } },
      action: 'DENY',
      rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
    };

    expect(istio.choose(some(selected))).toBe('L4');
    expect(changes(some(selected))).toEqual(['Critical MM086 AuthorizationPolicy shop/p0']);
    expect(istio.choose(some(selected, http))).toBe('L7');
    expect(changes(some(selected, http))).toEqual(['Critical MM080 AuthorizationPolicy shop/p0']);
  });

  it('are taken back, or not in force, where such a policy comes late', () => {
    const late = given([deny({ namespaces: [wild] })], { itinerary: 'L4', pods: [plainPod(captured)] });

    expect(changes(late, 'UnderWay')).toEqual(['Critical MM086 AuthorizationPolicy shop/p0']);
    expect(changes(late, 'AtRest')).toEqual(['Critical MM086 AuthorizationPolicy shop/p0']);
  });

  it('are offered a waypoint at rest, where one would do it', () => {
    const rests = given([deny({ namespaces: [wild] })], {
      itinerary: 'L4',
      pods: [plainPod(captured)],
      services: [service()],
      spec: migrationSpec({ callers: [{ namespace: 'shop', from: [] }] }),
    });

    expect(istio.longer(rests)).toEqual({ itinerary: 'L7' });
    expect(changes(rests, 'AtRest')).toEqual(['Critical MM086 AuthorizationPolicy shop/p0']);
    expect(istio.longer(rests)).toEqual({ itinerary: 'L7' });
  });

  it('may refuse more only if that is accepted, or nobody is known to call them', () => {
    const accepts = migrationSpec({ policies: { refusals: 'Accept' } });
    const silent = workload({ containerPorts: [] });
    const spec = from({ namespaces: [wild] });

    expect(changes(given([spec]))).toEqual(['Critical MM099 AuthorizationPolicy shop/p0']);
    expect(changes(given([spec], { spec: accepts }))).toEqual(['Warning MM099 AuthorizationPolicy shop/p0']);
    expect(changes(given([spec], { workloads: [silent], pods: [] }))).toEqual([
      'Warning MM081 AuthorizationPolicy shop/p0',
    ]);
  });

  it('say who refuses, and what it is', () => {
    const [finding] = istio.findings(given([deny({ namespaces: [wild] })]), 'Start');

    expect(finding?.message).toMatch(
      /^in ambient a caller in the mesh would get through to Deployment shop\/web that is refused today, for example .*ns\/team-.*-x\/.*; today shop\/p0 refuses it; not the same to ztunnel as to a sidecar: AuthorizationPolicy shop\/p0$/,
    );
  });

  it.each<[string, readonly ConfigView[]]>([
    ['names', policies(deny({ namespaces: ['x'] }), from({ principals: ['cluster.local/ns/shop/sa/*'] }))],
    ['a star at an end', policies(deny({ namespaces: ['team-*'] }))],
    [
      'addresses and ports',
      policies({
        action: 'DENY',
        rules: [{ from: [{ source: { ipBlocks: ['10.0.0.0/8'] } }], to: [{ operation: { ports: ['8080'] } }] }],
      }),
    ],
    ['STRICT', [config('PeerAuthentication', { mtls: { mode: 'STRICT' } })]],
    [
      'STRICT with a PERMISSIVE port',
      [
        config('PeerAuthentication', {
          selector: { matchLabels: { app: 'web' } },
          mtls: { mode: 'STRICT' },
          portLevelMtls: { 9090: { mode: 'PERMISSIVE' } },
        }),
      ],
    ],
    [
      'a policy of other pods',
      policies({ selector: { matchLabels: { app: 'api' } }, ...deny({ namespaces: [wild] }) }),
    ],
    [
      'two that are the same together with STRICT',
      [...policies(deny({ notPrincipals: ['*'] }), onlyX), config('PeerAuthentication', { mtls: { mode: 'STRICT' } })],
    ],
  ])('move as before with what both read alike: %s', (_name, configs) => {
    expect(changes(surroundings({ services: [] }, configs))).toEqual([]);
  });

  it('are what their labels say, those that nobody selects by too', () => {
    const other = (labels: Record<string, string>): Surroundings =>
      given([{ selector: { matchLabels: { app: 'api' } }, ...deny({ namespaces: ['x'] }) }], {
        workloads: [],
        pods: [pod({ owner: { kind: 'Job', name: 'once' }, labels })],
      });

    expect(changes(other({ job: 'once' }))).toEqual([]);
    // istiod takes a workload without any label for one that has all.
    expect(changes(other({ 'security.istio.io/tlsMode': 'istio' }))).toEqual([
      'Warning MM081 AuthorizationPolicy shop/p0',
    ]);
  });

  it.each<[string, string, readonly ConfigView[]]>([
    [
      'STRICT for the mesh with an empty selector',
      'PeerAuthentication istio-system/default',
      [
        config(
          'PeerAuthentication',
          { selector: {}, mtls: { mode: 'STRICT' } },
          { namespace: 'istio-system', name: 'default' },
        ),
      ],
    ],
    [
      'a STRICT port below a PERMISSIVE namespace with an empty selector',
      'PeerAuthentication shop/port',
      [
        config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { namespace: 'istio-system', name: 'default' }),
        config('PeerAuthentication', { selector: {}, mtls: { mode: 'PERMISSIVE' } }, { name: 'wide' }),
        config(
          'PeerAuthentication',
          { selector: { matchLabels: { app: 'web' } }, portLevelMtls: { 8080: { mode: 'STRICT' } } },
          { name: 'port' },
        ),
      ],
    ],
  ])('are blocked where ztunnel would take plaintext: %s', (_name, object, peers) => {
    const found = istio
      .findings(surroundings({ services: [] }, peers), 'Start')
      .filter(({ severity }) => severity === 'Critical');
    expect(found.map((each) => `${each.id} ${each.object}`)).toEqual([`MM028 ${object}`]);
    expect(found[0]?.message).toBe('ztunnel would take plaintext where sidecars refuse it');
  });

  it('see a label that the injector will set where no pod runs', () => {
    expect(
      changes(
        given([{ ...canonical, ...deny({ namespaces: ['x'] }) }], { pods: [], workloads: [workload({ replicas: 0 })] }),
      ),
    ).toEqual(['Critical MM027 AuthorizationPolicy shop/p0']);
  });

  it('take no more steps than a look may take', () => {
    const many = Array.from({ length: 3000 }, (_each, n) => `a${n}*b${n}`);
    expect(changes(given([deny({ namespaces: many })]))).toEqual(['Critical MM119 Namespace shop']);
  });
});

describe('pods that no waypoint stands before, on the way to sidecars', () => {
  const route = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
  const ambient = {
    route,
    namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
    pods: [plainPod(captured)],
  };
  const given = (specs: readonly Spec[], more: Partial<Surroundings> = {}): Surroundings =>
    surroundings({ ...ambient, services: [service()], ...more }, policies(...specs));

  it.each<[string, readonly Spec[]]>([
    ['an ALLOW by a text that ztunnel compares', [from({ namespaces: [wild] })]],
    ['a DENY of all but such a text', [deny({ notNamespaces: [wild] })]],
    ['an ALLOW for sidecars only, beside another', [{ ...tlsMode, rules: [{}] }, onlyX]],
    ['an ALLOW by a label of the injector, beside another', [{ ...canonical, rules: [{}] }, onlyX]],
    ['an ALLOW with an empty selector, beside another', [{ selector: {}, rules: [{}] }, onlyX]],
    ['an ALLOW by methods, which ztunnel refuses with', [{ rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }]],
  ])('are blocked where sidecars would let in: %s', (_name, specs) => {
    for (const each of [given(specs), given(specs, { pods: [], workloads: [workload({ replicas: 0 })] })])
      expect(changes(each)).toEqual(['Critical MM090 AuthorizationPolicy shop/p0']);
    expect(changes(given(specs, { itinerary: 'L4' }), 'UnderWay')).toEqual([
      'Critical MM090 AuthorizationPolicy shop/p0',
    ]);
  });

  it('are blocked on the way too while none of them is there: the next ones are in ambient still', () => {
    const away = { itinerary: 'L4', pods: [], workloads: [workload({ replicas: 0 })] } as const;
    const specs = [from({ namespaces: [wild] })];
    expect(changes(given(specs, away), 'UnderWay')).toEqual(['Critical MM090 AuthorizationPolicy shop/p0']);
    const labels = { 'istio-injection': 'enabled' };
    expect(changes(given(specs, { ...away, namespace: namespace({ labels }) }), 'UnderWay')).toEqual([]);
  });

  it('are blocked where a workload of the namespace is denied, and could come in plaintext to the address of a pod', () => {
    expect(changes(given([deny({ namespaces: ['shop'] })]))).toEqual(['Critical MM090 Deployment shop/web']);
    expect(
      changes(
        surroundings(ambient, [
          ...policies(deny({ namespaces: ['shop'] })),
          config('PeerAuthentication', { mtls: { mode: 'STRICT' } }),
        ]),
      ),
    ).toEqual([]);
  });

  it.each<[string, Spec]>([
    ['one for sidecars only', { ...tlsMode, ...deny({ namespaces: ['x'] }) }],
    ['one by methods', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] }],
    ['one with an empty selector', { selector: {}, ...deny({ namespaces: ['x'] }) }],
    ['an external authorizer', { action: 'CUSTOM', provider: { name: 'authz' }, rules: [{}] }],
  ])('are blocked where sidecars would begin to refuse, unless that is accepted: %s', (_name, spec) => {
    expect(changes(given([spec]))).toEqual(['Critical MM091 AuthorizationPolicy shop/p0']);
    expect(changes(given([spec], { spec: migrationSpec({ policies: { refusals: 'Accept' } }) }))).toEqual([
      'Warning MM091 AuthorizationPolicy shop/p0',
    ]);
  });

  it('are told of tokens that sidecars begin to check', () => {
    expect(changes(surroundings(ambient, [config('RequestAuthentication', { jwtRules: [{ issuer: 'a' }] })]))).toEqual([
      'Critical MM024 RequestAuthentication shop/it',
    ]);
    expect(
      changes(
        surroundings({ ...ambient, spec: migrationSpec({ policies: { refusals: 'Accept' } }) }, [
          config('RequestAuthentication', { jwtRules: [{ issuer: 'a' }] }),
        ]),
      ),
    ).toEqual(['Warning MM024 RequestAuthentication shop/it']);
  });

  it('are blocked beside what only warns', () => {
    const given = surroundings({ ...ambient, spec: migrationSpec({ policies: { refusals: 'Accept' } }) }, [
      config('RequestAuthentication', { jwtRules: [{ issuer: 'a' }] }),
      ...policies(from({ namespaces: [wild] })),
    ]);
    expect(changes(given)).toEqual([
      'Critical MM090 AuthorizationPolicy shop/p0',
      'Warning MM024 RequestAuthentication shop/it',
    ]);
  });

  it('are blocked by addresses, of which sidecars see some', () => {
    expect(changes(given([from({ ipBlocks: ['10.0.0.0/8'] })]))).toEqual([
      'Critical MM089 AuthorizationPolicy shop/p0',
      'Critical MM091 Deployment shop/web',
    ]);
  });

  /** So many workloads, each with a Service and an ALLOW of its own by so many identities, on two ports. */
  function zeroTrust(workloads: number, identities: number, ...more: readonly Spec[]): Surroundings {
    const names = Array.from({ length: workloads }, (_each, n) => `app-${n}`);
    const allows = names.map((app, n): Spec => {
      const principals = Array.from({ length: identities }, (_each, k) => `cluster.local/ns/team-${n}-${k}/sa/caller`);
      const to = [{ operation: { ports: ['8080', '9090'] } }];
      return { selector: { matchLabels: { app } }, rules: [{ from: [{ source: { principals } }], to }] };
    });
    return surroundings(
      {
        ...ambient,
        pods: [],
        workloads: names.map((app) => workload({ name: app, replicas: 0, templateLabels: { app } })),
        services: names.map((app) => service({ name: app, selector: { app } })),
      },
      [...policies(...allows, ...more), config('PeerAuthentication', { mtls: { mode: 'STRICT' } })],
    );
  }
  const denied = Array.from({ length: 5 }, (_each, n) =>
    deny({ namespaces: Array.from({ length: 10 }, (_one, k) => `evil-${n}-${k}`) }),
  );

  it.each([
    ['60 of 10 callers each, and who is kept out', zeroTrust(60, 10, ...denied)],
    ['60 of 50 callers each', zeroTrust(60, 50)],
    ['150 of 20 callers each, and who is kept out', zeroTrust(150, 20, ...denied)],
  ])('are not too many where policies name identities and ports, which both read alike: %s', (_name, many) => {
    expect(changes(many)).toEqual([]);
  });

  it.each<[string, Spec]>([
    ['a DENY of this namespace', deny({ namespaces: ['shop'] })],
    ['a DENY of one of its accounts', deny({ principals: ['cluster.local/ns/shop/sa/batch'] })],
    ['a DENY as a condition', { action: 'DENY', rules: [{ when: [{ key: 'source.namespace', values: ['shop'] }] }] }],
    ['an ALLOW of all but this namespace', from({ notNamespaces: ['shop'] })],
  ])('are asked what a workload that shows no identity any more would get through to: %s', (_name, spec) => {
    const found = changes(given([spec]));

    expect(found).toEqual(['Critical MM090 Deployment shop/web']);
  });

  it('are not asked about what was never in force and will not be', () => {
    expect(changes(given([{ action: 'AUDIT', rules: [{}] }, onlyX]))).toEqual([]);
  });

  it('are nothing of ztunnel any more once each has its sidecar', () => {
    const gone = given([from({ namespaces: [wild] })], {
      itinerary: 'L4',
      namespace: namespace({ labels: { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'ambient' } }),
      pods: [pod({ labels: injected.labels })],
    });

    expect(changes(gone, 'UnderWay')).toEqual([]);
    expect(changes(gone, 'AtRest')).toEqual([]);
  });

  it('are asked about beside those that leave their waypoint', () => {
    const bound: ServiceView = service({
      name: 'api',
      selector: { app: 'api' },
      labels: { 'istio.io/use-waypoint': 'waypoint' },
      conditions: {},
    });
    const waypoint = config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name: 'waypoint' });
    const two = surroundings(
      {
        ...ambient,
        services: [bound],
        workloads: [workload(), workload({ name: 'api', templateLabels: { app: 'api' } })],
      },
      [waypoint, ...policies({ selector: { matchLabels: { app: 'web' } }, ...from({ namespaces: [wild] }) })],
    );

    expect(istio.choose(two)).toBe('L7');
    expect(changes(two)).toContain('Critical MM090 AuthorizationPolicy shop/p0');
    const tokens = config('RequestAuthentication', {
      selector: { matchLabels: { app: 'web' } },
      jwtRules: [{ issuer: 'a' }],
    });
    const refused = {
      ...two,
      mesh: {
        ...two.mesh,
        configs: (kind: string, home?: string) =>
          kind === 'RequestAuthentication' && home !== 'istio-system' ? [tokens] : two.mesh.configs(kind, home),
      },
    };
    expect(changes(refused)).toContain('Critical MM024 RequestAuthentication shop/it');
  });
});

describe('pods that come from outside the mesh', () => {
  const strict = config(
    'PeerAuthentication',
    { mtls: { mode: 'STRICT' } },
    { namespace: 'istio-system', name: 'default' },
  );
  const outside = (
    to: 'IstioSidecar' | 'IstioAmbient',
    configs: readonly ConfigView[],
    more: Partial<Surroundings> = {},
  ): readonly string[] =>
    istio
      .findings(
        surroundings(
          {
            route: { from: 'None', to },
            namespace: namespace({ labels: {} }),
            pods: [plainPod()],
            services: [service()],
            ...more,
          },
          configs,
        ),
        'Start',
      )
      .filter(({ id }) => id === 'MM029')
      .map(({ severity, object, message }) => `${severity} ${object} ${message}`);

  it.each(['IstioSidecar', 'IstioAmbient'] as const)(
    'are told whom the policies refuse that come into force: %s',
    (to) => {
      const found = outside(to, [strict, ...policies(onlyX)]);

      expect(found).toHaveLength(2);
      expect(found[0]).toMatch(
        /^Warning Namespace shop .* a caller in the mesh would be refused by Deployment shop\/web .*; no ALLOW policy lets it in; in force then: AuthorizationPolicy shop\/p0, PeerAuthentication istio-system\/default$/,
      );
      expect(found[1]).toMatch(
        / a caller outside the mesh would be refused .* plaintext, .*; in force then: AuthorizationPolicy shop\/p0, PeerAuthentication istio-system\/default$/,
      );
    },
  );

  it.each(['IstioSidecar', 'IstioAmbient'] as const)('are told of STRICT alone, at zero replicas too: %s', (to) => {
    for (const more of [{}, { pods: [], workloads: [workload({ replicas: 0 })] }]) {
      expect(outside(to, [strict], more)).toEqual([
        expect.stringMatching(
          /a caller outside the mesh would be refused by Deployment shop\/web .*; mutual TLS that is STRICT refuses it; in force then: PeerAuthentication istio-system\/default$/,
        ),
      ]);
    }
  });

  it('are told once of policies for many', () => {
    const many = ['a', 'b', 'c'].map((name) => workload({ name, templateLabels: { app: name } }));
    expect(outside('IstioAmbient', [strict], { workloads: many, pods: [] })).toHaveLength(1);
  });

  it('are told of tokens that sidecars check', () => {
    expect(outside('IstioSidecar', [config('RequestAuthentication', { jwtRules: [{ issuer: 'a' }] })])).toEqual([
      expect.stringMatching(/^Warning RequestAuthentication shop\/it with sidecars requests with an invalid token/),
    ]);
  });

  it.each<[string, readonly ConfigView[]]>([
    ['nothing', []],
    ['PERMISSIVE', [config('PeerAuthentication', { mtls: { mode: 'PERMISSIVE' } })]],
    ['policies of others', policies({ selector: { matchLabels: { app: 'api' } }, ...onlyX })],
    ['an ALLOW of everybody', policies({ rules: [{}] })],
    ['an AUDIT', policies({ action: 'AUDIT', rules: [{}] })],
  ])('are told nothing where nobody is refused: %s', (_name, configs) => {
    expect(outside('IstioSidecar', configs)).toEqual([]);
    expect(outside('IstioAmbient', configs)).toEqual([]);
  });
});
