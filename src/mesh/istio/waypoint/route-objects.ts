import type { Surroundings } from '../../adapter.ts';
import { memoize } from '../../../base/memoize.ts';
import { record, records, strings, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { Names } from '../policy/translate/host-names.ts';
import { isForMesh } from '../policy/translate/route-hosts.ts';

/** The VirtualServices that sidecars apply as clients. */
export function meshRoutes({ mesh }: Surroundings): readonly ConfigView[] {
  return mesh.configs('VirtualService').filter(isForMesh);
}

/** The routes of the Gateway API. */
export function gatewayRoutes({ mesh }: Surroundings): readonly ConfigView[] {
  return ['HTTPRoute', 'GRPCRoute'].flatMap((kind) => mesh.configs(kind));
}

/** What the hosts of a route name, `*` and wildcards such as `*.svc.cluster.local` among them. */
export const namesOfRoute: (route: ConfigView) => Names = memoize(
  (route: ConfigView) => new Names(() => hostsOf(route).map((host) => ({ host, home: route.namespace }))),
);

/** Whether it stands in the namespace, whose clients apply it, or routes to one of its Services. */
export function concernsNamespace(route: ConfigView, namespace: string): boolean {
  return route.namespace === namespace || namesOfRoute(route).reachInto(namespace);
}

/** What a route is for: hosts, or its parents of kind Service as hosts. */
export function hostsOf({ kind, namespace, spec }: ConfigView): readonly string[] {
  switch (kind) {
    case 'VirtualService':
      return strings(spec['hosts']);
    case 'DestinationRule':
      return [text(spec['host']) ?? ''];
    default:
      return records(spec['parentRefs'])
        .filter((parent) => parent['kind'] === 'Service')
        .map((parent) => `${text(parent['name']) ?? ''}.${text(parent['namespace']) ?? namespace}`);
  }
}

const clientPolicies = [
  'loadBalancer',
  'connectionPool',
  'outlierDetection',
  'portLevelSettings',
  'proxyProtocol',
  'retryBudget',
  'tunnel',
];

/** What of a DestinationRule sidecars apply and ztunnel does not. */
export const lostTrafficPolicy: (rule: ConfigView) => readonly string[] = memoize(({ spec }: ConfigView) => {
  const policies = [
    record(spec['trafficPolicy']),
    ...records(spec['subsets']).map((subset) => record(subset['trafficPolicy'])),
  ];
  const tls = policies
    .map((policy) => text(record(policy['tls'])['mode']))
    .filter((mode) => mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'DISABLE');
  return [
    ...new Set([
      ...policies.flatMap((policy) => clientPolicies.filter((field) => policy[field] !== undefined)),
      ...tls.map((mode) => `tls ${mode}`),
    ]),
  ];
});
