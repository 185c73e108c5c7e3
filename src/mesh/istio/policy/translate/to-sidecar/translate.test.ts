import { describe, expect, it } from '@jest/globals';
import {
  exitMoments,
  exitWorld,
  someRequests,
  wrongFor,
  type ExitMoment,
} from '../../../../../../test/support/exit-world.ts';
import { service, type PolicySpec, type WorldSpec } from '../../../../../../test/support/translation-world.ts';
import type { Manifest } from '../manifest.ts';
import { translateToSidecars, type ExitTranslation } from './translate.ts';
import type { ExitWorld } from './served.ts';

const web = 'cluster.local/ns/shop/sa/web';
const waypoint = 'cluster.local/ns/shop/sa/waypoint';

function to(...names: readonly string[]): object {
  return { targetRefs: names.map((name) => ({ group: '', kind: 'Service', name })) };
}

const readers: PolicySpec = {
  name: 'readers',
  spec: {
    ...to('cart'),
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: [web] } }], to: [{ operation: { methods: ['GET'], ports: ['80'] } }] }],
  },
};
const noAdmin: PolicySpec = {
  name: 'no-admin',
  spec: { ...to('cart'), action: 'DENY', rules: [{ to: [{ operation: { paths: ['/admin'] } }] }] },
};
const onlyWaypoint: PolicySpec = {
  name: 'only-waypoint',
  spec: {
    selector: { matchLabels: { app: 'cart' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: [waypoint] } }] }],
  },
};

function made(
  spec: WorldSpec & { readonly bound?: readonly string[] },
  role?: Manifest['role'],
): readonly Manifest['object']['spec'][] {
  return translateToSidecars(exitWorld(spec))
    .manifests.filter((manifest) => role === undefined || manifest.role === role)
    .map(({ object }) => object.spec);
}

function problems(spec: WorldSpec & { readonly bound?: readonly string[] }): readonly string[] {
  return translateToSidecars(exitWorld(spec))
    .problems.filter(({ severity }) => severity === 'Critical')
    .map(({ object, field }) => `${object} ${field}`);
}

describe('what is made for sidecars', () => {
  it('selects the pods of the Service that have a sidecar, on the ports that the Service leads to', () => {
    expect(made({ policies: [readers], bound: ['cart'] }, 'SidecarCopy')).toEqual([
      {
        selector: { matchLabels: { app: 'cart', 'security.istio.io/tlsMode': 'istio' } },
        action: 'ALLOW',
        rules: [
          { from: [{ source: { principals: [web] } }], to: [{ operation: { methods: ['GET'], ports: ['8080'] } }] },
        ],
      },
    ]);
  });

  it('leaves alone what the waypoint has decided already, in what refuses', () => {
    expect(made({ policies: [noAdmin], bound: ['cart'] }, 'SidecarCopy')).toEqual([
      {
        selector: { matchLabels: { app: 'cart', 'security.istio.io/tlsMode': 'istio' } },
        action: 'DENY',
        rules: [
          {
            to: [{ operation: { paths: ['/admin'], ports: ['8080', '9090'] } }],
            when: [{ key: 'source.principal', notValues: [waypoint] }],
          },
        ],
      },
    ]);
  });

  it('keeps an ALLOW that nothing can match: it refuses everything', () => {
    expect(
      made(
        {
          policies: [
            {
              name: 'none',
              spec: { ...to('cart'), action: 'ALLOW', rules: [{ to: [{ operation: { ports: ['7777'] } }] }] },
            },
          ],
          bound: ['cart'],
        },
        'SidecarCopy',
      ),
    ).toEqual([{ selector: { matchLabels: { app: 'cart', 'security.istio.io/tlsMode': 'istio' } }, action: 'ALLOW' }]);
  });

  it('means by a name without a namespace what it meant at home', () => {
    const banned: PolicySpec = {
      name: 'banned',
      namespace: 'istio-system',
      spec: {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' }],
        action: 'DENY',
        rules: [{ from: [{ source: { serviceAccounts: ['banned'] } }] }],
      },
    };
    expect(JSON.stringify(made({ policies: [banned], bound: ['cart'] }, 'SidecarCopy'))).toContain(
      '"istio-system/banned"',
    );
  });

  it('lets everybody in on the ports of the Service beside a rule that lets in the waypoint only, where the waypoint has no ALLOW', () => {
    expect(made({ policies: [noAdmin, onlyWaypoint], bound: ['cart'] }, 'SidecarAllow')).toMatchObject([
      { action: 'ALLOW', rules: [{ to: [{ operation: { ports: ['8080', '9090'] } }] }] },
    ]);
  });

  it('lets in the waypoint only where it has one, and leaves other ports to those who use them', () => {
    expect(made({ policies: [readers], bound: ['cart'] }, 'SidecarAllow')).toMatchObject([
      {
        rules: [
          { from: [{ source: { principals: [waypoint] } }], to: [{ operation: { ports: ['8080', '9090'] } }] },
          { to: [{ operation: { notPorts: ['8080', '9090'] } }] },
        ],
      },
    ]);
  });

  it('makes nothing where the waypoint decides nothing', () => {
    expect(made({ policies: [] })).toEqual([]);
  });
});

describe('what cannot be carried over to sidecars', () => {
  const rule = (source: object): PolicySpec => ({
    name: 'p',
    spec: { ...to('cart'), rules: [{ from: [{ source }] }] },
  });

  it.each<[string, WorldSpec, string]>([
    [
      'addresses',
      { policies: [rule({ ipBlocks: ['10.0.0.0/8'] })] },
      'AuthorizationPolicy shop/p spec.rules[0].from[0].source.ipBlocks',
    ],
    [
      'addresses of clients',
      { policies: [rule({ remoteIpBlocks: ['10.0.0.0/8'] })] },
      'AuthorizationPolicy shop/p spec.rules[0].from[0].source.remoteIpBlocks',
    ],
    [
      'addresses in what selects the pods',
      {
        policies: [
          {
            name: 'p',
            spec: {
              selector: { matchLabels: { app: 'cart' } },
              rules: [{ from: [{ source: { ipBlocks: ['10.0.0.0/8'] } }] }],
            },
          },
        ],
      },
      'AuthorizationPolicy shop/p spec.rules[0].from[0].source.ipBlocks',
    ],
    ...['x-forwarded-proto', 'X-Forwarded-Client-Cert', 'x-request-id', 'traceparent'].map(
      (header): [string, WorldSpec, string] => [
        `${header}, which proxies write`,
        {
          policies: [
            {
              name: 'p',
              spec: { ...to('cart'), rules: [{ when: [{ key: `request.headers[${header}]`, values: ['x'] }] }] },
            },
          ],
        },
        'AuthorizationPolicy shop/p spec.rules[0].when[0].key',
      ],
    ),
    [
      'a field from the future',
      { policies: [rule({ moons: ['full'] })] },
      'AuthorizationPolicy shop/p spec.rules[0].from[0].source.moons',
    ],
    [
      'the label of sidecars in a template',
      {
        policies: [readers],
        workloads: [
          {
            kind: 'Deployment',
            name: 'cart',
            labels: { app: 'cart', 'security.istio.io/tlsMode': 'istio' },
            ports: { metrics: 9090 },
            declared: [8080],
          },
        ],
      },
      'Deployment shop/cart spec.template.metadata.labels',
    ],
    [
      'a port without a number',
      { policies: [readers], services: [service('cart', [{ port: 80, targetPort: 'gone' }])] },
      'Service shop/cart spec.ports',
    ],
    [
      'claims that would get lost',
      {
        requestAuthentications: [
          { name: 'jwt', spec: { ...to('cart'), jwtRules: [{ issuer: 'a', outputPayloadToHeader: 'x-payload' }] } },
        ],
      },
      'RequestAuthentication shop/jwt spec.jwtRules[0]',
    ],
    [
      'tokens that begin to count',
      {
        requestAuthentications: [
          { name: 'jwt', spec: { selector: { matchLabels: { app: 'cart' } }, jwtRules: [{ issuer: 'a' }] } },
        ],
      },
      'RequestAuthentication shop/jwt spec.jwtRules',
    ],
    [
      'tokens of another Service of the same pods',
      {
        services: [service('cart', [{}]), service('basket', [{}], { selector: { app: 'cart' } })],
        requestAuthentications: [{ name: 'jwt', spec: { ...to('basket'), jwtRules: [{ issuer: 'a' }] } }],
      },
      'RequestAuthentication shop/jwt spec.jwtRules',
    ],
    [
      'a rule of the pods that asks for a token which the waypoint keeps',
      {
        requestAuthentications: [{ name: 'jwt', spec: { ...to('cart'), jwtRules: [{ issuer: 'a' }] } }],
        policies: [
          {
            name: 'p',
            spec: {
              selector: { matchLabels: { app: 'cart' } },
              action: 'DENY',
              rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }] }],
            },
          },
        ],
      },
      'AuthorizationPolicy shop/p spec.rules',
    ],
  ])('%s', (_name, spec, expected) => {
    expect(problems({ ...spec, bound: ['cart', 'basket'] })).toContain(expected);
  });

  it.each<[string, WorldSpec]>([
    [
      'a guard that only ztunnel enforces',
      {
        policies: [
          readers,
          {
            name: 'guard',
            spec: {
              selector: { matchLabels: { app: 'cart' } },
              action: 'DENY',
              rules: [{ from: [{ source: { notPrincipals: [waypoint], remoteIpBlocks: ['255.255.255.255/32'] } }] }],
            },
          },
        ],
      },
    ],
    [
      'tokens that the waypoint passes on',
      {
        requestAuthentications: [
          {
            name: 'jwt',
            spec: {
              ...to('cart'),
              jwtRules: [{ issuer: 'a', outputPayloadToHeader: 'x-payload', forwardOriginalToken: true }],
            },
          },
        ],
      },
    ],
    [
      'the same tokens by a selector',
      {
        requestAuthentications: [
          { name: 'a', spec: { ...to('cart'), jwtRules: [{ issuer: 'a' }] } },
          {
            name: 'b',
            spec: {
              selector: { matchLabels: { app: 'cart' } },
              jwtRules: [{ issuer: 'a', forwardOriginalToken: true }],
            },
          },
        ],
      },
    ],
  ])('is not %s', (_name, spec) => {
    expect(problems({ ...spec, bound: ['cart'] })).toEqual([]);
  });
});

const shop: WorldSpec = {
  policies: [
    {
      name: 'readers',
      spec: {
        ...to('cart'),
        action: 'ALLOW',
        rules: [
          {
            from: [{ source: { principals: [web] } }],
            to: [{ operation: { methods: ['GET'], ports: ['80', '81'], notPaths: ['/admin*'] } }],
          },
          { from: [{ source: { namespaces: ['other'] } }], to: [{ operation: { ports: ['9090'] } }] },
        ],
      },
    },
    {
      name: 'no-delete',
      spec: {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
      },
    },
    {
      name: 'only-web',
      spec: {
        ...to('web'),
        action: 'DENY',
        rules: [
          {
            from: [{ source: { notPrincipals: [web, 'cluster.local/ns/shop/sa/cart'] } }],
            to: [{ operation: { methods: ['POST'], ports: ['8080'] } }],
          },
        ],
      },
    },
    {
      name: 'banned',
      namespace: 'istio-system',
      spec: {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' }],
        action: 'DENY',
        rules: [{ from: [{ source: { serviceAccounts: ['banned'] } }] }],
      },
    },
    {
      name: 'ask',
      spec: {
        ...to('web'),
        action: 'CUSTOM',
        provider: { name: 'ext' },
        rules: [{ to: [{ operation: { paths: ['/pay*'] } }] }],
      },
    },
  ],
};

const facts = exitWorld(shop);
const right = translateToSidecars(facts);
const requests = someRequests([80, 81, 8080, 9090]);

function wrong(course: readonly ExitMoment[], of: ExitWorld = facts): string | undefined {
  return requests.map((request) => wrongFor(of, course, request)).find((found) => found !== undefined);
}

function each(change: (made: Manifest) => Manifest | undefined): ExitTranslation {
  return { ...right, manifests: right.manifests.flatMap((made_) => change(made_) ?? []) };
}

/** Changes what is made, as text. */
function text(role: Manifest['role'], change: (text: string) => string): ExitTranslation {
  return each((one) =>
    one.role === role
      ? {
          ...one,
          object: {
            ...one.object,
            spec: JSON.parse(change(JSON.stringify(one.object.spec))) as Manifest['object']['spec'],
          },
        }
      : one,
  );
}

function without(role: Manifest['role']): ExitTranslation {
  return each((one) => (one.role === role ? undefined : one));
}

function at(name: string, change: Partial<ExitMoment>): readonly ExitMoment[] {
  return exitMoments(right).map((moment) => (moment.name === name ? { ...moment, ...change } : moment));
}

describe('single requests on the way to sidecars', () => {
  it('are decided as before', () => {
    expect(right.problems.filter(({ severity }) => severity === 'Critical')).toEqual([]);
    expect(wrong(exitMoments(right))).toBeUndefined();
  });

  it.each<[string, PolicySpec]>([
    ['a rule that lets in the waypoint only', onlyWaypoint],
    [
      'a guard that only ztunnel enforces',
      {
        name: 'guard',
        spec: {
          action: 'DENY',
          rules: [{ from: [{ source: { notPrincipals: [waypoint], remoteIpBlocks: ['255.255.255.255/32'] } }] }],
        },
      },
    ],
  ])('are decided as before beside %s', (_name, policy) => {
    const guarded = exitWorld({ policies: [...(shop.policies ?? []), policy] });
    expect(wrong(exitMoments(translateToSidecars(guarded)), guarded)).toBeUndefined();
  });

  it.each<[string, ExitTranslation]>([
    ['no copies are made', without('SidecarCopy')],
    ['nothing admits the waypoint to the sidecars', without('SidecarAllow')],
    ['nobody guards the pods that are still in ambient', without('SidecarGuard')],
    [
      'copies are not narrowed to sidecars',
      text('SidecarCopy', (spec) => spec.replaceAll(',"security.istio.io/tlsMode":"istio"', '')),
    ],
    ['ports are those of the Service still', text('SidecarCopy', (spec) => spec.replaceAll('"8080"', '"80"'))],
    ['copies have a say on every port', text('SidecarCopy', (spec) => spec.replaceAll(/,?"ports":\[[^\]]*\]/g, ''))],
    [
      'copies refuse the waypoint as if it was a caller',
      text('SidecarCopy', (spec) => spec.replaceAll(waypoint, 'cluster.local/ns/none/sa/none')),
    ],
    [
      'names mean the namespace of the copy',
      text('SidecarCopy', (spec) => spec.replaceAll('"istio-system/banned"', '"banned"')),
    ],
    ['a DENY becomes an ALLOW', text('SidecarCopy', (spec) => spec.replaceAll('"DENY"', '"ALLOW"'))],
    [
      'an authorizer is not asked any more',
      each((one) => (JSON.stringify(one.object.spec).includes('"CUSTOM"') ? undefined : one)),
    ],
    [
      'the companion lets everybody in',
      text('SidecarAllow', (spec) => spec.replaceAll(/"from":\[[^\]]*\]\}\}\],/g, '')),
    ],
    [
      'the guard is for another namespace',
      text('SidecarGuard', (spec) => spec.replaceAll('"namespaces":["shop"]', '"namespaces":["other"]')),
    ],
    ['the guard refuses the waypoint too', text('SidecarGuard', (spec) => spec.replaceAll(waypoint, web))],
    [
      'sidecars enforce the guard',
      text('SidecarGuard', (spec) => spec.replaceAll(',"remoteIpBlocks":["255.255.255.255/32"]', '')),
    ],
  ])('show it when %s', (_name, translation) => {
    expect(wrong(exitMoments(translation))).toBeDefined();
  });

  it.each<[string, readonly ExitMoment[]]>([
    ['Services are unbound before the pods have sidecars', at('caller restarted', { bound: false })],
    ['copies come after the sidecars', at('pod restarted', { manifests: without('SidecarCopy').manifests })],
    [
      'the guard comes after the callers have theirs',
      at('caller restarted', { manifests: without('SidecarGuard').manifests }),
    ],
    ['the companion comes after the sidecars', at('pod restarted', { manifests: without('SidecarAllow').manifests })],
    ['copies go before the Services are bound again', at('unbound', { manifests: [] })],
  ])('show it when %s', (_name, course) => {
    expect(wrong(course)).toBeDefined();
  });
});
