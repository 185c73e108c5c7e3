import type { ItineraryName } from '../../../api/namespace-migration.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { boundBefore } from './chosen.ts';
import { isExit } from './exit/route.ts';
import { usesWaypoint } from './exit/served.ts';
import { translationOf } from './translation.ts';

/**
 * L7 if sidecars do something for a Service of the namespace that ztunnel would not: enforce a policy, follow a route,
 * run an extension. What enforces also counts where no waypoint can stand before the Service, because it then has to
 * block. A waypoint is for ambient only: the other way round it is L7 if a Service goes through one, which sidecars do
 * not use. A Service that goes through an adopted waypoint already needs it too: the pods behind it have to know its
 * callers by what it lets through.
 */
export const choose: (surroundings: Surroundings) => ItineraryName = memoize((surroundings: Surroundings) => {
  const {
    route: { from, to },
  } = surroundings;
  if (onlyRestarts(surroundings)) return 'Hbone';
  if (isExit(surroundings.route)) return usesWaypoint(surroundings) ? 'L7' : 'L4';
  if (from !== 'IstioSidecar' || to !== 'IstioAmbient') return 'L4';
  if (boundBefore(surroundings).length > 0) return 'L7';
  return translationOf(surroundings).needs.some(({ servable, reasons }) =>
    reasons.some(({ enforces }) => enforces || servable),
  )
    ? 'L7'
    : 'L4';
});

/** Whether the namespace stays as it is, and is only restarted so that ztunnel reaches it. */
export function onlyRestarts({ itinerary, scope, namespace }: Surroundings): boolean {
  return itinerary === undefined ? scope?.restartsForHbone(namespace.name) === true : itinerary === 'Hbone';
}

/** The itinerary that is under way, or the one that would be taken. */
export function itineraryOf(surroundings: Surroundings): ItineraryName {
  return surroundings.itinerary ?? choose(surroundings);
}

/**
 * Whether the namespace goes, or has gone, behind a waypoint of its own; on the way out from behind one it does not.
 */
export function getsWaypoint(surroundings: Surroundings): boolean {
  return itineraryOf(surroundings) === 'L7' && !isExit(surroundings.route);
}
