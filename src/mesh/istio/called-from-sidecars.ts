import type { Surroundings } from '../adapter.ts';
import { inhabitantsOf, isThere } from './asleep.ts';
import { modeOf } from './pod-mode.ts';
import { runs } from './waypoint/callers.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';

/** Whether something of a namespace calls through a sidecar, a gateway's proxy among them, now or when it wakes. */
function hasSidecars(name: string, surroundings: Surroundings): boolean {
  const there = inhabitantsOf(name, surroundings);
  return (
    there.pods.some((pod) => runs(pod) && modeOf(pod) === 'Sidecar') || isThere(there, 'Sidecar', surroundings.mesh)
  );
}

/** Whether somebody may call the namespace through a sidecar: where nobody knows who calls it, somebody may. */
export function mayBeCalledFromSidecars(surroundings: Surroundings): boolean {
  const callers = namespaceCallers(surroundings.namespace.name, surroundings);
  return callers.kind === 'Unknown' || callers.namespaces.some((name) => hasSidecars(name, surroundings));
}
