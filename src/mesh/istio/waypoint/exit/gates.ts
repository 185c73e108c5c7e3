import type { Surroundings } from '../../../adapter.ts';
import type { ServiceView } from '../../../views.ts';
import type { WaypointName } from '../../policy/attachment.ts';
import { stillThrough, whyNotBound } from '../bound.ts';
import { servedServices } from './served.ts';

function views(surroundings: Surroundings): readonly (readonly [ServiceView, WaypointName])[] {
  return servedServices(surroundings).flatMap(({ service, waypoint }) =>
    surroundings.services.filter(({ name }) => name === service.name).map((view) => [view, waypoint] as const),
  );
}

/** A Service that istiod still sends through a waypoint, whichever: from all of them it is taken. */
export function stillThroughWaypoint(surroundings: Surroundings): string | undefined {
  return stillThrough(
    views(surroundings).map(([service]) => service),
    () => true,
  );
}

/** A Service that istiod does not send through the waypoint that its labels name. */
export function notThroughWaypoint(surroundings: Surroundings): string | undefined {
  for (const [service, waypoint] of views(surroundings)) {
    const missing = whyNotBound(service, waypoint);
    if (missing !== undefined) return missing;
  }
  return undefined;
}
