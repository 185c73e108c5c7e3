import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { serviceTitle, type ServiceFacts } from '../policy/translate/world.ts';
import { outsideCallers, type Callers, type KnownCallers } from './callers.ts';
import { comingOutside } from './coming-callers.ts';
import { isNeverTaken } from './never-taken.ts';
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

/** A pod, or what makes pods of which none runs now. */
export interface Outsider {
  readonly namespace: string;
  readonly name: string;
}

const fromElsewhere = memoize((surroundings: Surroundings) =>
  memoize((callers: KnownCallers): readonly Outsider[] => {
    const pods = outsideCallers(callers.callers, surroundings);
    const owners = new Set(pods.map(({ namespace, owner }) => owner && `${namespace}/${owner.kind} ${owner.name}`));
    const coming = comingOutside(callers.callers, surroundings)
      .filter((template) => surroundings.scope?.moves(template.namespace) !== true || isNeverTaken(template))
      .map(({ namespace, kind, name }) => ({ namespace, name: `${kind} ${name}` }))
      .filter(({ namespace, name }) => !owners.has(`${namespace}/${name}`));
    return [...pods, ...coming].filter(({ namespace }) => namespace !== surroundings.namespace.name);
  }),
);

/**
 * Callers of other namespaces that call from outside the mesh, or will as soon as they run (a CronJob between two runs),
 * and would be refused for good, because they never use a waypoint: those that are declared, if something gets through
 * today that has no identity. Policies name identities, which these do not have. What sleeps in a namespace that moves
 * wakes in ambient, unless it opts out of that too.
 */
export function refusedOutside(
  service: ServiceFacts,
  callers: Callers,
  surroundings: Surroundings,
): readonly Outsider[] {
  if (callers.kind === 'Unknown' || callers.declared !== true) return [];
  return ending(surroundings).has(serviceTitle(service)) ? fromElsewhere(surroundings)(callers) : [];
}
