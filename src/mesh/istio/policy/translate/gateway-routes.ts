import { records, strings } from '../../../json.ts';
import { warning, type Problem } from './problem.ts';
import { isOfCallers } from './route-features.ts';
import { concernsService, namesService } from './route-hosts.ts';
import { destinations } from './routes.ts';
import { titleOf, type ConfigObject, type ServiceFacts, type World } from './world.ts';

/** Whether a route is for what comes in through gateways. */
function isForGateways({ kind, spec }: ConfigObject): boolean {
  if (kind === 'VirtualService') return strings(spec['gateways']).some((gateway) => gateway !== 'mesh');
  return (kind === 'HTTPRoute' || kind === 'GRPCRoute') && records(spec['parentRefs']).some((parent) => (parent['kind'] ?? 'Gateway') === 'Gateway');
}

/**
 * Routes for callers in the mesh, which requests from ingress gateways do not follow while the destination has sidecars: the gateway
 * has routes of its own. Bound with `istio.io/ingress-use-waypoint` they go through the waypoint, which has one list of routes for
 * everybody (buildWaypointInboundHTTPRouteConfig).
 */
export function gatewayProblems(service: ServiceFacts, world: World): readonly Problem[] {
  const followed = world.routes.filter((object) => object.kind !== 'DestinationRule' && concernsService(object, service) && !isOfCallers(object, service, world.options));
  const entrances = world.routes.filter((object) => isForGateways(object) && destinations(object).some(({ host, home }) => namesService(host, home, service)));
  return entrances.length === 0 ? [] : followed.map((object) => warning(titleOf(object), 'spec',
    `requests from gateways, which come by ${entrances.map(titleOf).join(', ')}, go through the waypoint too and follow it there: retries, mirrors and added headers of both then come one after the other`,
    'Leave in one of the two what is to be done once.'));
}
