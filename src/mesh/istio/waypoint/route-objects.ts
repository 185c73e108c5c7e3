import type { Surroundings } from '../../adapter.ts';
import { memoize } from '../../../base/memoize.ts';
import { record, records, strings, text, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { Names } from '../policy/translate/host-names.ts';
import { changesNothing, isForMesh } from '../policy/translate/route-hosts.ts';

/** The VirtualServices by which sidecars do something as clients. */
export function meshRoutes({ mesh }: Surroundings): readonly ConfigView[] {
  return mesh.configs('VirtualService').filter((route) => isForMesh(route) && !changesNothing(route));
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

const clientPolicies = ['loadBalancer', 'connectionPool', 'outlierDetection', 'proxyProtocol', 'retryBudget', 'tunnel'];

/** What of a DestinationRule sidecars apply and ztunnel does not. */
export interface TrafficPolicy {
  /** Fields, and `tls SIMPLE` or `tls MUTUAL`; those of single ports as `port 80 loadBalancer`. */
  readonly lost: readonly string[];
  /** Sidecars call in plaintext by it, for all calls or those of a port. */
  readonly plaintext: readonly string[];
}

/** A traffic policy, what of it is for single ports, and in what words each is told. */
function parts(policy: Json): readonly (readonly [prefix: string, policy: Json])[] {
  const ofPorts = records(policy['portLevelSettings']).map((settings): readonly [string, Json] => {
    const { number } = record(settings['port']);
    return [typeof number === 'number' ? `port ${number} ` : 'a port ', settings];
  });
  return [['', policy], ...ofPorts];
}

/**
 * What of a DestinationRule sidecars apply and ztunnel does not. Mutual TLS of the mesh is what ambient does anyway, and
 * that somebody asks for plaintext changes nothing there: it calls by HBONE whatever the rule says
 * (pilot/pkg/networking/core/cluster_waypoint.go).
 */
export const trafficPolicyOf: (rule: ConfigView) => TrafficPolicy = memoize(({ spec }: ConfigView): TrafficPolicy => {
  const policies = [
    record(spec['trafficPolicy']),
    ...records(spec['subsets']).map((subset) => record(subset['trafficPolicy'])),
  ].flatMap(parts);
  const byMode = (modes: readonly unknown[]): readonly string[] =>
    policies.flatMap(([prefix, policy]) => {
      const mode = text(record(policy['tls'])['mode']);
      return mode !== undefined && modes.includes(mode) ? [`${prefix}tls ${mode}`] : [];
    });
  const fields = policies.flatMap(([prefix, policy]) =>
    clientPolicies.filter((field) => policy[field] !== undefined).map((field) => `${prefix}${field}`),
  );
  return {
    lost: [...new Set([...fields, ...byMode(['SIMPLE', 'MUTUAL'])])],
    plaintext: [...new Set(byMode(['DISABLE']))],
  };
});

/** All that sidecars do by it, however it is with ztunnel: what begins to apply on the way to them. */
export function allTrafficPolicy(rule: ConfigView): readonly string[] {
  const { lost, plaintext } = trafficPolicyOf(rule);
  return [...lost, ...plaintext];
}
