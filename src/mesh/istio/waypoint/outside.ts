import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { serviceTitle, type ServiceFacts } from '../policy/translate/world.ts';
import { outsideCallers, type Callers } from './callers.ts';
import { certainChanges } from './proof.ts';

/**
 * Pods of other namespaces that call from outside the mesh and would be refused for good, because they never use a
 * waypoint: those of declared callers, if something gets through today that has no identity. Policies name identities,
 * which these do not have.
 */
export function refusedOutside(
  service: ServiceFacts,
  callers: Callers,
  surroundings: Surroundings,
): readonly PodView[] {
  if (callers.kind === 'Unknown' || callers.declared !== true) return [];
  if (!certainChanges(surroundings).some(({ kind, object }) => kind === 'Ends' && object === serviceTitle(service)))
    return [];
  return outsideCallers(callers.callers, surroundings).filter(
    ({ namespace }) => namespace !== surroundings.namespace.name,
  );
}
