import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import {
  captured,
  config,
  injected,
  installed,
  mesh,
  plainPod,
  pod,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

/*
 * What a tenant may have many of in his own namespace. Lists by themselves are in proportion; what takes long, or much
 * memory, is each of one list with each of another. So every two of them are put together, whether anybody has thought
 * of a reason or not.
 */

type Spec = Readonly<Record<string, unknown>>;

/** Some of what a namespace has. */
export type Part = Partial<Pick<Surroundings, 'pods' | 'services' | 'workloads'>> & {
  readonly configs?: readonly ConfigView[];
};

type Many = (count: number) => Part;

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** One label that all have, and one that each has alone. */
function labels(index: number): Readonly<Record<string, string>> {
  return { app: 'web', one: `w${index}` };
}

function objects(kind: string, tag: string, spec: (index: number) => Spec): Many {
  return (count) => ({
    configs: times(count, (index) =>
      config(kind, spec(index), { name: `${tag}${index}`, uid: `${kind}-${tag}${index}` }),
    ),
  });
}

function named(tag: string, index: number): { readonly name: string; readonly uid: string } {
  return { name: `${tag}${index}`, uid: `${tag}${index}` };
}

const [ofOne, atService, inWorkload] = [
  (index: number): Spec => ({ selector: { matchLabels: { one: `w${index}` } } }),
  (index: number): Spec => ({ targetRefs: [{ group: '', kind: 'Service', name: `s${index}` }] }),
  (index: number): Spec => ({ workloadSelector: { labels: { one: `w${index}` } } }),
];

function host(index: number): string {
  return `s${index}.shop.svc.cluster.local`;
}

function byPath(action: string, index: number): Spec {
  return { action, rules: [{ to: [{ operation: { paths: [`/x${index}`] } }] }] };
}

function byCaller(index: number): Spec {
  return { action: 'ALLOW', rules: [{ from: [{ source: { principals: [`cluster.local/ns/n${index}/sa/a`] } }] }] };
}

function issuer(index: number): Spec {
  return { jwtRules: [{ issuer: `https://${index}.example.com` }] };
}

/** Each by what it is; so many of them. */
export const many: Readonly<Record<string, Many>> = {
  workloads: (count) => ({
    workloads: times(count, (index) => workload({ ...named('w', index), templateLabels: labels(index) })),
  }),
  'pods with sidecars': (count) => ({
    pods: times(count, (index) =>
      pod({ ...named('p', index), serviceAccount: `a${index}`, labels: { ...injected.labels, ...labels(index) } }),
    ),
  }),
  'pods in ambient': (count) => ({
    pods: times(count, (index) => plainPod({ ...captured, ...named('q', index), labels: labels(index) })),
  }),
  'Services of one': (count) => ({
    services: times(count, (index) => service({ ...named('s', index), selector: { one: `w${index}` } })),
  }),
  'Services of all': (count) => ({
    services: times(count, (index) => service({ ...named('s', index), selector: { app: 'web' } })),
  }),
  'headless Services': (count) => ({
    services: times(count, (index) => service({ ...named('s', index), headless: true, selector: labels(index) })),
  }),
  'DENY for all': objects('AuthorizationPolicy', 'd', (index) => byPath('DENY', index)),
  'DENY of one': objects('AuthorizationPolicy', 'e', (index) => ({ ...byPath('DENY', index), ...ofOne(index) })),
  'DENY at Services': objects('AuthorizationPolicy', 'f', (index) => ({
    ...byPath('DENY', index),
    ...atService(index),
  })),
  'ALLOW for all': objects('AuthorizationPolicy', 'g', byCaller),
  'ALLOW of one': objects('AuthorizationPolicy', 'h', (index) => ({ ...byCaller(index), ...ofOne(index) })),
  'ALLOW at Services': objects('AuthorizationPolicy', 'i', (index) => ({ ...byCaller(index), ...atService(index) })),
  'CUSTOM of one': objects('AuthorizationPolicy', 'j', (index) => ({
    ...byPath('CUSTOM', index),
    provider: { name: 'ext' },
    ...ofOne(index),
  })),
  'AUDIT for all': objects('AuthorizationPolicy', 'k', (index) => byPath('AUDIT', index)),
  'RequestAuthentications for all': objects('RequestAuthentication', 'l', issuer),
  'RequestAuthentications of one': objects('RequestAuthentication', 'm', (index) => ({
    ...issuer(index),
    ...ofOne(index),
  })),
  'PeerAuthentications of one': objects('PeerAuthentication', 'n', (index) => ({
    mtls: { mode: 'STRICT' },
    portLevelMtls: { [8000 + index]: { mode: 'PERMISSIVE' } },
    ...ofOne(index),
  })),
  'WasmPlugins for all': objects('WasmPlugin', 'o', (index) => ({ url: `oci://example.com/${index}` })),
  'WasmPlugins of one': objects('WasmPlugin', 'p', (index) => ({ url: `oci://example.com/${index}`, ...ofOne(index) })),
  'TrafficExtensions for all': objects('TrafficExtension', 'q', () => ({ lua: { inlineCode: 'a' } })),
  'Telemetries of one': objects('Telemetry', 'r', (index) => ({
    accessLogging: [{ disabled: true }],
    ...ofOne(index),
  })),
  'EnvoyFilters of one': objects('EnvoyFilter', 's', (index) => ({
    ...inWorkload(index),
    configPatches: [{ applyTo: 'HTTP_FILTER', patch: { operation: 'MERGE' } }],
  })),
  'Sidecars of one': objects('Sidecar', 't', (index) => ({
    ...inWorkload(index),
    egress: [{ hosts: [`*/${host(index)}`] }],
    ingress: [{ port: { number: 8080, protocol: 'HTTP', name: 'a' }, defaultEndpoint: '127.0.0.1:8080' }],
  })),
  'DestinationRules of one': objects('DestinationRule', 'u', (index) => ({
    host: host(index),
    trafficPolicy: { tls: { mode: 'DISABLE' }, connectionPool: { tcp: { maxConnections: 1 } } },
    subsets: [{ name: 'a', labels: { one: `w${index}` } }],
  })),
  'VirtualServices of one': objects('VirtualService', 'v', (index) => ({
    hosts: [host(index)],
    http: [{ match: [{ uri: { prefix: `/${index}` } }], route: [{ destination: { host: host(index), subset: 'a' } }] }],
  })),
  'ServiceEntries of one': objects('ServiceEntry', 'w', (index) => ({
    hosts: [`e${index}.example.com`],
    ports: [{ number: 443, protocol: 'TLS', name: 'a' }],
    resolution: 'STATIC',
    location: 'MESH_INTERNAL',
    ...inWorkload(index),
  })),
  WorkloadEntries: objects('WorkloadEntry', 'x', (index) => ({
    address: `10.0.0.${index % 250}`,
    labels: labels(index),
  })),
  'HTTPRoutes of one': objects('HTTPRoute', 'y', (index) => ({
    parentRefs: [{ group: '', kind: 'Service', name: `s${index}` }],
    rules: [{ backendRefs: [{ name: `s${index}`, port: 80 }] }],
  })),
  Gateways: objects('Gateway', 'z', (index) => ({
    gatewayClassName: 'istio',
    listeners: [{ name: 'a', port: 80, protocol: 'HTTP', hostname: `g${index}.example.com` }],
  })),
  'NetworkPolicies of one': objects('NetworkPolicy', 'a', (index) => ({
    podSelector: { matchLabels: { one: `w${index}` } },
    ingress: [{ from: [{ podSelector: { matchLabels: { one: `w${index + 1}` } } }], ports: [{ port: 8080 }] }],
    policyTypes: ['Ingress'],
  })),
};

/** Every two of them. */
export const pairs: readonly (readonly [string, string])[] = Object.keys(many).flatMap((one, index, all) =>
  all.slice(index + 1).map((other) => [one, other] as const),
);

/** On which ways a namespace is looked at. */
export const pairedWays: Readonly<Record<string, Partial<Surroundings>>> = {
  'before the way there': { route: { from: 'IstioSidecar', to: 'IstioAmbient' } },
  'on the way there': { route: { from: 'IstioSidecar', to: 'IstioAmbient' }, itinerary: 'L7' },
  'on the way back': { route: { from: 'IstioAmbient', to: 'IstioSidecar' }, itinerary: 'L7' },
};

/** A namespace with so many of each, on its way. */
export function paired(names: readonly string[], count: number, way: Partial<Surroundings>): Surroundings {
  const parts = names.map((name) => many[name]?.(count) ?? {});
  return surroundings({
    ...way,
    pods: parts.flatMap((part) => part.pods ?? []),
    services: parts.flatMap((part) => part.services ?? []),
    workloads: parts.flatMap((part) => part.workloads ?? []),
    mesh: mesh([...installed, ...parts.flatMap((part) => part.configs ?? [])]),
  });
}
