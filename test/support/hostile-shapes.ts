import type { MeshState, Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import { captured, config, plainPod, pod, service, workload } from './mesh-fixtures.ts';
import { ingredients, type Theirs } from './stranger-shapes.ts';

type Spec = Readonly<Record<string, unknown>>;

/** Before the names of all others, and after them: whoever goes by the first or the last of them meets one. */
const homes = ['aaa', 'zzz'] as const;

const waypoint = { 'istio.io/use-waypoint': 'waypoint', 'istio.io/use-waypoint-namespace': 'shop' };
const dataPlanes: Readonly<Record<(typeof homes)[number], Readonly<Record<string, string>>>> = {
  aaa: { 'istio-injection': 'enabled', ...waypoint },
  zzz: { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' },
};

/** Names that may be somebody's, and patterns over them. */
const hosts: readonly string[] = [
  'web',
  'web.shop',
  'web.shop.svc.cluster.local',
  'api.bank.svc.cluster.local',
  'api.example.com',
  'ledger.example.com',
  'opa.auth.svc.cluster.local',
  'authz.local',
];
const wide: readonly string[] = ['*', '*.svc.cluster.local', '*.shop.svc.cluster.local', '*.example.com'];

type Make = (home: string) => Theirs;

function object(kind: string, spec: Spec, more: Partial<ConfigView> = {}): Make {
  return (namespace) => ({ configs: [config(kind, spec, { namespace, name: 'evil', uid: `evil-${kind}`, ...more })] });
}

const near = { resolution: 'STATIC', endpoints: [{ address: '127.0.0.1' }] };
const ports = [{ number: 80, name: 'http', protocol: 'HTTP' }];
const everywhere = { exportTo: ['*'] };
const everybody = { rules: [{}] };
const nobody = { action: 'DENY', rules: [{}] };
const byHttp = { action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };
const byAddress = { action: 'DENY', rules: [{ from: [{ source: { ipBlocks: ['10.0.0.0/8'] } }] }] };
const asShop = { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] };
const toService = [{ group: '', kind: 'Service', name: 'web', namespace: 'shop' }];
const toGateway = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint', namespace: 'shop' }];
const backends = [{ backendRefs: [{ name: 'web', namespace: 'shop', port: 80 }] }];

/** What would say something about somebody else, if it were his to say. */
const objects: Readonly<Record<string, Make>> = {
  'ServiceEntries for hosts of others': object('ServiceEntry', { hosts, ports, resolution: 'DNS', ...everywhere }),
  'near ones': object('ServiceEntry', { hosts, ports, ...near }),
  'near ones behind the waypoint of others': object('ServiceEntry', { hosts, ports, ...near }, { labels: waypoint }),
  'wide ones': object('ServiceEntry', { hosts: wide, ports, location: 'MESH_INTERNAL' }),
  'ones of pods': object('ServiceEntry', { hosts, ports, workloadSelector: { labels: { app: 'web' } } }),
  'a VirtualService for hosts of others': object('VirtualService', {
    hosts: [...hosts, ...wide],
    http: [{ timeout: '1s', route: [{ destination: { host: 'evil' } }] }],
    ...everywhere,
  }),
  'a VirtualService that matches': object('VirtualService', {
    hosts: ['web.shop.svc.cluster.local'],
    http: [{ match: [{ sourceNamespace: 'shop' }], rewrite: { uri: '/' }, route: [{ destination: { host: 'web' } }] }],
  }),
  ...Object.fromEntries(
    [...hosts, ...wide].map((host): [string, Make] => [
      `a DestinationRule for ${host}`,
      object('DestinationRule', {
        host,
        trafficPolicy: { tls: { mode: 'SIMPLE' }, connectionPool: { http: { maxRetries: 1 } } },
        ...everywhere,
      }),
    ]),
  ),
  'a route of others': object('HTTPRoute', { parentRefs: toService, rules: backends }),
  'a route at a waypoint of others': object('HTTPRoute', { parentRefs: toGateway, rules: backends }),
  'a route for gRPC': object('GRPCRoute', { parentRefs: toService, rules: backends }),
  'a waypoint for everybody': object(
    'Gateway',
    {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'All' } } }],
    },
    { name: 'waypoint', labels: { 'istio.io/waypoint-for': 'all' } },
  ),
  'a gateway for everybody': object('Gateway', {
    gatewayClassName: 'istio',
    listeners: [{ name: 'web', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }],
  }),
  'a Sidecar': object('Sidecar', { egress: [{ hosts: ['*/*'] }], outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }),
  'an EnvoyFilter': object('EnvoyFilter', { configPatches: [{ applyTo: 'HTTP_FILTER' }] }),
  'an EnvoyFilter at a waypoint of others': object('EnvoyFilter', { targetRefs: toGateway, configPatches: [{}] }),
  Telemetry: object('Telemetry', { targetRefs: toGateway, accessLogging: [{}] }),
  'a plugin': object('WasmPlugin', { targetRefs: toGateway, url: 'file:///evil.wasm' }),
  'an extension': object('TrafficExtension', { targetRefs: toGateway, lua: {} }),
  'an ALLOW for everybody': object('AuthorizationPolicy', everybody),
  'a DENY for everybody': object('AuthorizationPolicy', nobody),
  'a DENY by HTTP': object('AuthorizationPolicy', byHttp),
  'a DENY by address': object('AuthorizationPolicy', byAddress),
  'a DENY at a Service of others': object('AuthorizationPolicy', { targetRefs: toService, ...asShop }),
  'a DENY at a waypoint of others': object('AuthorizationPolicy', { targetRefs: toGateway, ...asShop }),
  'a CUSTOM': object('AuthorizationPolicy', { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] }),
  'a policy of no shape': object('AuthorizationPolicy', { rules: 'none', selector: [], targetRefs: {} }),
  'STRICT everywhere': object('PeerAuthentication', { mtls: { mode: 'STRICT' } }),
  'no TLS': object('PeerAuthentication', { mtls: { mode: 'DISABLE' } }),
  tokens: object('RequestAuthentication', { targetRefs: toGateway, jwtRules: [{ issuer: 'evil' }] }),
  'a NetworkPolicy against all': object('NetworkPolicy', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
  'mesh configuration': object(
    'ConfigMap',
    { mesh: 'rootNamespace: aaa\ntrustDomain: evil\n', AMBIENT_DNS_CAPTURE: 'true' },
    { name: 'istio' },
  ),
  'a WorkloadEntry': object('WorkloadEntry', { address: '10.0.0.1', labels: { app: 'web' }, network: 'other' }),
  'a WorkloadGroup': object('WorkloadGroup', { template: { labels: { app: 'web' } } }),
  'a quota': object('ResourceQuota', { hard: { pods: '0' } }),
};

const [gateway, entry] = ['gateway.networking.k8s.io/gateway-name', 'istio'];

/** Services, pods and templates that look like somebody else's. */
const others: Readonly<Record<string, Make>> = {
  'Services of the same names': (namespace) => ({
    services: ['web', 'api', 'ledger', 'istiod', 'waypoint'].map((name) =>
      service({ namespace, name, uid: `evil-${name}`, labels: waypoint, headless: name === 'api' }),
    ),
  }),
  'Services outside': (namespace) => ({
    services: [
      service({ namespace, name: 'evil', uid: 'evil', externalName: true, selector: {} }),
      service({ namespace, name: 'door', uid: 'door', labels: { [entry]: 'ingressgateway' }, exportTo: ['~'] }),
      service({ namespace, name: 'waypoint', uid: 'waypoint', labels: { [gateway]: 'waypoint' } }),
    ],
  }),
  'pods of gateways': (namespace) => ({
    pods: [
      plainPod({ namespace, name: 'a', uid: 'a', labels: { app: 'web', [gateway]: 'waypoint' } }),
      pod({ namespace, name: 'b', uid: 'b', labels: { app: 'istio-ingressgateway', [entry]: 'ingressgateway' } }),
      plainPod({ namespace, name: 'c', uid: 'c', labels: { app: 'ztunnel' }, hostNetwork: true }),
      plainPod({ ...captured, namespace, name: 'd', uid: 'd', labels: { app: 'web' }, ready: false }),
      pod({ namespace, name: 'e', uid: 'e', terminating: true }),
    ],
  }),
  'parts of the mesh': (namespace) => ({
    workloads: [
      workload({ namespace, name: 'istiod', uid: 'i', templateLabels: { app: 'istiod' }, available: 0 }),
      workload({ namespace, name: 'waypoint', uid: 'w', templateLabels: { [gateway]: 'waypoint' } }),
    ],
    daemonSets: ['istio-cni-node', 'ztunnel'].map((name) =>
      workload({
        kind: 'DaemonSet',
        namespace,
        name,
        uid: name,
        available: 0,
        templateLabels: { app: name, 'k8s-app': name },
      }),
    ),
  }),
};

/** All that a stranger may have in his namespace, by what it is. */
export const hostile: Readonly<Record<string, Make>> = {
  ...objects,
  ...others,
  ...Object.fromEntries(
    Object.entries(ingredients).map(([name, make]): [string, Make] => [name, (namespace) => moved(make(2), namespace)]),
  ),
};

function moved(theirs: Theirs, namespace: string): Theirs {
  return Object.fromEntries(
    Object.entries(theirs).map(([kind, list]: [string, readonly object[]]) => [
      kind,
      list.map((each) => ({ ...each, namespace })),
    ]),
  );
}

/** The same surroundings beside two strangers who have that. */
export function besideStrangers(given: Surroundings, make: Make): Surroundings {
  const { mesh } = given;
  const theirs = homes.map((home) => [home, make(home)] as const);
  const by = new Map<string | undefined, Theirs>(theirs);
  const all = <K extends keyof Theirs>(kind: K): NonNullable<Theirs[K]>[number][] =>
    theirs.flatMap(([, each]) => [...(each[kind] ?? [])]);
  const configs = all('configs');
  const state: MeshState = {
    ...mesh,
    configs: (kind, home) => [
      ...configs.filter((each) => each.kind === kind && (home ?? each.namespace) === each.namespace),
      ...mesh.configs(kind, home),
    ],
    daemonSets: () => [...all('daemonSets'), ...mesh.daemonSets()],
    inhabitedNamespaces: () => [...new Set([...mesh.inhabitedNamespaces(), ...homes])],
    labelsOf: (name) => (by.has(name) ? dataPlanes[name as (typeof homes)[number]] : mesh.labelsOf?.(name)),
    pods: (name) => by.get(name)?.pods ?? mesh.pods(name),
    workloads: (name) => by.get(name)?.workloads ?? mesh.workloads(name),
    otherTemplates: (name) => by.get(name)?.otherTemplates ?? mesh.otherTemplates(name),
    services: (name) =>
      name === undefined ? [...all('services'), ...mesh.services()] : (by.get(name)?.services ?? mesh.services(name)),
  };
  return { ...given, mesh: state };
}
