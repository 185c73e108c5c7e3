import type { PlannedRestart } from '../../../api/namespace-migration.ts';
import type { Surroundings } from '../../adapter.ts';
import { itineraryOf } from './choose.ts';
import { exitOrder } from './exit/order.ts';
import { isExit } from './exit/route.ts';
import { makesGateway } from '../vocabulary/gateway-pods.ts';
import { restartOrder } from './order.ts';
import { keyOf } from './waits.ts';

/** As much as the API admits. */
const maxPlanned = 2000;
const maxWhy = 512;

/** The order for the plan, as far as there is one: of a namespace in which somebody has to wait for somebody. */
export function plannedOrder(surroundings: Surroundings): readonly PlannedRestart[] {
  if (itineraryOf(surroundings) !== 'L7') return [];
  const order = isExit(surroundings.route) ? exitOrder(surroundings) : restartOrder(surroundings);
  const reasons = order.reasons();
  if (reasons.size === 0) return [];
  // Pods of waypoints never change their data plane.
  return order.workloads
    .filter((workload) => !makesGateway(workload))
    .slice(0, maxPlanned)
    .map(({ kind, name }) => {
      const why = reasons.get(keyOf({ kind, name }));
      return { kind, name, ...(why !== undefined && { why: why.slice(0, maxWhy) }) };
    });
}
