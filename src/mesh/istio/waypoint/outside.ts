import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { TemplateView } from '../../views.ts';
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

/** What makes pods outside the mesh, in namespaces of others. */
function comingElsewhere(callers: KnownCallers, surroundings: Surroundings): readonly TemplateView[] {
  const { name: home } = surroundings.namespace;
  return comingOutside(callers.callers, surroundings).filter(({ namespace }) => namespace !== home);
}

/** Whether its next pods are in ambient once its namespace has moved. */
function joins(template: TemplateView, { scope }: Surroundings): boolean {
  return scope?.moves(template.namespace) === true && !isNeverTaken(template);
}

const fromElsewhere = memoize((surroundings: Surroundings) =>
  memoize((callers: KnownCallers): readonly Outsider[] => {
    const pods = outsideCallers(callers.callers, surroundings);
    const owners = new Set(pods.map(({ namespace, owner }) => owner && `${namespace}/${owner.kind} ${owner.name}`));
    const coming = comingElsewhere(callers, surroundings)
      .filter((template) => !joins(template, surroundings))
      .map(({ namespace, kind, name }) => ({ namespace, name: `${kind} ${name}` }))
      .filter(({ namespace, name }) => !owners.has(`${namespace}/${name}`));
    return [...pods, ...coming].filter(({ namespace }) => namespace !== surroundings.namespace.name);
  }),
);

/** Callers that are declared, where something gets through today that has no identity and will not any more. */
function declaredTo(service: ServiceFacts, callers: Callers, surroundings: Surroundings): KnownCallers | undefined {
  if (callers.kind === 'Unknown' || callers.declared !== true) return undefined;
  return ending(surroundings).has(serviceTitle(service)) ? callers : undefined;
}

/**
 * Callers of other namespaces that call from outside the mesh, or will as soon as they run (a CronJob between two runs),
 * and would be refused for good, because they never use a waypoint: those that are declared, if something gets through
 * today that has no identity. Policies name identities, which these do not have. What sleeps in a namespace that moves
 * is waited for instead (`sleepersOutside`), unless it opts out of ambient too.
 */
export function refusedOutside(
  service: ServiceFacts,
  callers: Callers,
  surroundings: Surroundings,
): readonly Outsider[] {
  const declared = declaredTo(service, callers, surroundings);
  return declared === undefined ? [] : fromElsewhere(surroundings)(declared);
}

const joining = memoize((surroundings: Surroundings) =>
  memoize((callers: KnownCallers): readonly string[] => {
    const coming = comingElsewhere(callers, surroundings).filter((template) => joins(template, surroundings));
    return [...new Set(coming.map(({ namespace }) => namespace))];
  }),
);

/**
 * Namespaces of such callers that sleep and will be in ambient once these have moved, which they have not: whoever wakes
 * before is outside the mesh, and refused for as long as that takes.
 */
export function sleepersOutside(
  service: ServiceFacts,
  callers: Callers,
  surroundings: Surroundings,
): readonly string[] {
  const declared = declaredTo(service, callers, surroundings);
  return declared === undefined ? [] : joining(surroundings)(declared);
}
