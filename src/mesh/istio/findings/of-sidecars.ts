import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { arrived } from '../itinerary.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { nameOf, targetRefs } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/**
 * What a way does to what sidecars do and ambient does not:
 * - `Lost`: it leads from the one to the other.
 * - `Ends`: it leads out of the mesh.
 * - `Begins`: it leads to sidecars.
 * - `Never`: no pod here has a sidecar, before or after.
 */
export type Fate = 'Lost' | 'Ends' | 'Begins' | 'Never';

/**
 * Undefined where nothing is to be told. What begins or ends is known before the start; what comes later is made for
 * what there is by then.
 */
export function fateOf({ route, itinerary }: Surroundings): Fate | undefined {
  if (route.to === 'IstioAmbient') return route.from === 'IstioSidecar' ? 'Lost' : 'Never';
  if (itinerary !== undefined) return undefined;
  if (isExit(route)) return 'Begins';
  return route.from === 'IstioSidecar' ? 'Ends' : undefined;
}

/** Whether the way out of ambient is over: by the labels at its end, after which no pod is restarted any more. */
export function isOnSidecars({ route, namespace: { labels } }: Surroundings): boolean {
  return isExit(route) && arrived(route, labels) && !arrived({ from: route.to, to: route.from }, labels);
}

/** A rule about what ztunnel reads otherwise than sidecars, which is nothing to who has left it for them. */
export function unlessOnSidecars(find: Rule['find']): Rule['find'] {
  return (surroundings) => (isOnSidecars(surroundings) ? [] : find(surroundings));
}

/** How it is told of one object. */
export interface Words {
  /** What sidecars do by it. */
  readonly does: string;
  /** What ambient does instead. */
  readonly lost: string;
}

type Told = Pick<Evidence, 'message' | 'fix' | 'severity'>;

const telling: Readonly<Record<Fate, (words: Words) => Told>> = {
  Lost: ({ does, lost }) => ({ message: `${does}${lost}` }),
  Ends: ({ does }) => ({
    message: `${does}; outside the mesh nothing does`,
    fix: 'Remove it, if it may end with the mesh, or keep this namespace in the mesh.',
  }),
  Begins: ({ does }) => ({
    severity: 'Warning',
    message: `${does}, ztunnel does not: it begins to apply`,
    fix: 'Nothing to do if it is meant to. Else remove it before the migration.',
  }),
  Never: ({ does }) => ({
    severity: 'Warning',
    message: `${does}, and no pod here has one, now or in ambient: it is without effect here`,
    fix: 'Nothing to do if nobody relies on it. Else look for what ambient has instead, or join sidecars.',
  }),
};

/** What is told of an object; undefined if nothing is. */
export function toldOf(surroundings: Surroundings, words: Words): Told | undefined {
  const fate = fateOf(surroundings);
  return fate && telling[fate](words);
}

/** Where it stands at a waypoint, no sidecar reads it, and what it does there ends on the way to them. */
function isLeftBehind(config: ConfigView, { route }: Surroundings): boolean {
  return isExit(route) && targetRefs(config).length > 0;
}

/** Of objects that configure the sidecars of pods; one for the whole mesh says nothing where there are none. */
export function ofSidecars(
  configs: readonly ConfigView[],
  surroundings: Surroundings,
  words: Words,
): readonly Evidence[] {
  const { namespace } = surroundings;
  const isAsked = (config: ConfigView): boolean =>
    fateOf(surroundings) !== 'Never' || config.namespace === namespace.name;
  return configs.filter(isAsked).flatMap((config): readonly Evidence[] => {
    const object = nameOf(config);
    if (isLeftBehind(config, surroundings))
      return [
        {
          object,
          message: 'it is attached to a waypoint, and sidecars use none: what it does there ends',
          fix: 'Have it select the pods instead of naming something in targetRefs, or remove it, or keep this namespace in ambient.',
        },
      ];
    const told = toldOf(surroundings, words);
    return told === undefined ? [] : [{ object, ...told }];
  });
}
