import type { Surroundings } from '../adapter.ts';

/**
 * The namespace as if its way back were a way there, for what is asked of templates: by which data plane they leave and
 * which they join. What a waypoint does about it is another question, which has its own steps back.
 */
export function mirrored({ route: { from, to }, ...surroundings }: Surroundings): Surroundings {
  return { ...surroundings, route: { from: to, to: from }, itinerary: 'L4' };
}
