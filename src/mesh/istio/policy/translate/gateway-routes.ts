import { append } from '../../../../base/collected.ts';
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

/**
 * Titles of the routes of gateways, of any namespace, by the Services of this one to which they lead. A destination with
 * a wildcard is no Service.
 */
function entrancesTo(namespace: string, routes: readonly ConfigObject[]): ReadonlyMap<string, readonly string[]> {
  const entrances = new Map<string, string[]>();
  for (const object of routes) {
    if (!isForGateways(object)) continue;
    for (const name of targetsOf(object).into(namespace)) append(entrances, name, titleOf(object));
  }
  return entrances;
}

/**
 * Routes for callers in the mesh, which requests from ingress gateways do not follow while the destination has
 * sidecars: the gateway has routes of its own. Bound with `istio.io/ingress-use-waypoint` they go through the waypoint,
 * which has one list of routes for everybody (buildWaypointInboundHTTPRouteConfig). Routes of gateways are anybody's:
 * they are no part of the world from which translation and proof are made, or whoever edits one would have these made
 * anew for each namespace into which it leads.
 */
export function gatewayProblems(
  services: readonly ServiceFacts[],
  world: Pick<World, 'namespace' | 'routes' | 'options'>,
  ofAll: readonly ConfigObject[],
): readonly Problem[] {
  const entrances = entrancesTo(world.namespace, ofAll);
  return services.flatMap((service) => {
    const through = entrances.get(service.name);
    if (through === undefined) return [];
    return routesAt(service, world)
      .filter(({ kind }) => kind !== 'DestinationRule')
      .map((object) =>
        warning(
          titleOf(object),
          'spec',
          // As many as their owners like: some of them are enough to say it.
          `requests from gateways, which come by ${listed(through)}, go through the waypoint too and follow it there: retries, mirrors and added headers of both then come one after the other`,
          'Leave in one of the two what is to be done once.',
        ),
      );
  });
}
