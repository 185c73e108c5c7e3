import type { Surroundings } from '../../adapter.ts';
import { record, records, strings, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { isForMesh } from '../policy/translate/route-hosts.ts';

/** `reviews`, `reviews.shop` or `reviews.shop.svc.cluster.local`: the namespace, with short names in the object's own. */
export function namespaceOfHost(host: string, own: string): string | undefined {
  const parts = host.split('.');
  if (parts.length === 1) return own;
  return parts.length === 2 || parts[2] === 'svc' ? parts[1] : undefined;
}

/** The VirtualServices that sidecars apply as clients. */
export function meshRoutes({ mesh }: Surroundings): readonly ConfigView[] {
  return mesh.configs('VirtualService').filter(isForMesh);
}

/** The routes of the Gateway API. */
export function gatewayRoutes({ mesh }: Surroundings): readonly ConfigView[] {
  return ['HTTPRoute', 'GRPCRoute'].flatMap((kind) => mesh.configs(kind));
}

/** Whether a host, `*` or a wildcard such as `*.svc.cluster.local` among them, takes in Services of the namespace. */
function takesIn(host: string, own: string, namespace: string): boolean {
  const bySuffix = host.startsWith('*') && `any.${namespace}.svc.cluster.local`.endsWith(host.slice(1));
  return bySuffix || namespaceOfHost(host, own) === namespace;
}

/** Whether it stands in the namespace, whose clients apply it, or routes to one of its Services. */
export function concernsNamespace(route: ConfigView, namespace: string): boolean {
  return route.namespace === namespace || hostsOf(route).some((host) => takesIn(host, route.namespace, namespace));
}

/** What a route is for: hosts, or its parents of kind Service as hosts. */
export function hostsOf({ kind, namespace, spec }: ConfigView): readonly string[] {
  switch (kind) {
    case 'VirtualService': return strings(spec['hosts']);
    case 'DestinationRule': return [text(spec['host']) ?? ''];
    default: return records(spec['parentRefs']).filter((parent) => parent['kind'] === 'Service').map((parent) => `${text(parent['name']) ?? ''}.${text(parent['namespace']) ?? namespace}`);
  }
}

const clientPolicies = ['loadBalancer', 'connectionPool', 'outlierDetection', 'portLevelSettings', 'proxyProtocol', 'retryBudget', 'tunnel'];

/** What of a DestinationRule sidecars apply and ztunnel does not. */
export function lostTrafficPolicy({ spec }: ConfigView): readonly string[] {
  const policies = [record(spec['trafficPolicy']), ...records(spec['subsets']).map((subset) => record(subset['trafficPolicy']))];
  const tls = policies.map((policy) => text(record(policy['tls'])['mode'])).filter((mode) => mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'DISABLE');
  return [...new Set([...policies.flatMap((policy) => clientPolicies.filter((field) => policy[field] !== undefined)), ...tls.map((mode) => `tls ${mode}`)])];
}
