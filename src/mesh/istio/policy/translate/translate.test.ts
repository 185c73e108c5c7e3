import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../../test/support/properties.ts';
import { parse } from 'yaml';
import {
  configObject,
  service,
  world,
  type PolicySpec,
  type WorldSpec,
} from '../../../../../test/support/translation-world.ts';
import { overlay } from './overlay.ts';
import { why } from './plan-text.ts';
import type { Problem } from './problem.ts';
import { translate } from './translate.ts';

const get = { to: [{ operation: { methods: ['GET'] } }] };

function policy(name: string, spec: Record<string, unknown>, facts: Partial<PolicySpec> = {}): PolicySpec {
  return { name, spec, ...facts };
}

const cart = { selector: { matchLabels: { app: 'cart' } } };

function problems(spec: WorldSpec): readonly string[] {
  return translate(world(spec)).problems.map(
    ({ severity, object, field, message }: Problem) => `${severity} ${object} ${field}: ${message}`,
  );
}

describe('who needs a waypoint', () => {
  const reasons = (spec: WorldSpec) =>
    Object.fromEntries(
      translate(world(spec)).needs.map(({ service: { name }, reasons: found }) => [
        name,
        found.map(({ sentence }) => sentence),
      ]),
    );

  it('is nobody where ztunnel decides as the sidecars do', () => {
    const spec = {
      policies: [
        policy('l4', {
          ...cart,
          action: 'DENY',
          rules: [{ from: [{ source: { notNamespaces: ['shop'] } }], to: [{ operation: { ports: ['8080'] } }] }],
        }),
        policy('audit', { ...cart, action: 'AUDIT', rules: [get] }),
      ],
    };
    expect(reasons(spec)).toEqual({ cart: [], web: [] });
    expect(translate(world(spec)).manifests).toEqual([]);
  });

  it.each<[string, WorldSpec, string, string]>([
    [
      'HTTP fields',
      { policies: [policy('get', { ...cart, rules: [get] })] },
      'cart',
      'AuthorizationPolicy shop/get uses methods, which ztunnel does not evaluate.',
    ],
    [
      'trustDomains, which istiod does not send',
      { policies: [policy('td', { ...cart, rules: [{ from: [{ source: { trustDomains: ['old.example'] } }] }] })] },
      'cart',
      'AuthorizationPolicy shop/td uses trustDomains, which ztunnel does not evaluate.',
    ],
    [
      'an external authorizer',
      { policies: [policy('ask', { ...cart, action: 'CUSTOM', provider: { name: 'ext' }, rules: [{}] })] },
      'cart',
      'AuthorizationPolicy shop/ask asks an external authorizer, which ztunnel does not.',
    ],
    [
      'an empty selector',
      {
        policies: [
          policy('odd', { selector: {}, action: 'ALLOW', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] }),
        ],
      },
      'web',
      'AuthorizationPolicy shop/odd has an empty selector, with which ztunnel never reads it.',
    ],
    [
      'narrowing to sidecars',
      {
        policies: [
          policy('narrow', {
            selector: { matchLabels: { app: 'web', 'security.istio.io/tlsMode': 'istio' } },
            action: 'DENY',
            rules: [{ from: [{ source: { namespaces: ['x'] } }] }],
          }),
        ],
      },
      'web',
      'AuthorizationPolicy shop/narrow is narrowed to pods with a sidecar, so ztunnel never reads it.',
    ],
    [
      'trust domain aliases',
      {
        options: { ...world({}).options, trustDomainAliases: ['old.example'] },
        policies: [
          policy('alias', { ...cart, rules: [{ from: [{ source: { principals: ['cluster.local/ns/a/sa/b'] } }] }] }),
        ],
      },
      'cart',
      'AuthorizationPolicy shop/alias has values that ztunnel compares in another way than a sidecar.',
    ],
    [
      'tokens',
      { requestAuthentications: [policy('jwt', { ...cart, jwtRules: [{ issuer: 'https://a.example' }] })] },
      'cart',
      'RequestAuthentication shop/jwt checks tokens, which ztunnel does not.',
    ],
    [
      'a plugin',
      { extensions: [configObject('WasmPlugin', policy('plugin', cart))] },
      'cart',
      'WasmPlugin shop/plugin runs a plugin, which ztunnel does not.',
    ],
    [
      'a route',
      {
        routes: [configObject('HTTPRoute', policy('r', { parentRefs: [{ kind: 'Service', group: '', name: 'web' }] }))],
      },
      'web',
      'HTTPRoute shop/r routes calls to the Service, which ztunnel does not.',
    ],
    [
      'a Service of the same pods that is guarded',
      {
        policies: [policy('get', { ...cart, rules: [get] })],
        services: [
          service('cart', [{}]),
          service('cart-admin', [{ name: 'tcp', port: 9, targetPort: 9 }], { selector: { app: 'cart' } }),
        ],
      },
      'cart-admin',
      'It shares pods with Service shop/cart, whose pods only the waypoint may call.',
    ],
  ])('is whoever has %s', (_, spec, name, sentence) => {
    expect(reasons(spec)[name]).toContain(sentence);
  });

  it('is no headless Service of peers on ports that are direct, which the guard leaves out', () => {
    const services = [
      service('cart', [{}]),
      service('cart-peers', [{ name: 'tcp', port: 7800, targetPort: 7800 }], {
        selector: { app: 'cart' },
        headless: true,
      }),
    ];
    const policies = [policy('get', { ...cart, rules: [get] })];

    expect(reasons({ policies, services })['cart-peers']).toHaveLength(1);
    expect(reasons({ policies, services, exceptions: { principals: [], ports: [7800] } })['cart-peers']).toEqual([]);
    expect(reasons({ policies, services, exceptions: { principals: [], ports: [9090] } })['cart-peers']).toHaveLength(
      1,
    );
  });

  it('is nobody because of HTTP fields on a port that is plain TCP, where a sidecar drops them too', () => {
    const services = [service('cart', [{ name: 'tcp', targetPort: 8080 }])];
    const policies = [
      policy('post', {
        ...cart,
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['POST'], ports: ['8080'] } }] }],
      }),
    ];
    expect(reasons({ services, policies })).toEqual({ cart: [] });
    expect(reasons({ services: [service('cart', [{ targetPort: 8080 }])], policies })).not.toEqual({ cart: [] });
  });
});

describe('the label by which sidecars are told from other pods', () => {
  const labelled = (value: string): NonNullable<WorldSpec['workloads']> => [
    {
      kind: 'Deployment',
      name: 'cart',
      labels: { app: 'cart', 'security.istio.io/tlsMode': value },
      ports: {},
      declared: [8080],
    },
  ];
  const narrow = policy('narrow', {
    selector: { matchLabels: { ...cart.selector.matchLabels, 'security.istio.io/tlsMode': 'istio' } },
    action: 'DENY',
    rules: [get],
  });

  it.each(['istio', 'disabled'])('in a template, as %s, keeps the pods from a waypoint', (value) => {
    expect(problems({ policies: [narrow], workloads: labelled(value) })).toEqual([
      expect.stringMatching(
        /^Critical Deployment shop\/cart spec.template.metadata.labels: the template sets security.istio.io\/tlsMode itself/,
      ),
    ]);
    expect(problems({ policies: [policy('get', { ...cart, rules: [get] })], workloads: labelled(value) })).toHaveLength(
      1,
    );
  });

  it('is nothing where no waypoint is needed', () => {
    expect(problems({ workloads: labelled('istio') })).toEqual([]);
  });
});

describe('rules that are no list', () => {
  it.each([
    ['null', null],
    ['a text', 'x'],
    ['a number', 5],
    ['an object', { a: 1 }],
  ])('copy like none if they are %s', (_, rules) => {
    const policies = [policy('get', { ...cart, rules: [get] })];
    const copies = (odd: unknown): unknown =>
      translate(
        world({ policies: [...policies, policy('odd', { ...cart, ...(odd !== undefined && { rules: odd }) })] }),
      ).manifests.map(({ object: { spec } }) => spec);

    expect(copies(rules)).toEqual(copies(undefined));
  });
});

describe('what blocks', () => {
  const l7 = policy('get', { ...cart, rules: [get] });
  const shared = { kind: 'Deployment', labels: { app: 'cart' }, ports: {}, declared: [80] };
  const canary = [
    { ...shared, name: 'cart', labels: { app: 'cart', version: 'v1' } },
    { ...shared, name: 'cart-v2', labels: { app: 'cart', version: 'v2' } },
  ];

  it.each<[string, WorldSpec, string]>([
    [
      'a DENY that ztunnel widens to the waypoint',
      {
        policies: [
          policy('post', {
            ...cart,
            action: 'DENY',
            rules: [{ to: [{ operation: { methods: ['POST'], ports: ['8080'] } }] }],
          }),
        ],
      },
      'Critical AuthorizationPolicy shop/post spec: ztunnel would refuse what the waypoint of Service shop/cart lets through on port 8080',
    ],
    [
      'a DENY of everybody else',
      {
        policies: [
          l7,
          policy('only-web', {
            ...cart,
            action: 'DENY',
            rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/shop/sa/web'] } }] }],
          }),
        ],
      },
      'Critical AuthorizationPolicy shop/only-web spec: sidecars would refuse what the waypoint of Service shop/cart lets through',
    ],
    [
      'addresses of callers',
      { policies: [policy('ip', { ...cart, rules: [{ from: [{ source: { ipBlocks: ['10.0.0.0/8'] } }], ...get }] })] },
      'Critical AuthorizationPolicy shop/ip spec.rules[0].from[0].source.ipBlocks: ',
    ],
    [
      'addresses of pods',
      {
        policies: [
          policy('ip', { ...cart, rules: [{ ...get, when: [{ key: 'destination.ip', values: ['10.0.0.1'] }] }] }),
        ],
      },
      'Critical AuthorizationPolicy shop/ip spec.rules[0].when[0].key: ',
    ],
    ...['DENY', 'ALLOW'].flatMap((action) =>
      ['x-forwarded-client-cert', 'X-Forwarded-For', 'x-envoy-peer-metadata-id', 'traceparent'].flatMap((header) =>
        ['values', 'notValues'].map((field): [string, WorldSpec, string] => [
          `${header}, which proxies write, in ${field} of ${action}`,
          {
            policies: [
              policy('by', {
                ...cart,
                action,
                rules: [get, { ...get, when: [{ key: `request.headers[${header}]`, [field]: ['*ns/legacy/*'] }] }],
              }),
            ],
          },
          `Critical AuthorizationPolicy shop/by spec.rules[1].when[0].key: it would not mean the same at the waypoint: request.headers[${header}]: `,
        ]),
      ),
    ),
    [
      'what a filter of the sidecar found out',
      {
        policies: [
          policy('meta', {
            ...cart,
            rules: [{ when: [{ key: 'experimental.envoy.filters.http.x[y]', values: ['1'] }] }],
          }),
        ],
      },
      'Critical AuthorizationPolicy shop/meta spec.rules[0].when[0].key: ',
    ],
    [
      'a field that is not known',
      {
        policies: [
          policy('new', { ...cart, rules: [{ to: [{ operation: { methods: ['GET'], grpcServices: ['a'] } }] }] }),
        ],
      },
      'Critical AuthorizationPolicy shop/new spec.rules[0].to[0].operation.grpcServices: ',
    ],
    [
      'a selector that takes in some pods of a Service',
      {
        workloads: canary,
        services: [service('cart', [{}])],
        policies: [policy('v2', { selector: { matchLabels: { version: 'v2' } }, rules: [get] })],
      },
      'Critical AuthorizationPolicy shop/v2 spec.selector: it selects some of the pods behind Service shop/cart',
    ],
    [
      'a selector by a label of running pods',
      {
        policies: [
          policy('pod', {
            selector: { matchLabels: { 'statefulset.kubernetes.io/pod-name': 'cart-0' } },
            rules: [get],
          }),
        ],
      },
      'Critical AuthorizationPolicy shop/pod spec.selector: whether it selects the pods behind Service shop/cart depends on labels',
    ],
    [
      'pods behind no Service, whose DENY would end',
      { services: [], policies: [policy('deny', { ...cart, action: 'DENY', rules: [get] })] },
      'Critical AuthorizationPolicy shop/deny spec.selector: it selects Deployment cart, which is behind no Service',
    ],
    [
      'pods behind no Service, which would be closed',
      { services: [], policies: [l7] },
      'Critical AuthorizationPolicy shop/get spec.selector: it selects Deployment cart, which is behind no Service',
    ],
    [
      'a headless Service',
      { services: [service('cart', [{}], { headless: true })], policies: [l7] },
      'Critical Service shop/cart spec.clusterIP: it needs a waypoint',
    ],
    [
      'a named port that means different ports',
      {
        services: [service('cart', [{ targetPort: 'web' }])],
        workloads: [
          { ...shared, name: 'a', ports: { web: 1 } },
          { ...shared, name: 'b', ports: { web: 2 } },
        ],
        policies: [policy('port', { ...cart, rules: [{ to: [{ operation: { methods: ['GET'], ports: ['1'] } }] }] })],
      },
      'Critical AuthorizationPolicy shop/port spec.rules: port 80 of Service shop/cart leads to "web"',
    ],
    [
      'policies for a waypoint that nobody enforces yet',
      { policies: [l7, policy('old', { targetRefs: [{ group: '', kind: 'Service', name: 'cart' }], rules: [{}] })] },
      'Critical AuthorizationPolicy shop/old spec.targetRefs: ',
    ],
    [
      'policies for every waypoint',
      {
        policies: [
          l7,
          policy(
            'all',
            {
              targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' }],
              rules: [{}],
            },
            { namespace: 'istio-system' },
          ),
        ],
      },
      'Critical AuthorizationPolicy istio-system/all spec.targetRefs: ',
    ],
    [
      'one container port with two protocols',
      {
        services: [service('cart', [{}]), service('cart-b', [{ name: 'tcp', port: 9 }], { selector: { app: 'cart' } })],
        policies: [l7],
      },
      'Critical Service shop/cart-b spec.ports: it treats container port 8080 as another protocol',
    ],
    [
      'an EnvoyFilter',
      {
        extensions: [
          configObject('EnvoyFilter', policy('lua', { configPatches: [{ match: { context: 'SIDECAR_INBOUND' } }] })),
        ],
      },
      'Critical EnvoyFilter shop/lua spec.configPatches: ',
    ],
    [
      'a plugin of callers',
      { extensions: [configObject('WasmPlugin', policy('p', { ...cart, match: [{ mode: 'CLIENT' }] }))] },
      'Critical WasmPlugin shop/p spec.match: it runs in the proxies of the callers',
    ],
  ])('is %s', (_, spec, start) => {
    expect(problems(spec).filter((problem) => problem.startsWith(start))).toHaveLength(1);
  });

  it('is not a DENY that denies the same behind the waypoint, or that exempts it', () => {
    expect(
      problems({
        policies: [
          l7,
          policy('port', { ...cart, action: 'DENY', rules: [{ to: [{ operation: { ports: ['9090'] } }] }] }),
        ],
      }),
    ).toEqual([]);
    expect(
      problems({
        policies: [
          l7,
          policy('ns', { ...cart, action: 'DENY', rules: [{ from: [{ source: { notNamespaces: ['shop'] } }] }] }),
        ],
      }),
    ).toEqual([]);
    const narrowed = { selector: { matchLabels: { app: 'cart', 'security.istio.io/tlsMode': 'istio' } } };
    expect(
      problems({
        policies: [
          policy('post', {
            ...narrowed,
            action: 'DENY',
            rules: [{ to: [{ operation: { methods: ['POST'], ports: ['8080'] } }] }],
          }),
        ],
      }),
    ).toEqual([]);
  });

  it('is no longer a DENY that only sidecars read wrongly once there are none', () => {
    const policies = [
      policy('trusted', {
        ...cart,
        action: 'DENY',
        rules: [{ from: [{ source: { notPrincipals: ['cluster.local/ns/shop/sa/web'] } }], ...get }],
      }),
    ];
    expect(problems({ policies })).toHaveLength(1);
    expect(problems({ policies, sidecars: false })).toEqual([]);
  });

  it('is only told of a port that direct callers use, unless it is declared', () => {
    const policies = [policy('metrics', { ...cart, rules: [{ to: [{ operation: { ports: ['15090'] } }] }, get] })];
    expect(problems({ policies })).toEqual([
      expect.stringMatching(/^Warning AuthorizationPolicy shop\/metrics spec.rules: port 15090 is behind no Service/),
    ]);
    expect(problems({ policies, exceptions: { principals: [], ports: [15_090] } })).toEqual([]);
  });
});

describe('the objects', () => {
  const spec: WorldSpec = {
    exceptions: { principals: ['cluster.local/ns/istio-ingress/sa/gateway'], ports: [15_090] },
    policies: [
      policy('get', { ...cart, rules: [{ to: [{ operation: { methods: ['GET'], ports: ['8080'] } }] }] }),
      policy(
        'dry',
        { action: 'DENY', rules: [get] },
        { annotations: { 'istio.io/dry-run': 'true', 'kubectl.kubernetes.io/last-applied-configuration': 'x' } },
      ),
    ],
    requestAuthentications: [policy('jwt', { ...cart, jwtRules: [{ issuer: 'https://a.example' }] })],
  };
  const { manifests } = translate(world(spec));
  const named = (start: string) => manifests.find(({ object }) => object.metadata.name.startsWith(start));

  it('say what they are copies of, keep dry-run and nothing else', () => {
    expect(named('dry-')?.object.metadata).toMatchObject({
      annotations: { 'meshmigration.dev/copy-of': 'AuthorizationPolicy/shop/dry', 'istio.io/dry-run': 'true' },
      labels: { 'meshmigration.dev/managed-by': 'mesh-migration', 'meshmigration.dev/role': 'Copy' },
    });
    expect(Object.keys(named('dry-')?.object.metadata.annotations ?? {})).toHaveLength(4); // Besides these what it is for, and the digest of it all.
  });

  it.each([
    ['a word', 'yes'],
    ['nothing', ''],
    ['a long text, which each would have', 'x'.repeat(200_000)],
  ])('have nothing in the place of what istiod makes nothing of in the annotation: %s', (_what, value) => {
    const annotations = { 'istio.io/dry-run': value };
    const denying = policy('it', { ...cart, action: 'DENY', rules: [get] }, { annotations });
    const made = translate(world({ policies: [denying] })).manifests.filter(({ role }) => role === 'Copy');
    expect(made).toHaveLength(1);
    expect(Object.keys(made[0]?.object.metadata.annotations ?? {})).not.toContain('istio.io/dry-run');
  });

  it('stay for a Service that is bound, although nothing asks for HTTP any more: the waypoint would let everything through', () => {
    const callers = policy('callers', {
      ...cart,
      action: 'ALLOW',
      rules: [{ from: [{ source: { serviceAccounts: ['web'] } }] }],
    });
    const rolesOf = (labels: Readonly<Record<string, string>>) =>
      translate(world({ policies: [callers], services: [service('cart', [{}], { labels })] })).manifests.map(
        ({ role }) => role,
      );
    expect(rolesOf({ 'istio.io/use-waypoint': 'waypoint' })).toEqual(['AllowWaypoint', 'Copy']);
    expect(rolesOf({ 'istio.io/use-waypoint': 'theirs' })).toEqual([]);
    expect(rolesOf({})).toEqual([]);
  });

  it('guard with the declared exceptions', () => {
    expect(named('waypoint-only-cart')?.object.spec).toEqual({
      selector: { matchLabels: { app: 'cart' } },
      action: 'DENY',
      rules: [
        {
          from: [
            {
              source: {
                notPrincipals: ['cluster.local/ns/shop/sa/waypoint', 'cluster.local/ns/istio-ingress/sa/gateway'],
                remoteIpBlocks: ['255.255.255.255/32'],
              },
            },
          ],
          to: [{ operation: { notPorts: ['15090'] } }],
        },
      ],
    });
  });

  it('pass tokens on only where a sidecar would miss them', () => {
    const copied = (more: readonly PolicySpec[], sidecars = true) =>
      translate(world({ ...spec, sidecars, policies: [...(spec.policies ?? []), ...more] })).manifests.find(
        ({ object }) => object.kind === 'RequestAuthentication',
      )?.object.spec;
    const anonymous = policy('anonymous', {
      ...cart,
      action: 'DENY',
      rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }] }],
    });
    expect(copied([])).toMatchObject({
      jwtRules: [{ issuer: 'https://a.example' }],
      targetRefs: [{ kind: 'Service', name: 'cart' }],
    });
    expect(copied([])).not.toMatchObject({ jwtRules: [{ forwardOriginalToken: true }] });
    expect(copied([anonymous])).toMatchObject({ jwtRules: [{ forwardOriginalToken: true }] });
    expect(copied([anonymous], false)).not.toMatchObject({ jwtRules: [{ forwardOriginalToken: true }] });
  });

  it('are explained in one sentence each', () => {
    expect(manifests.map(why)).toEqual([
      expect.stringMatching(
        /^AuthorizationPolicy shop\/allow-waypoint-cart-\w{32}: lets the waypoint in to the pods of Service shop\/cart, .* and have AuthorizationPolicy shop\/get; before the Service is bound to the waypoint\.$/,
      ),
      expect.stringMatching(
        /^AuthorizationPolicy shop\/dry-waypoint-\w{32}: AuthorizationPolicy shop\/dry for Gateway shop\/waypoint, because a waypoint reads by targetRefs only; before/,
      ),
      expect.stringMatching(
        /^AuthorizationPolicy shop\/get-cart-\w{32}: .* \(port 8080 becomes 80, 81\); before the Service is bound/,
      ),
      expect.stringMatching(/^RequestAuthentication shop\/jwt-cart-\w{32}: /),
      expect.stringMatching(
        /^AuthorizationPolicy shop\/waypoint-only-cart-\w{32}: .* AuthorizationPolicy shop\/get and RequestAuthentication shop\/jwt ask; before the first pod loses its sidecar\.$/,
      ),
    ]);
  });

  it('are a kustomize overlay that reads back as they are', () => {
    const [kustomization, ...files] = overlay(manifests);
    expect(parse(kustomization?.text ?? '')).toEqual({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: files.map(({ path }) => path),
    });
    expect(files.map(({ text }) => parse(text) as unknown)).toEqual(manifests.map(({ object }) => object));
    expect(files.every(({ path, text }) => /^[a-z0-9.-]+\.yaml$/.test(path) && text.startsWith('# '))).toBe(true);
  });

  it('do not depend on being made twice, and leave names of others alone', () => {
    const again = translate(world(spec)).manifests;
    expect(again).toEqual(manifests);
    const taken = named('get-cart')?.object.metadata.name ?? '';
    const clash = translate(
      world({
        ...spec,
        policies: [
          ...(spec.policies ?? []),
          policy(taken, { selector: { matchLabels: { app: 'other' } }, rules: [get] }),
        ],
      }),
    );
    expect(
      clash.manifests.filter(({ role }) => role === 'Copy').map(({ object }) => object.metadata.name),
    ).not.toContain(taken);
  });

  it('have names of their own within 63 characters, however long the names of the originals are', () => {
    const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,59}[a-z0-9])?$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 3 }), name, (names, serviceName) => {
        const long = (suffix: string) => `${suffix}${'-x'.repeat(60)}`;
        const { manifests: made } = translate(
          world({
            services: [service(serviceName, [{}])],
            workloads: [],
            policies: names.flatMap((own) => [
              policy(own, { selector: { matchLabels: { app: serviceName } }, rules: [get] }),
              policy(long(own), { selector: { matchLabels: { app: serviceName } }, rules: [get] }),
            ]),
          }),
        );
        const all = made.map(({ object }) => object.metadata.name);
        expect(all.length).toBe(2 * names.length + 2);
        expect(new Set(all).size).toBe(all.length);
        expect(all.every((own) => own.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(own))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
