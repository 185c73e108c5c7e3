import type { Surroundings } from '../../adapter.ts';
import { isThere } from '../waypoint/calls/asleep.ts';
import { modeOf } from '../vocabulary/pod-mode.ts';
import { ofEach, question } from '../waypoint/calls/question.ts';
import { runs } from '../waypoint/callers.ts';
import { namespaceCallers } from '../waypoint/namespace-callers.ts';

/** Whether pods of a namespace have a sidecar, a gateway's proxy among them. */
const hasProxies = question<boolean>({
  ask: (there) => there.pods().some((pod) => runs(pod) && modeOf(pod) === 'Sidecar'),
  otherwise: () => true,
});

/** Whether somebody may call the namespace through a sidecar: where nobody knows who calls it, somebody may. */
export function mayBeCalledFromSidecars(surroundings: Surroundings): boolean {
  const callers = namespaceCallers(surroundings.namespace.name, surroundings);
  if (callers.kind === 'Unknown') return true;
  const proxied = ofEach(callers.namespaces, surroundings, (there) => [
    hasProxies(there, undefined) || isThere(there, 'Sidecar'),
  ]);
  return proxied.includes(true);
}
