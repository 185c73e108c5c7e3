import type { Surroundings } from '../../adapter.ts';
import { records, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { isCarriedOver } from '../waypoint/carried-over.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { concernsNamespace, gatewayRoutes, hostsOf, lostTrafficPolicy, meshRoutes } from './route-objects.ts';
import { nameOf, type Evidence, type Rule } from './rule.ts';

/** A route may also stand with the clients and name a Service elsewhere (a consumer route), or name a ServiceEntry. */
function serviceRoutes(surroundings: Surroundings): readonly Evidence[] {
  const home = surroundings.namespace.name;
  const isHere = (route: ConfigView): boolean => records(route.spec['parentRefs']).some((parent) =>
    (parent['kind'] === 'Service' || parent['kind'] === 'ServiceEntry') && (route.namespace === home || text(parent['namespace']) === home));
  return gatewayRoutes(surroundings).filter((route) => isHere(route) && !isSpared(surroundings, route))
    .map((route) => ({ object: nameOf(route), message: 'a route with a Service as parent is applied by sidecars and waypoints, not by ztunnel' }));
}

/**
 * Behind a waypoint: routes of its Services are followed there, and those that callers elsewhere have for themselves are lost with
 * the callers' sidecars, not with those of this namespace.
 */
function isSpared(surroundings: Surroundings, route: ConfigView): boolean {
  if (!getsWaypoint(surroundings)) return false;
  if (route.namespace !== surroundings.namespace.name) return true;
  const parents = records(route.spec['parentRefs']).filter(({ kind }) => kind === 'Service' || kind === 'ServiceEntry');
  return parents.every(({ kind }) => kind === 'Service') && isCarriedOver(surroundings, route, hostsOf(route));
}

/** Routing and client-side traffic policy, which ztunnel does not do. */
export const routeRules: readonly Rule[] = [
  {
    id: 'MM030', severity: 'Critical', when: 'Always', title: 'VirtualService for the mesh',
    fix: 'Keep this namespace on sidecars, or remove the VirtualService, or bind it to ingress gateways only (spec.gateways). A waypoint follows one whose hosts all are Services of the namespace.',
    find: (surroundings) => meshRoutes(surroundings)
      .filter((route) => concernsNamespace(route, surroundings.namespace.name) && !isCarriedOver(surroundings, route, hostsOf(route)))
      .map((route) => ({ object: nameOf(route), message: 'sidecars apply this VirtualService, ztunnel ignores it: its routing would be lost' })),
  },
  {
    id: 'MM031', severity: 'Critical', when: 'Always', title: 'HTTPRoute or GRPCRoute for a Service',
    fix: 'Keep this namespace on sidecars, or remove the route. A waypoint follows one beside a Service of its own namespace.',
    find: serviceRoutes,
  },
  {
    id: 'MM032', severity: 'Critical', when: 'Always', title: 'DestinationRule with a traffic policy',
    fix: 'Remove the traffic policy, or keep this namespace on sidecars. A waypoint applies one whose host is a Service of the namespace.',
    find: (surroundings) => surroundings.mesh.configs('DestinationRule')
      .filter((rule) => concernsNamespace(rule, surroundings.namespace.name) && !isCarriedOver(surroundings, rule, hostsOf(rule)))
      .map((rule) => ({ rule, lost: lostTrafficPolicy(rule) }))
      .filter(({ lost }) => lost.length > 0)
      .map(({ rule, lost }) => ({ object: nameOf(rule), message: `sidecars apply ${lost.join(', ')}, ztunnel does not` })),
  },
];
