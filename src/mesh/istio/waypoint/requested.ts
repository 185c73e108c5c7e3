import type { Surroundings } from '../../adapter.ts';
import { isServable } from '../policy/translate/world.ts';
import type { ServiceView } from '../../views.ts';

/** As many of one namespace as its journal has room for beside everything else. */
export const mostRequested = 200;

/** What `spec.waypoint.services` says of a namespace. */
interface Asked {
  /** Names of Services, each by itself. */
  readonly names: readonly string[];
  /** It asks for all that there are. */
  readonly all: boolean;
}

/** The entries for a namespace. They are for the way from sidecars to ambient only. */
export function askedFor({ namespace, route: { from, to }, spec }: Surroundings): Asked {
  if (from !== 'IstioSidecar' || to !== 'IstioAmbient') return { names: [], all: false };
  const beginning = `${namespace.name}/`;
  const own = spec.waypoint.services
    .filter((path) => path.startsWith(beginning))
    .map((path) => path.slice(beginning.length));
  return { names: own.filter((name) => name !== '*'), all: own.includes('*') };
}

/** The Services that it asks for and a waypoint can stand before, by name, whether there is room for all or not. */
export function wantedNow(surroundings: Surroundings): readonly ServiceView[] {
  const { names, all } = askedFor(surroundings);
  if (!all && names.length === 0) return [];
  const named = new Set(names);
  return surroundings.services
    .filter((service) => (all || named.has(service.name)) && isServable(service))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of the Services that the spec asks a waypoint for, as they are now. */
export function requestedNow(surroundings: Surroundings): readonly string[] {
  return wantedNow(surroundings)
    .slice(0, mostRequested)
    .map(({ name }) => name);
}

/**
 * The same as it counts: before the start what the spec says, after that what it said then. Whatever is asked for later
 * makes nothing on the way and at rest, and what is not asked for any more keeps its copies for as long as requests may
 * come through the waypoint.
 */
export function requestedIn(surroundings: Surroundings): readonly string[] {
  return surroundings.itinerary === undefined ? requestedNow(surroundings) : (surroundings.requested ?? []);
}
