import type { Surroundings } from '../../src/mesh/adapter.ts';
import { watched } from '../../src/mesh/istio/settings/resources.ts';
import type { ConfigView, PodView, WorkloadView } from '../../src/mesh/views.ts';
import { config, injected, pod, service, surroundings, workload } from './mesh-fixtures.ts';
import { copiedShapes } from './copied-shapes.ts';
import { ownShapes } from './own-shapes.ts';
import { watchedShapes } from './watched-shapes.ts';

type Spec = Readonly<Record<string, unknown>>;

/** What is in one namespace, as large as a number says. */
export type Shape = (size: number) => Surroundings;

/** Objects of the namespace. */
type Objects = (size: number) => readonly ConfigView[];

function numbers<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

function principal(index: number): string {
  return `cluster.local/ns/shop/sa/a${index}`;
}

function address(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

function policy(spec: Spec, name = 'it'): ConfigView {
  return config('AuthorizationPolicy', spec, { name, uid: name });
}

function deny(source: Spec | undefined, operation: Spec | undefined, more: Spec = {}): ConfigView {
  return policy({
    action: 'DENY',
    rules: [{ ...(source && { from: [{ source }] }), ...(operation && { to: [{ operation }] }), ...more }],
  });
}

const get: Spec = { methods: ['GET'] };

/** What a tenant can make large in policies: alternatives beside alternatives, and long lists of each kind. */
const policies: Readonly<Record<string, Objects>> = {
  'ALLOW: n sources, n operations': (size) => [
    policy({
      action: 'ALLOW',
      rules: [
        {
          from: numbers(size, (index) => ({ source: { principals: [principal(index)] } })),
          to: numbers(size, (index) => ({ operation: { ...get, paths: [`/p${index}`] } })),
        },
      ],
    }),
  ],
  'DENY: n ports': (size) => [
    deny(undefined, { ...get, ports: numbers(size, (index) => String(1 + (index % 65_535))) }),
  ],
  'DENY: n address blocks': (size) => [deny({ ipBlocks: numbers(size, address) }, get)],
  'DENY: n remote blocks': (size) => [deny({ remoteIpBlocks: numbers(size, address) }, get)],
  'DENY: n nested blocks': (size) => [
    deny({ ipBlocks: numbers(size, (index) => `${address(index << 8)}/${24 - (index % 17)}`) }, get),
  ],
  'ALLOW: n rules': (size) => [
    policy({
      action: 'ALLOW',
      rules: numbers(size, (index) => ({
        from: [{ source: { principals: [principal(index)] } }],
        to: [{ operation: { paths: [`/p${index}/*`] } }],
      })),
    }),
  ],
  'ALLOW: n namespaces': (size) => [
    policy({
      action: 'ALLOW',
      rules: [{ from: [{ source: { namespaces: numbers(size, (index) => `ns${index}`) } }], to: [{ operation: get }] }],
    }),
  ],
  'ALLOW: n principals': (size) => [
    policy({
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: numbers(size, principal) } }], to: [{ operation: get }] }],
    }),
  ],
  'ALLOW: n not principals': (size) => [
    policy({
      action: 'ALLOW',
      rules: [{ from: [{ source: { notPrincipals: numbers(size, principal) } }], to: [{ operation: get }] }],
    }),
  ],
  'DENY: n namespaces with a star inside': (size) => [
    deny({ namespaces: numbers(size, (index) => `a*b${index}`) }, get),
  ],
  'DENY: n paths': (size) => [deny(undefined, { paths: numbers(size, (index) => `/p${index}`) })],
  'DENY: n suffixes and prefixes': (size) => [
    deny(undefined, { paths: numbers(size, (index) => (index % 2 ? `/p${index}/*` : `*/s${index}`)) }),
  ],
  'DENY: n templates': (size) => [deny(undefined, { paths: numbers(size, (index) => `/a/{*}/p${index}/{**}`) })],
  'DENY: n hosts': (size) => [deny(undefined, { hosts: numbers(size, (index) => `h${index}.example.com`) })],
  'DENY: n headers': (size) => [
    deny(undefined, get, { when: numbers(size, (index) => ({ key: `request.headers[x-${index}]`, values: ['a'] })) }),
  ],
  'DENY: n conditions on one header': (size) => [
    deny(undefined, get, { when: numbers(size, (index) => ({ key: 'request.headers[x]', notValues: [`a${index}`] })) }),
  ],
  'DENY: n claims': (size) => [
    deny(undefined, get, {
      when: [{ key: 'request.auth.claims[groups]', values: numbers(size, (index) => `g${index}`) }],
    }),
  ],
  'DENY: n claim patterns': (size) => [
    deny(undefined, get, {
      when: [
        {
          key: 'request.auth.claims[groups]',
          values: numbers(size, (index) => (index % 2 ? `*g${index}` : `g${index}*`)),
        },
      ],
    }),
  ],
  'DENY: n request principals': (size) => [
    deny({ requestPrincipals: numbers(size, (index) => `issuer/s${index}`) }, get),
  ],
  'DENY: n server names': (size) => [
    deny(undefined, get, { when: [{ key: 'connection.sni', values: numbers(size, (index) => `*.s${index}`) }] }),
  ],
  'DENY: one long pattern': (size) => [
    deny(undefined, { paths: [`/${'ab'.repeat(size * 5)}*`, `*${'ba'.repeat(size * 5)}`] }),
  ],
  'DENY: n rules with two fields each': (size) => [
    policy({
      action: 'DENY',
      rules: numbers(size, (index) => ({
        from: [{ source: { principals: [principal(index)], notNamespaces: [`ns${index}`] } }],
        to: [{ operation: { paths: [`/p${index}/*`], notMethods: [`M${index}`] } }],
      })),
    }),
  ],
  'n policies': (size) =>
    numbers(size, (index) =>
      policy(
        {
          action: index % 3 === 0 ? 'DENY' : 'ALLOW',
          rules: [
            {
              from: [{ source: { principals: [principal(index)] } }],
              to: [{ operation: { paths: [`/p${index}/*`] } }],
            },
          ],
        },
        `it-${index}`,
      ),
    ),
};

const http = policy({ action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] });
const only = { selector: { matchLabels: { app: 'web' } } };

/** Other objects of a tenant, beside a policy that needs a waypoint. */
const others: Readonly<Record<string, Objects>> = {
  'PeerAuthentication: n strict ports': (size) => [
    http,
    config('PeerAuthentication', {
      ...only,
      mtls: { mode: 'PERMISSIVE' },
      portLevelMtls: Object.fromEntries(numbers(size, (index) => [String(1 + (index % 65_535)), { mode: 'STRICT' }])),
    }),
  ],
  'PeerAuthentication: n lenient ports': (size) => [
    http,
    config('PeerAuthentication', {
      ...only,
      mtls: { mode: 'STRICT' },
      portLevelMtls: Object.fromEntries(
        numbers(size, (index) => [String(1 + (index % 65_535)), { mode: 'PERMISSIVE' }]),
      ),
    }),
  ],
  'RequestAuthentication: n rules': (size) => [
    http,
    config('RequestAuthentication', {
      jwtRules: numbers(size, (index) => ({ issuer: `https://issuer-${index}.example.com`, jwks: '{"keys":[]}' })),
    }),
  ],
  'VirtualService: n routes': (size) => [
    http,
    config('VirtualService', {
      hosts: ['web'],
      http: numbers(size, (index) => ({
        match: [{ uri: { prefix: `/p${index}` } }],
        timeout: '1s',
        headers: { request: { set: { [`x-${index}`]: 'a' } } },
        route: [{ destination: { host: 'web' } }],
      })),
    }),
  ],
  'VirtualService: n hosts': (size) => [
    http,
    config('VirtualService', {
      hosts: ['web', ...numbers(size, (index) => `h${index}.example.com`)],
      http: [{ timeout: '1s', route: [{ destination: { host: 'web' } }] }],
    }),
  ],
  'n VirtualServices': (size) => [
    http,
    ...numbers(size, (index) =>
      config(
        'VirtualService',
        { hosts: [`h${index}.example.com`], http: [{ timeout: '1s', route: [{ destination: { host: 'web' } }] }] },
        { name: `vs-${index}` },
      ),
    ),
  ],
  'HTTPRoute: n rules': (size) => [
    http,
    config('HTTPRoute', {
      parentRefs: [{ group: '', kind: 'Service', name: 'web' }],
      rules: numbers(size, (index) => ({
        matches: [{ path: { type: 'PathPrefix', value: `/p${index}` } }],
        backendRefs: [{ name: 'web', port: 80 }],
      })),
    }),
  ],
  'ServiceEntry: n hosts': (size) => [
    http,
    config('ServiceEntry', {
      hosts: numbers(size, (index) => `h${index}.example.com`),
      ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
    }),
  ],
  'DestinationRule: n subsets': (size) => [
    http,
    config('DestinationRule', {
      host: 'web',
      subsets: numbers(size, (index) => ({ name: `s${index}`, labels: { version: `v${index}` } })),
    }),
  ],
  'EnvoyFilter: n patches': (size) => [
    http,
    config('EnvoyFilter', {
      ...only,
      configPatches: numbers(size, (index) => ({
        applyTo: 'HTTP_FILTER',
        match: { context: 'SIDECAR_INBOUND' },
        patch: { operation: 'MERGE', value: { name: `f${index}` } },
      })),
    }),
  ],
  'WasmPlugin: a large configuration': (size) => [
    http,
    config('WasmPlugin', {
      ...only,
      url: 'oci://example.com/plugin:v1',
      pluginConfig: { blob: 'x'.repeat(size * 50) },
    }),
  ],
  'Telemetry: n rules': (size) => [
    http,
    config('Telemetry', {
      accessLogging: numbers(size, (index) => ({ filter: { expression: `response.code == ${index}` } })),
    }),
  ],
  'DENY: n labels in the selector': (size) => [
    policy({
      action: 'DENY',
      selector: { matchLabels: Object.fromEntries(numbers(size, (index) => [`l${index}`, 'a'])) },
      rules: [{ to: [{ operation: get }] }],
    }),
  ],
};

/** What else is in a namespace. */
const namespaces: Readonly<Record<string, Shape>> = {
  'Service: n ports': (size) =>
    surroundings(
      {
        services: [
          service({
            ports: numbers(size, (index) => ({
              name: `http-${index}`,
              port: 1 + (index % 65_535),
              targetPort: 1 + (index % 65_535),
              protocol: 'TCP',
            })),
          }),
        ],
      },
      [http],
    ),
  'Service: n ports, and a policy of as many': (size) =>
    surroundings(
      {
        services: [
          service({
            ports: numbers(size, (index) => ({
              name: `http-${index}`,
              port: 1 + (index % 65_535),
              targetPort: 8080,
              protocol: 'TCP',
            })),
          }),
        ],
      },
      policies['DENY: n ports']?.(size),
    ),
  'n Services': (size) =>
    surroundings({ services: numbers(size, (index) => service({ name: `web-${index}`, uid: `svc-${index}` })) }, [
      http,
    ]),
  'n Services of n workloads': (size) =>
    surroundings(
      {
        services: numbers(size, (index) =>
          service({ name: `web-${index}`, uid: `svc-${index}`, selector: { app: `web-${index}` } }),
        ),
        workloads: numbers(size, (index) =>
          workload({ name: `web-${index}`, uid: `web-${index}`, templateLabels: { app: `web-${index}` } }),
        ),
        pods: [],
      },
      [http],
    ),
  'n workloads behind one Service': (size) =>
    surroundings(
      {
        workloads: numbers(size, (index) =>
          workload({ name: `web-${index}`, uid: `web-${index}`, templateLabels: { app: 'web', version: `v${index}` } }),
        ),
      },
      [http],
    ),
  'n pods of no workload': (size) =>
    surroundings(
      {
        pods: numbers(size, (index) =>
          pod({ name: `job-${index}`, uid: `job-${index}`, labels: { app: 'web', version: `v${index}` } }),
        ),
      },
      [http],
    ),
  'n pods of no workload that a policy tells apart': (size) =>
    surroundings(
      {
        pods: numbers(size, (index) =>
          pod({ name: `job-${index}`, uid: `job-${index}`, labels: { app: 'web', version: `v${index}` } }),
        ),
      },
      [
        http,
        policy(
          {
            action: 'DENY',
            selector: { matchLabels: { version: 'v1' } },
            rules: [{ to: [{ operation: { methods: ['GET'] } }] }],
          },
          'v1',
        ),
      ],
    ),
  'a pod with n labels': (size) =>
    surroundings(
      {
        workloads: [
          workload({
            templateLabels: { app: 'web', ...Object.fromEntries(numbers(size, (index) => [`l${index}`, 'a'])) },
          }),
        ],
      },
      [http],
    ),
};

function labels(size: number, value = 'x'): Readonly<Record<string, string>> {
  return Object.fromEntries(numbers(size, (index) => [`l${index}`, value]));
}

interface Theirs {
  readonly configs: readonly ConfigView[];
  readonly pods: readonly PodView[];
  readonly workloads?: readonly WorkloadView[];
}

const stranger = 'mallory';

/** What stands in a namespace that no migration moves, which every look at another asks. */
function beside({ configs, pods, workloads = [] }: Theirs): Surroundings {
  const given = surroundings(
    {},
    configs.map((each, index) => ({ ...each, namespace: stranger, name: `it-${index}`, uid: `${stranger}-${index}` })),
  );
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => ['shop', stranger],
      labelsOf: () => ({ 'istio-injection': 'enabled' }),
      pods: (name) => (name === stranger ? pods : []),
      workloads: (name) => (name === stranger ? workloads : []),
    },
  };
}

function sidecars(size: number, more: Readonly<Record<string, string>> = {}): readonly PodView[] {
  return numbers(size, (index) =>
    pod({ namespace: stranger, name: `p${index}`, uid: `p${index}`, labels: { ...injected.labels, ...more } }),
  );
}

const byAddress = deny({ ipBlocks: ['10.9.9.9'] }, undefined);

/** The same of others: what a neighbour writes costs whoever may call him. */
const neighbours: Readonly<Record<string, Shape>> = {
  'a neighbour: ALLOW: n principals, and 500 templates': (size) =>
    beside({
      configs: [
        byAddress,
        policy({ action: 'ALLOW', rules: [{ from: [{ source: { principals: numbers(size, principal) } }] }] }),
      ],
      pods: sidecars(1),
      workloads: numbers(500, (index) =>
        workload({ namespace: stranger, name: `w${index}`, uid: `w${index}`, replicas: 0 }),
      ),
    }),
  'a neighbour: 20 selectors of n labels, and 500 pods': (size) =>
    beside({
      configs: numbers(20, () => deny({ ipBlocks: ['10.9.9.9'] }, undefined, {})).map((each) => ({
        ...each,
        spec: { ...each.spec, selector: { matchLabels: labels(size) } },
      })),
      pods: sidecars(500),
    }),
  'a neighbour: n policies, and 500 old sidecars': (size) =>
    beside({
      configs: numbers(size, (index) => deny(undefined, { paths: [`/p${index}`] })),
      pods: sidecars(500, { 'networking.istio.io/tunnel': 'none' }),
    }),
};

/** What pods are selected by, however much each asks for. */
const selected: Readonly<Record<string, Shape>> = {
  'selectors of n labels, and 50 templates': (size) =>
    surroundings(
      {
        workloads: numbers(50, (index) =>
          workload({ name: `w${index}`, uid: `w${index}`, replicas: 0, templateLabels: { app: `w${index}` } }),
        ),
      },
      [
        policy({
          action: 'DENY',
          selector: { matchLabels: labels(size) },
          rules: [{ from: [{ source: { namespaces: ['x'] } }] }],
        }),
        config('PeerAuthentication', { selector: { matchLabels: labels(size) }, mtls: { mode: 'PERMISSIVE' } }),
      ],
    ),
};

/** Everything of which a tenant can write much, by what grows. */
export const tenantShapes: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(
    Object.entries({ ...policies, ...others }).map(([name, objects]): readonly [string, Shape] => [
      name,
      (size) => surroundings({}, objects(size)),
    ]),
  ),
  ...namespaces,
  ...selected,
  ...neighbours,
  ...watchedShapes,
  ...ownShapes,
  ...copiedShapes,
};

const kinds = [
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'VirtualService',
  'HTTPRoute',
  'ServiceEntry',
  'DestinationRule',
  'EnvoyFilter',
  'WasmPlugin',
  'TrafficExtension',
  'Telemetry',
  'Gateway',
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  ...watched.filter(({ isOwn }) => isOwn === true).map(({ kind }) => kind),
];

/** The characters of what the tenant has written. */
export function bytesOf({ mesh, services, workloads, pods, budgets }: Surroundings): number {
  const specs = kinds.flatMap((kind) =>
    ['shop', stranger].flatMap((home) => mesh.configs(kind, home).map(({ spec }) => spec)),
  );
  return JSON.stringify([
    specs,
    services.map(({ selector, ports }) => [selector, ports]),
    workloads.map(({ templateLabels }) => templateLabels),
    mesh.configs('Node').map(({ name, labels }) => [name, labels]),
    mesh.configs('ResourceQuota').map(({ status }) => status),
    pods.map(({ name, owner, labels, annotations }) => [name, owner, labels, annotations]),
    budgets.map(({ selector }) => selector),
  ]).length;
}
