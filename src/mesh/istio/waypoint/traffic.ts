import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { waypointForLabel } from '../vocabulary/labels.ts';

/**
 * Whose callers a waypoint serves: its own label, else that of its class, else those of Services
 * (pilot/pkg/serviceregistry/ambient/waypoints.go).
 */
export function trafficOf(gateway: ConfigView, { mesh }: Surroundings): string {
  const gatewayClass = mesh.configs('GatewayClass').find(({ name }) => name === gateway.spec['gatewayClassName']);
  return gateway.labels[waypointForLabel] ?? gatewayClass?.labels[waypointForLabel] ?? 'service';
}
