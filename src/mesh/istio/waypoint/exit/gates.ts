import type { Surroundings } from '../../../adapter.ts';
import type { ServiceView } from '../../../views.ts';
import { servedServices } from './served.ts';

function boundOf({ conditions }: ServiceView): ServiceView['conditions'][string] | undefined {
  return conditions['istio.io/WaypointBound'];
}

function views(surroundings: Surroundings): readonly (readonly [ServiceView, string])[] {
  return servedServices(surroundings).flatMap(({ service, waypoint }) =>
    surroundings.services.filter(({ name }) => name === service.name).map((view) => [view, `${waypoint.namespace}/${waypoint.name}`] as const));
}

/** A Service that istiod still sends through its waypoint. */
export function stillThroughWaypoint(surroundings: Surroundings): string | undefined {
  const [found] = views(surroundings).find(([service]) => boundOf(service)?.status === 'True') ?? [];
  return found && `Service ${found.namespace}/${found.name} still goes through its waypoint`;
}

/** A Service that istiod does not send through the waypoint that its labels name. */
export function notThroughWaypoint(surroundings: Surroundings): string | undefined {
  for (const [service, waypoint] of views(surroundings)) {
    const bound = boundOf(service);
    const name = `Service ${service.namespace}/${service.name}`;
    if (bound?.status !== 'True') return `${name} does not go through waypoint ${waypoint}${bound === undefined ? '' : ` (${bound.reason}: ${bound.message})`}`;
    if (!bound.message.includes(waypoint)) return `${name} goes through another waypoint than ${waypoint}: ${bound.message}`;
  }
  return undefined;
}
