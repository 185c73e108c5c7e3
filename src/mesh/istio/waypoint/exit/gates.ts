import type { Surroundings } from '../../../adapter.ts';
import type { ServiceView } from '../../../views.ts';
import type { WaypointName } from '../../policy/attachment.ts';
import { boundCondition, boundWaypoint, isWaypoint } from '../bound.ts';
import { servedServices } from './served.ts';

function views(surroundings: Surroundings): readonly (readonly [ServiceView, WaypointName])[] {
  return servedServices(surroundings).flatMap(({ service, waypoint }) =>
    surroundings.services.filter(({ name }) => name === service.name).map((view) => [view, waypoint] as const));
}

/** A Service that istiod still sends through its waypoint. */
export function stillThroughWaypoint(surroundings: Surroundings): string | undefined {
  const [found] = views(surroundings).find(([service]) => boundCondition(service)?.status === 'True') ?? [];
  return found && `Service ${found.namespace}/${found.name} still goes through its waypoint`;
}

/** A Service that istiod does not send through the waypoint that its labels name. */
export function notThroughWaypoint(surroundings: Surroundings): string | undefined {
  for (const [service, waypoint] of views(surroundings)) {
    const bound = boundCondition(service);
    const name = `Service ${service.namespace}/${service.name}`;
    const named = `${waypoint.namespace}/${waypoint.name}`;
    if (bound?.status !== 'True') return `${name} does not go through waypoint ${named}${bound === undefined ? '' : ` (${bound.reason}: ${bound.message})`}`;
    if (!isWaypoint(boundWaypoint(service), waypoint)) return `${name} goes through another waypoint than ${named}: ${bound.message}`;
  }
  return undefined;
}
