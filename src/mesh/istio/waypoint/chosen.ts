import { own } from '../../../base/own.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import type { WaypointFacts } from '../policy/translate/world.ts';
import { isOurs } from '../policy/translate/names.ts';
import { isWaypoint, labelsBefore, namedWaypoint } from './bound.ts';
import { waypointName } from '../vocabulary/gateway.ts';

/** The waypoint of a namespace, as it is or is going to be. */
export interface Chosen extends WaypointFacts {
  /** It is the user's: never made, changed, scaled or deleted. */
  readonly adopted: boolean;
}

function gatewayOf(name: string, { mesh, namespace }: Surroundings): ConfigView | undefined {
  return mesh.configs('Gateway', namespace.name).find((candidate) => candidate.name === name);
}

/**
 * The user's waypoint that the namespace uses. Before the start it is the one that `spec.waypoint.adopt` names, where
 * it is there; after that what the journal says, whatever the field says by then and whether it is there or not: a
 * namespace is never moved from one to another.
 */
export function adoptedIn(surroundings: Surroundings): string | undefined {
  const {
    itinerary,
    adopted,
    route: { from, to },
    spec: {
      waypoint: { adopt },
    },
  } = surroundings;
  if (itinerary !== undefined) return adopted;
  if (adopt === undefined || from !== 'IstioSidecar' || to !== 'IstioAmbient') return undefined;
  const found = gatewayOf(adopt, surroundings);
  return found === undefined || isOurs(found) ? undefined : adopt;
}

/**
 * The one place that knows the waypoint of a namespace. Istio runs its pods under a ServiceAccount of its name; where
 * it does not, it is not used (MM118).
 */
export function chosenWaypoint(surroundings: Surroundings): Chosen {
  const adopted = adoptedIn(surroundings);
  const name = adopted ?? waypointName;
  return { namespace: surroundings.namespace.name, name, serviceAccount: name, adopted: adopted !== undefined };
}

/** Its Gateway, if it is there. */
export function chosenGateway(surroundings: Surroundings): ConfigView | undefined {
  return gatewayOf(chosenWaypoint(surroundings).name, surroundings);
}

/** Whether labels of a Service name the waypoint of its namespace. */
export function namesChosen(labels: ServiceView['labels'], chosen: Chosen): boolean {
  const named = namedWaypoint(labels, chosen.namespace);
  return named !== 'none' && isWaypoint(named, chosen);
}

/**
 * Names of Services that went through an adopted waypoint before the migration: their owner bound them, and they go on
 * through it when it is over.
 */
export function boundBefore(surroundings: Surroundings): readonly string[] {
  const chosen = chosenWaypoint(surroundings);
  const { services, records } = surroundings;
  if (!chosen.adopted) return [];
  return services
    .filter((service) => {
      const kept = own(records, service.name);
      return kept === undefined
        ? namesChosen(labelsBefore(service, chosen.name), chosen)
        : kept[useWaypointLabel] === chosen.name;
    })
    .map(({ name }) => name);
}
