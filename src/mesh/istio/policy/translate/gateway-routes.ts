import { listed } from '../../../../base/counted.ts';
import { memoize } from '../../../../base/memoize.ts';
import { records, strings } from '../../../json.ts';
import { Names } from './host-names.ts';
import { warning, type Problem } from './problem.ts';
import { routesAt } from './routes-at.ts';
import { destinations } from './routes.ts';
import { titleOf, type ConfigObject, type ServiceFacts, type World } from './world.ts';

/** Whether a route is for what comes in through gateways. */
const isForGateways = memoize(({ kind, spec }: ConfigObject): boolean => {
  if (kind === 'VirtualService') return strings(spec['gateways']).some((gateway) => gateway !== 'mesh');
  return (
    (kind === 'HTTPRoute' || kind === 'GRPCRoute') &&
    records(spec['parentRefs']).some((parent) => (parent['kind'] ?? 'Gateway') === 'Gateway')
  );
});

/** Where a route sends what it is for. */
const targetsOf = memoize((object: ConfigObject): Names => new Names(() => destinations(object)));

/** Whether gateways may send requests to Services of a namespace by it. */
export function leadsInto(object: ConfigObject, namespace: string): boolean {
  return isForGateways(object) && targetsOf(object).reachInto(namespace);
}

/**
 * Routes for callers in the mesh, which requests from ingress gateways do not follow while the destination has
 * sidecars: the gateway has routes of its own. Bound with `istio.io/ingress-use-waypoint` they go through the waypoint,
 * which has one list of routes for everybody (buildWaypointInboundHTTPRouteConfig).
 */
export function gatewayProblems(service: ServiceFacts, world: World): readonly Problem[] {
  const followed = routesAt(service, world).filter(({ kind }) => kind !== 'DestinationRule');
  if (followed.length === 0) return [];
  // Of any namespace, and as many as their owners like: some of them are enough to say it.
  const entrances = world.routes
    .filter((object) => isForGateways(object) && targetsOf(object).has(service))
    .map(titleOf);
  return entrances.length === 0
    ? []
    : followed.map((object) =>
        warning(
          titleOf(object),
          'spec',
          `requests from gateways, which come by ${listed(entrances)}, go through the waypoint too and follow it there: retries, mirrors and added headers of both then come one after the other`,
          'Leave in one of the two what is to be done once.',
        ),
      );
}
