import type { Surroundings } from '../../adapter.ts';
import type { WorkloadView } from '../../views.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { exitOrder } from '../waypoint/exit/order.ts';
import { restartOrder } from '../waypoint/order.ts';
import { nameOf, type Evidence } from './rule.ts';

function circleOf(circle: readonly WorkloadView[], { namespace }: Surroundings, message: string): readonly Evidence[] {
  return circle.length === 0
    ? []
    : [
        {
          object: nameOf({ kind: 'Namespace', name: namespace.name }),
          message: `${message}: ${circle.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`,
        },
      ];
}

/** MM084: workloads of which each waits for another one's restart on the way to a waypoint. */
export function entryCircle(surroundings: Surroundings): readonly Evidence[] {
  return circleOf(
    restartOrder(surroundings).circle,
    surroundings,
    'whichever is restarted first refuses the others, which still have sidecars',
  );
}

/**
 * MM084, the other way round: with its sidecar a caller goes around the waypoint, and pods that are still behind it refuse
 * that.
 */
export function exitCircle(surroundings: Surroundings): readonly Evidence[] {
  if (itineraryOf(surroundings) !== 'L7' || surroundings.spec.policies.bypass !== 'CallersFirst') return [];
  return circleOf(
    exitOrder(surroundings).circle,
    surroundings,
    'whichever gets its sidecar first is refused by the others, which are still behind their waypoint, unless spec.callers says that it does not call them',
  );
}
