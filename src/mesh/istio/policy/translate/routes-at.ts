import { append } from '../../../../base/collected.ts';
import { memoize } from '../../../../base/memoize.ts';
import { records, strings, text } from '../../../json.ts';
import { spend } from '../../../../base/effort.ts';
import { isOfCallers } from './route-features.ts';
import { concernsService } from './route-hosts.ts';
import type { ConfigObject, ServiceFacts, World } from './world.ts';

/*
 * Which routes are about calls to a Service: to ask each route of each Service would take as long as there are many of both, and whoever writes
 * them decides how many that is.
 */

/** The names of Services that an object may be about; those of other namespaces are the same names. */
function namesIn({ kind, spec }: ConfigObject): readonly string[] {
  switch (kind) {
    case 'VirtualService':
      return strings(spec['hosts']);
    case 'DestinationRule':
      return [text(spec['host']) ?? ''];
    default:
      return records(spec['parentRefs']).map((parent) => text(parent['name']) ?? '');
  }
}

/** Places of routes in their list: by the name of a Service, and of those whose hosts may be many. */
interface Places {
  readonly named: ReadonlyMap<string, readonly number[]>;
  readonly wide: readonly number[];
}

const placesOf = memoize((routes: readonly ConfigObject[]): Places => {
  const named = new Map<string, number[]>();
  const wide: number[] = [];
  for (const [place, route] of routes.entries()) {
    const names = namesIn(route);
    spend(1 + names.length / 8);
    if (names.some((name) => name.startsWith('*'))) {
      wide.push(place);
      continue;
    }
    for (const name of new Set(names.map((host) => host.split('.', 1)[0] ?? ''))) append(named, name, place);
  }
  return { named, wide };
});

/** What it takes to say what becomes of one route at one Service. */
const stepsOfRoute = 40;

/** Those of one list: every question about a Service asks for them. */
const known = new WeakMap<readonly ConfigObject[], WeakMap<ServiceFacts, readonly ConfigObject[]>>();

/**
 * The routes about calls to a Service that are not a matter of its callers, in order. What is said of each at each
 * Service is as much as there is of both, so that is counted.
 */
export function routesAt(service: ServiceFacts, world: Pick<World, 'routes' | 'options'>): readonly ConfigObject[] {
  const ofServices = known.get(world.routes) ?? new WeakMap<ServiceFacts, readonly ConfigObject[]>();
  known.set(world.routes, ofServices);
  const found = ofServices.get(service) ?? lookedUp(service, world);
  ofServices.set(service, found);
  return found;
}

function lookedUp(
  service: ServiceFacts,
  { routes, options }: Pick<World, 'routes' | 'options'>,
): readonly ConfigObject[] {
  const { named, wide } = placesOf(routes);
  const places = [...(named.get(service.name) ?? []), ...wide].sort((a, b) => a - b);
  spend(1 + places.length / 2);
  const found = places.flatMap((place) => {
    const route = routes[place];
    return route !== undefined && !isOfCallers(route, service, options) && concernsService(route, service)
      ? [route]
      : [];
  });
  spend(found.length * stepsOfRoute);
  return found;
}
