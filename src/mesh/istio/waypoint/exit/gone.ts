import { memoize } from '../../../../base/memoize.ts';
import { own } from '../../../../base/own.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView } from '../../../views.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import { isOfExit, originalOf, targetOf } from '../../policy/translate/names.ts';
import { made } from '../../settings/resources.ts';
import { servedServices } from './served.ts';
import { labelsIn, originalNow, placesOf, takenOver } from './taken-over.ts';

/*
 * A Service that is replaced is gone for a while, and may come back without the label that binds it. Its pods stay
 * where they are meanwhile, and can be called by their addresses.
 */

type Labels = Readonly<Record<string, string>>;

function decidesAbout(object: ConfigView, surroundings: Surroundings): boolean {
  return placesOf(object, surroundings).length > 0;
}

const served = memoize(
  (surroundings: Surroundings): ReadonlySet<string> =>
    new Set(servedServices(surroundings).map(({ service }) => service.name)),
);

/** The Service that something was made for, if it was behind a waypoint and is not there any more. */
function goneOf(object: ConfigView, surroundings: Surroundings): string | undefined {
  const target = targetOf(object);
  if (target?.kind !== 'Service' || own(surroundings.records, target.name) === undefined) return undefined;
  return served(surroundings).has(target.name) ? undefined : target.name;
}

/** Something of ours, and the Service that is gone for which it was made. */
interface Left {
  readonly object: ConfigView;
  readonly service: string;
}

/** Everything that was made for Services that are gone. */
const madeForGone = memoize((surroundings: Surroundings): readonly Left[] => {
  const { mesh, namespace } = surroundings;
  return made
    .flatMap(({ kind }) => mesh.configs(kind, namespace.name))
    .filter((object) => isOfExit(object, true))
    .flatMap((object) => {
      const service = goneOf(object, surroundings);
      return service === undefined ? [] : [{ object, service }];
    });
});

/**
 * Copies that have to stay: the original of each is there, and pods that it decides about, which no other copy of it
 * does.
 */
const staying = memoize((surroundings: Surroundings): readonly Left[] => {
  const copies = madeForGone(surroundings).filter(
    ({ object }) => originalNow(object, surroundings) !== undefined && decidesAbout(object, surroundings),
  );
  const superfluous = takenOver(
    copies.map(({ object }) => object),
    surroundings,
  );
  return copies.filter(({ object }) => !superfluous.has(object));
});

/**
 * The Services that are gone while copies for them decide about pods, with what these select: nobody but the sidecars
 * enforces that now.
 */
export const missed = memoize((surroundings: Surroundings): ReadonlyMap<string, readonly Labels[]> => {
  const groups = Map.groupBy(staying(surroundings), ({ service }) => service);
  return new Map([...groups].map(([service, all]) => [service, all.map(({ object }) => labelsIn(object.spec))]));
});

const namesStaying = memoize(
  (surroundings: Surroundings): ReadonlySet<string> =>
    new Set(staying(surroundings).map(({ object }) => nameOf(object))),
);

/**
 * Whether something that was made for a Service has to stay though that is gone: a copy as long as the pods are there
 * that it decides about, and its original; and what goes with copies, as long as one does. By itself it would refuse
 * everybody whom it does not name.
 */
export function outlives(surroundings: Surroundings, seen: ConfigView): boolean {
  const service = goneOf(seen, surroundings);
  if (service === undefined) return false;
  return originalOf(seen) === undefined
    ? missed(surroundings).has(service) && decidesAbout(seen, surroundings)
    : namesStaying(surroundings).has(nameOf(seen));
}

/** These Services, by name. */
export function goneServices(surroundings: Surroundings): readonly string[] {
  return [...missed(surroundings).keys()].sort();
}

/**
 * The Services of which it has to be known what they were: those behind a waypoint, and those that are gone for as long
 * as something stands that was made for them.
 */
export function servedEver(surroundings: Surroundings): readonly string[] {
  return [...served(surroundings), ...new Set(madeForGone(surroundings).map(({ service }) => service))];
}
