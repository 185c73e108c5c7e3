import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { serviceTitle, type ServiceFacts } from '../policy/translate/world.ts';
import { outsideCallers, type Callers, type KnownCallers } from './callers.ts';
import { certainChanges } from './proof.ts';

/** Services at which something ends that gets through today. */
const ending = memoize(
  (surroundings: Surroundings) =>
    new Set(
      certainChanges(surroundings)
        .filter(({ kind }) => kind === 'Ends')
        .map(({ object }) => object),
    ),
);

const fromElsewhere = memoize((surroundings: Surroundings) =>
  memoize((callers: KnownCallers) =>
    outsideCallers(callers.callers, surroundings).filter(({ namespace }) => namespace !== surroundings.namespace.name),
  ),
);

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
  return ending(surroundings).has(serviceTitle(service)) ? fromElsewhere(surroundings)(callers) : [];
}
