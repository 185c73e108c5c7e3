import type { Surroundings } from '../../adapter.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { exitOrder } from '../waypoint/exit/order.ts';
import { restartOrder, type Order } from '../waypoint/order.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence } from './rule.ts';

function circleOf({ circle, untold }: Order, { namespace }: Surroundings, message: string): readonly Evidence[] {
  const object = nameOf({ kind: 'Namespace', name: namespace.name });
  if (untold === true)
    return [
      {
        object,
        message:
          'in which order its workloads have to be restarted takes more steps to tell than one look may take: Services that select many of them, each other ones',
        fix: 'Divide the namespace, have Services select few workloads, or say in spec.callers who calls them: what is the same of many Services is told once. Or set spec.policies.bypass to FailClosed and choose a quiet hour.',
      },
    ];
  const names = circle.map(({ kind, name }) => `${kind} ${name}`);
  return names.length === 0 ? [] : [{ object, message: `${message}: ${names.join(', ')}` }];
}

/** MM084: workloads of which each waits for another one's restart on the way to a waypoint. */
export function entryCircle(surroundings: Surroundings): readonly Evidence[] {
  return circleOf(
    restartOrder(surroundings),
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
    exitOrder(surroundings),
    surroundings,
    'whichever gets its sidecar first is refused by the others, which are still behind their waypoint, unless spec.callers says that it does not call them',
  );
}
