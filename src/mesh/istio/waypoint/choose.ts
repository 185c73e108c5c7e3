import type { ItineraryName } from '../../../api/namespace-migration.ts';
import type { Surroundings } from '../../adapter.ts';
import { isExit } from './exit/route.ts';
import { usesWaypoint } from './exit/served.ts';
import { translationOf } from './translation.ts';

/**
 * L7 if something of a Service of the namespace is enforced by its sidecars and would not be by ztunnel, or, the other way round, if
 * a Service goes through a waypoint, which sidecars do not use.
 */
export function choose(surroundings: Surroundings): ItineraryName {
  const { route: { from, to } } = surroundings;
  if (isExit(surroundings.route)) return usesWaypoint(surroundings) ? 'L7' : 'L4';
  if (from !== 'IstioSidecar' || to !== 'IstioAmbient') return 'L4';
  return translationOf(surroundings).needs.some(({ reasons }) => reasons.some(({ enforces }) => enforces)) ? 'L7' : 'L4';
}

/** The itinerary that is under way, or the one that would be taken. */
export function itineraryOf(surroundings: Surroundings): ItineraryName {
  return surroundings.itinerary ?? choose(surroundings);
}
