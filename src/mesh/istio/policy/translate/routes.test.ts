import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { refusals } from '../../../../../test/support/refusals.ts';
import {
  configObject,
  service,
  world,
  type PolicySpec,
  type WorldSpec,
} from '../../../../../test/support/translation-world.ts';
import { gatewayProblems } from './gateway-routes.ts';
import { routeOffer } from './route-offer.ts';
import { translate } from './translate.ts';
import type { ServiceFacts } from './world.ts';

const toCart = { destination: { host: 'cart', port: { number: 80 } } };
const admin: PolicySpec = {
  name: 'admin',
  spec: {
    selector: { matchLabels: { app: 'cart' } },
    action: 'DENY',
    rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
  },
};

function virtualService(http: unknown, rest: Record<string, unknown> = {}, namespace = 'shop') {
  return configObject('VirtualService', {
    name: 'cart',
    namespace,
    spec: { hosts: ['cart.shop.svc.cluster.local'], http, ...rest },
  });
}

function destinationRule(spec: Record<string, unknown>, namespace = 'shop') {
  return configObject('DestinationRule', {
    name: 'cart',
    namespace,
    spec: { host: 'cart.shop.svc.cluster.local', ...spec },
  });
}

function httpRoute(rules: unknown) {
  return configObject('HTTPRoute', {
    name: 'cart',
    spec: { parentRefs: [{ group: '', kind: 'Service', name: 'cart' }], rules },
  });
}

const old = { ...world({}).options, version: { major: 1, minor: 30 } };

describe('routes behind a waypoint', () => {
  it.each<[string, WorldSpec, string, string]>([
    [
      'labels of the caller',
      { routes: [virtualService([{ match: [{ sourceLabels: { app: 'x' } }], route: [toCart] }])] },
      'Critical',
      'spec.http.match.sourceLabels',
    ],
    [
      'the namespace of the caller',
      { routes: [virtualService([{ match: [{ sourceNamespace: 'x' }], route: [toCart] }])] },
      'Critical',
      'spec.http.match.sourceNamespace',
    ],
    ...[
      { headers: { 'X-Forwarded-Client-Cert': { regex: '.*legacy.*' } } },
      { withoutHeaders: { traceparent: {} } },
    ].map((match): [string, WorldSpec, string, string] => [
      `a header that proxies write in ${Object.keys(match)[0] ?? ''}`,
      { routes: [virtualService([{ match: [{ uri: { prefix: '/' } }, match], route: [toCart] }])] },
      'Critical',
      'spec.http.match.headers',
    ]),
    ...['HTTPRoute', 'GRPCRoute'].map((kind): [string, WorldSpec, string, string] => [
      `a header that proxies write in a ${kind}`,
      {
        routes: [
          configObject(kind, {
            name: 'cart',
            spec: {
              parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
              rules: [{ matches: [{ headers: [{ name: 'X-Envoy-Internal', value: 'true' }] }] }],
            },
          }),
        ],
      },
      'Critical',
      'spec.rules.matches.headers',
    ]),
    [
      'a server name',
      { routes: [virtualService(undefined, { tls: [{ match: [{ sniHosts: ['a', 'b'] }], route: [toCart] }] })] },
      'Critical',
      'spec.tls.match.sniHosts',
    ],
    [
      'a VirtualService of the root namespace',
      {
        routes: [
          virtualService(
            [{ timeout: '5s', route: [{ destination: { host: 'cart.shop' } }] }],
            { hosts: ['cart.shop'] },
            'istio-system',
          ),
        ],
      },
      'Critical',
      'metadata.namespace',
    ],
    [
      'one that is not visible to the waypoint',
      { routes: [virtualService([{ route: [toCart] }], { exportTo: ['consumer'] })] },
      'Critical',
      'spec.exportTo',
    ],
    [
      'both kinds of routes',
      { routes: [virtualService([{ route: [toCart] }]), httpRoute([])] },
      'Critical',
      'spec.hosts',
    ],
    ['CORS', { routes: [virtualService([{ corsPolicy: {}, route: [toCart] }])] }, 'Warning', 'spec.http.corsPolicy'],
    [
      'a Service with other policies',
      { policies: [admin], routes: [virtualService([{ route: [{ destination: { host: 'web' } }] }])] },
      'Critical',
      'spec',
    ],
    [
      'a backend with other policies',
      { policies: [admin], routes: [httpRoute([{ backendRefs: [{ name: 'web', port: 8080 }] }])] },
      'Critical',
      'spec',
    ],
    [
      'a mirror with other policies',
      {
        policies: [admin],
        routes: [httpRoute([{ filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'web' } } }] }])],
      },
      'Critical',
      'spec',
    ],
    [
      'a host outside',
      { routes: [virtualService([{ route: [{ destination: { host: 'example.com' } }] }])] },
      'Critical',
      'spec',
    ],
    [
      'a rewritten path that a policy looks at',
      { policies: [admin], routes: [virtualService([{ rewrite: { uri: '/' }, route: [toCart] }])] },
      'Critical',
      'spec',
    ],
    [
      'a path rewritten by a filter',
      {
        policies: [admin],
        routes: [
          httpRoute([
            {
              filters: [
                { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/' } } },
              ],
              backendRefs: [{ name: 'cart' }],
            },
          ]),
        ],
      },
      'Critical',
      'spec',
    ],
    [
      'sticky hashing before 1.31',
      {
        options: old,
        routes: [destinationRule({ trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x' } } } })],
      },
      'Critical',
      'spec.trafficPolicy.loadBalancer.consistentHash',
    ],
    [
      'hashing by a header of proxies',
      {
        routes: [
          destinationRule({
            trafficPolicy: {
              portLevelSettings: [{ loadBalancer: { consistentHash: { httpHeaderName: 'X-Forwarded-For' } } }],
            },
          }),
        ],
      },
      'Warning',
      'spec.trafficPolicy.loadBalancer.consistentHash.httpHeaderName',
    ],
    [
      'limits per caller',
      { routes: [destinationRule({ trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } })] },
      'Warning',
      'spec.trafficPolicy.connectionPool',
    ],
    [
      'a rule for certain callers',
      {
        routes: [
          destinationRule({
            workloadSelector: { matchLabels: { a: 'b' } },
            trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
          }),
        ],
      },
      'Critical',
      'spec.workloadSelector',
    ],
  ])('tell of %s', (_, spec, severity, field) => {
    expect(translate(world(spec)).problems.map((problem) => `${problem.severity} ${problem.field}`)).toContain(
      `${severity} ${field}`,
    );
  });

  it.each<[string, WorldSpec]>([
    [
      'headers of the application',
      {
        routes: [
          virtualService([{ match: [{ headers: { 'x-team': {} }, withoutHeaders: { cookie: {} } }], route: [toCart] }]),
        ],
      },
    ],
    ['the same in the Gateway API', { routes: [httpRoute([{ matches: [{ headers: [{ name: 'x-team' }] }] }])] }],
    [
      'header changes that no policy looks at',
      {
        policies: [admin],
        routes: [virtualService([{ headers: { request: { set: { 'x-team': 'blue' } } }, route: [toCart] }])],
      },
    ],
    [
      'a canary whose Services have the same policies',
      {
        policies: [admin],
        services: [service('cart', [{}]), service('cart-v2', [{}], { selector: { app: 'cart', version: 'v2' } })],
        workloads: [
          { kind: 'Deployment', name: 'cart', labels: { app: 'cart', version: 'v2' }, ports: {}, declared: [] },
        ],
        routes: [
          virtualService([
            {
              route: [
                { destination: { host: 'cart' }, weight: 90 },
                { destination: { host: 'cart-v2' }, weight: 10 },
              ],
            },
          ]),
        ],
      },
    ],
    [
      'hashing since 1.31',
      { routes: [destinationRule({ trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x' } } } })] },
    ],
  ])('have no problem with %s', (_, spec) => {
    expect(translate(world(spec)).problems).toEqual([]);
  });

  it.each<[string, readonly ReturnType<typeof configObject>[], boolean]>([
    [
      'a VirtualService for gateways and the mesh',
      [virtualService([{ timeout: '1s', route: [toCart] }], { gateways: ['mesh', 'ingress'] })],
      true,
    ],
    [
      'one for gateways beside one for the mesh',
      [
        virtualService([{ timeout: '1s', route: [toCart] }]),
        {
          ...virtualService([{ route: [{ destination: { host: 'cart.shop' } }] }], {
            hosts: ['example.com'],
            gateways: ['ingress'],
          }),
          name: 'door',
        },
      ],
      true,
    ],
    [
      'an HTTPRoute for a Gateway',
      [
        virtualService([{ timeout: '1s', route: [toCart] }]),
        configObject('HTTPRoute', {
          name: 'door',
          spec: { parentRefs: [{ name: 'ingress' }], rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }] },
        }),
      ],
      true,
    ],
    [
      'one for gateways to another Service',
      [
        virtualService([{ timeout: '1s', route: [toCart] }]),
        {
          ...virtualService([{ route: [{ destination: { host: 'web' } }] }], {
            hosts: ['example.com'],
            gateways: ['ingress'],
          }),
          name: 'door',
        },
      ],
      false,
    ],
    ['one for the mesh', [virtualService([{ timeout: '1s', route: [toCart] }])], false],
  ])('tell whether requests from gateways follow them too: %s', (_title, routes, expected) => {
    const around = world({ routes });
    const { bound, problems } = translate(around);
    expect(problems.filter(({ severity }) => severity === 'Critical')).toEqual([]);
    const found = gatewayProblems(bound, around, routes);
    expect(found.some(({ message }) => message.startsWith('requests from gateways'))).toBe(expected);
  });

  it('of callers elsewhere are no reason for a waypoint, which would not read them, and none of its business', () => {
    const route = configObject('HTTPRoute', {
      name: 'mine',
      namespace: 'blog',
      spec: {
        parentRefs: [{ kind: 'Service', name: 'cart', namespace: 'shop' }],
        rules: [{ backendRefs: [{ name: 'elsewhere', port: 80 }] }],
      },
    });
    expect(translate(world({ routes: [route] })).bound).toEqual([]);
    expect(translate(world({ policies: [admin], routes: [route] })).problems).toEqual([]);
  });

  it('say what is kept', () => {
    const { kept } = translate(
      world({
        routes: [
          virtualService([{ timeout: '1s', fault: {}, route: [{ destination: { host: 'cart', subset: 'v1' } }] }]),
        ],
      }),
    );
    expect(kept.map(({ field }) => field)).toEqual([
      'spec.http.fault',
      'spec.http.timeout',
      'spec.http.route.destination.subset',
    ]);
  });

  it('need no waypoint for a mode of mutual TLS', () => {
    expect(
      translate(world({ routes: [destinationRule({ trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } })] })).bound,
    ).toEqual([]);
    expect(
      translate(world({ routes: [destinationRule({ trafficPolicy: { tls: { mode: 'SIMPLE' } } })] })).bound.map(
        ({ name }) => name,
      ),
    ).toEqual(['cart']);
  });
});

describe('a Gateway API route instead of a VirtualService', () => {
  const facts = world({});
  const cart = facts.services[0]!;

  it('is offered where it does the same', () => {
    const match = [
      {
        uri: { exact: '/a' },
        headers: { 'x-a': { exact: 'b' } },
        method: { exact: 'GET' },
        queryParams: { q: { exact: '1' } },
      },
      { uri: { prefix: '/' }, method: { exact: 'POST' } },
    ];
    const headers = { request: { set: { a: 'b' }, remove: ['c'] }, response: { add: { d: 'e' } } };
    const offer = routeOffer(
      virtualService([{ match, headers, timeout: '3s', route: [{ ...toCart, weight: 1 }] }, { route: [toCart] }]),
      cart,
      facts,
    );
    expect(offer).toMatchObject({
      replaces: 'VirtualService shop/cart',
      object: { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
    });
    expect(offer?.object.spec).toEqual({
      parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      rules: [
        {
          matches: [
            {
              path: { type: 'Exact', value: '/a' },
              headers: [{ name: 'x-a', type: 'Exact', value: 'b' }],
              method: 'GET',
              queryParams: [{ name: 'q', type: 'Exact', value: '1' }],
            },
            { path: { type: 'PathPrefix', value: '/' }, method: 'POST' },
          ],
          filters: [
            {
              type: 'RequestHeaderModifier',
              requestHeaderModifier: { set: [{ name: 'a', value: 'b' }], remove: ['c'] },
            },
            { type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [{ name: 'd', value: 'e' }] } },
          ],
          timeouts: { request: '3s' },
          backendRefs: [{ name: 'cart', port: 80, weight: 1 }],
        },
        { backendRefs: [{ name: 'cart', port: 80 }] },
      ],
    });
  });

  it('is a GRPCRoute for gRPC', () => {
    const grpc = service('cart', [{ name: 'grpc' }]);
    const offer = routeOffer(
      virtualService([{ match: [{ uri: { exact: '/shop.Cart/Add' } }], route: [toCart] }]),
      grpc,
      { ...facts, services: [grpc] },
    );
    expect(offer?.object).toMatchObject({
      kind: 'GRPCRoute',
      spec: { rules: [{ matches: [{ method: { type: 'Exact', service: 'shop.Cart', method: 'Add' } }] }] },
    });
  });

  it.each<[string, unknown, Record<string, unknown>?]>([
    ['a prefix of characters', [{ match: [{ uri: { prefix: '/foo' } }], route: [toCart] }]],
    ['a regular expression', [{ match: [{ headers: { a: { regex: '.*' } } }], route: [toCart] }]],
    [
      'an order that counts',
      [
        { match: [{ uri: { prefix: '/' } }], route: [toCart] },
        { match: [{ uri: { exact: '/a' } }], route: [toCart] },
      ],
    ],
    ['a subset', [{ route: [{ destination: { host: 'cart', port: { number: 80 }, subset: 'v1' } }] }]],
    ['a fault', [{ fault: { abort: {} }, route: [toCart] }]],
    ['retries', [{ retries: { attempts: 3 }, route: [toCart] }]],
    ['a percentage of mirroring', [{ mirror: { host: 'web' }, mirrorPercentage: { value: 1 }, route: [toCart] }]],
    ['a port that is not said', [{ route: [{ destination: { host: 'cart' } }] }]],
    ['two hosts', [{ route: [toCart] }], { hosts: ['cart', 'web'] }],
    ['a gateway', [{ route: [toCart] }], { gateways: ['mesh', 'ingress'] }],
    ['TCP routes', [{ route: [toCart] }], { tcp: [] }],
  ])('is not offered for %s', (_, http, rest = {}) => {
    expect(routeOffer(virtualService(http, rest), cart, facts)).toBeUndefined();
  });

  const exact = (uri: string) => [{ match: [{ uri: { exact: uri } }], route: [toCart] }];
  const many = (length: number) => Array.from({ length }, (_, index) => index);

  it.each<[string, unknown]>([
    ['a method of its own', [{ match: [{ method: { exact: 'PURGE' } }], route: [toCart] }]],
    ['a path that is none', exact('cart')],
    ['a path that is written in more ways than one', exact('/a//b')],
    ['a segment of dots', exact('/a/../b')],
    ['an encoded slash', exact('/a%2Fb')],
    ['characters that have to be encoded', exact('/ä')],
    ['a header without a value', [{ match: [{ headers: { a: { exact: '' } } }], route: [toCart] }]],
    ['a header that is none', [{ match: [{ headers: { ':authority': { exact: 'a' } } }], route: [toCart] }]],
    ['a parameter in brackets', [{ match: [{ queryParams: { 'a[]': { exact: 'b' } } }], route: [toCart] }]],
    ['a fraction of a second', [{ timeout: '0.5s', route: [toCart] }]],
    ['too many matches', [{ match: many(65).map((each) => ({ uri: { exact: `/${each}` } })), route: [toCart] }]],
    ['too many destinations', [{ route: many(17).map(() => ({ ...toCart, weight: 1 })) }]],
    ['a weight beyond a million', [{ route: [{ ...toCart, weight: 2_000_000 }] }]],
    ['an empty header to set', [{ headers: { request: { set: { a: '' } } }, route: [toCart] }]],
  ])('is not offered where the Gateway API refuses it: %s', (_, http) => {
    const { kind, spec } = virtualService(http);
    expect(refusals({ apiVersion: 'networking.istio.io/v1', kind, spec })).toEqual([]);
    expect(routeOffer(virtualService(http), cart, facts)).toBeUndefined();
  });

  it.each<[string, unknown, ServiceFacts?]>([
    ['any path that is one', exact("/a/b.js;v=1/~!$&'()*+,:@%20")],
    [
      'as many matches as there may be',
      [{ match: many(64).map((each) => ({ uri: { exact: `/${each}` } })), route: [toCart] }],
    ],
    ['a timeout of several units', [{ timeout: '1h30m10s5ms', route: [toCart] }]],
    ['a header that is removed twice', [{ headers: { request: { remove: ['a', 'a'] } }, route: [toCart] }]],
    ['the method of a gRPC service', exact('/shop.Cart/Add'), service('cart', [{ name: 'grpc' }])],
    ['a gRPC service that only HTTP can name', exact('/shop-x/Add'), service('cart', [{ name: 'grpc' }])],
  ])('is offered as its CRD takes it: %s', (_, http, called = cart) => {
    const offer = routeOffer(virtualService(http), called, { ...facts, services: [called] });
    assert.ok(offer);
    expect(refusals(offer.object)).toEqual([]);
  });
});
