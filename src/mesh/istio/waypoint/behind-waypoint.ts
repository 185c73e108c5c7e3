import { text } from '../../json.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { waypointClass } from '../vocabulary/gateway.ts';
import { boundWaypoint } from './bound.ts';

function isWaypointGateway({ spec }: ConfigView): boolean {
  return text(spec['gatewayClassName']) === waypointClass;
}

/**
 * Whether a waypoint stands in a namespace, or Services of it go through one: guards are made for nothing else, and
 * stay where that does. Asked of one that no migration takes back, where the guards are all that tells of one.
 */
export function isBehindWaypoint(name: string, { mesh }: Surroundings): boolean {
  return (
    mesh.configs('Gateway', name).some(isWaypointGateway) ||
    mesh.services(name).some((service) => boundWaypoint(service) !== undefined)
  );
}
