import type { Surroundings } from '../../adapter.ts';
import { record, records, strings, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { nameOf, type Evidence, type Rule } from './rule.ts';

/** `reviews`, `reviews.shop` or `reviews.shop.svc.cluster.local`: the namespace, with short names in the object's own. */
function namespaceOfHost(host: string, own: string): string | undefined {
  const parts = host.split('.');
  if (parts.length === 1) return own;
  return parts.length === 2 || parts[2] === 'svc' ? parts[1] : undefined;
}

/** A VirtualService without gateways, or with `mesh` among them, is applied by sidecars as clients. */
function isForMesh(route: ConfigView): boolean {
  const gateways = strings(route.spec['gateways']);
  return gateways.length === 0 || gateways.includes('mesh');
}

function meshRoutes({ mesh }: Surroundings): readonly ConfigView[] {
  return mesh.configs('VirtualService').filter(isForMesh);
}

/** Whether a host, `*` or a wildcard such as `*.svc.cluster.local` among them, takes in Services of the namespace. */
function takesIn(host: string, own: string, namespace: string): boolean {
  const bySuffix = host.startsWith('*') && `any.${namespace}.svc.cluster.local`.endsWith(host.slice(1));
  return bySuffix || namespaceOfHost(host, own) === namespace;
}

/** Whether it stands in the namespace, whose clients apply it, or routes to one of its Services. */
function concernsNamespace(route: ConfigView, namespace: string, hosts: readonly string[]): boolean {
  return route.namespace === namespace || hosts.some((host) => takesIn(host, route.namespace, namespace));
}

/** Visible in the namespace: by default everything is (`exportTo`). */
function isExportedTo(config: ConfigView, namespace: string): boolean {
  const exportTo = strings(config.spec['exportTo']);
  return exportTo.length === 0 || exportTo.some((to) => to === '*' || to === namespace);
}

/** A route may also stand with the clients and name a Service elsewhere (a consumer route), or name a ServiceEntry. */
function serviceRoutes(surroundings: Surroundings): readonly Evidence[] {
  const home = surroundings.namespace.name;
  return ['HTTPRoute', 'GRPCRoute'].flatMap((kind) => surroundings.mesh.configs(kind))
    .filter((route) => records(route.spec['parentRefs']).some((parent) =>
      (parent['kind'] === 'Service' || parent['kind'] === 'ServiceEntry') && (route.namespace === home || text(parent['namespace']) === home)))
    .map((route) => ({ object: nameOf(route), message: 'a route with a Service as parent is applied by sidecars and waypoints, not by ztunnel' }));
}

const clientPolicies = ['loadBalancer', 'connectionPool', 'outlierDetection', 'portLevelSettings', 'proxyProtocol', 'retryBudget', 'tunnel'];

function lostTrafficPolicy(rule: ConfigView): readonly string[] {
  const policies = [record(rule.spec['trafficPolicy']), ...records(rule.spec['subsets']).map((subset) => record(subset['trafficPolicy']))];
  const tls = policies.map((policy) => text(record(policy['tls'])['mode'])).filter((mode) => mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'DISABLE');
  return [...new Set([...policies.flatMap((policy) => clientPolicies.filter((field) => policy[field] !== undefined)), ...tls.map((mode) => `tls ${mode}`)])];
}

/** Routing and client-side traffic policy, which ztunnel does not do. */
export const routeRules: readonly Rule[] = [
  {
    id: 'MM030', severity: 'Critical', when: 'Always', title: 'VirtualService for the mesh',
    fix: 'Keep this namespace on sidecars, or remove the VirtualService, or bind it to ingress gateways only (spec.gateways).',
    find: (surroundings) => meshRoutes(surroundings)
      .filter((route) => concernsNamespace(route, surroundings.namespace.name, strings(route.spec['hosts'])))
      .map((route) => ({ object: nameOf(route), message: 'sidecars apply this VirtualService, ztunnel ignores it: its routing would be lost' })),
  },
  {
    id: 'MM031', severity: 'Critical', when: 'Always', title: 'HTTPRoute or GRPCRoute for a Service',
    fix: 'Keep this namespace on sidecars, or remove the route.',
    find: serviceRoutes,
  },
  {
    id: 'MM032', severity: 'Critical', when: 'Always', title: 'DestinationRule with a traffic policy',
    fix: 'Remove the traffic policy, or keep this namespace on sidecars.',
    find: (surroundings) => surroundings.mesh.configs('DestinationRule')
      .filter((rule) => concernsNamespace(rule, surroundings.namespace.name, [text(rule.spec['host']) ?? '']))
      .map((rule) => ({ rule, lost: lostTrafficPolicy(rule) }))
      .filter(({ lost }) => lost.length > 0)
      .map(({ rule, lost }) => ({ object: nameOf(rule), message: `sidecars apply ${lost.join(', ')}, ztunnel does not` })),
  },
  {
    id: 'MM033', severity: 'Warning', when: 'Start', title: 'VirtualService of another namespace',
    fix: 'If workloads of this namespace call these hosts, keep it on sidecars; otherwise limit the VirtualService with exportTo.',
    find: (surroundings) => meshRoutes(surroundings)
      .filter((route) => !concernsNamespace(route, surroundings.namespace.name, strings(route.spec['hosts'])))
      .filter((route) => isExportedTo(route, surroundings.namespace.name))
      .map((route) => ({ object: nameOf(route), message: `calls from this namespace to ${strings(route.spec['hosts']).join(', ')} would no longer follow it` })),
  },
  {
    id: 'MM034', severity: 'Warning', when: 'Start', title: 'DestinationRule of another namespace',
    fix: 'If workloads of this namespace call this host, keep it on sidecars; otherwise limit the DestinationRule with exportTo.',
    find: (surroundings) => surroundings.mesh.configs('DestinationRule')
      .filter((rule) => !concernsNamespace(rule, surroundings.namespace.name, [text(rule.spec['host']) ?? '']))
      .filter((rule) => isExportedTo(rule, surroundings.namespace.name))
      .map((rule) => ({ rule, lost: lostTrafficPolicy(rule) }))
      .filter(({ lost }) => lost.length > 0)
      .map(({ rule, lost }) => ({ object: nameOf(rule), message: `calls from this namespace to ${text(rule.spec['host']) ?? ''} would lose ${lost.join(', ')}` })),
  },
];
