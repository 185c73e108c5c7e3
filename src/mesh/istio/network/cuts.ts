import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Direction } from '../../network-policy/types.ts';
import type { ConfigView } from '../../views.ts';
import { bounded } from '../../../base/effort.ts';
import { everywhere } from '../waypoint/calls/question.ts';
import { namespaceCallers } from '../waypoint/namespace-callers.ts';
import { compared, type Compared } from './answers.ts';
import { between, joined, nothing, type Cuts } from './compare.ts';
import { directions, policiesIn, readableIn } from './ends.ts';
import type { Lists } from './packed.ts';
import { placesIn, type Place } from './places.ts';
import { standsIn } from './standing.ts';
import { legsOfItself, legsToOthers, usesWaypoint, waypointOf, type Waypoint } from './waypoint-paths.ts';

/**
 * Of the namespace itself, and of each other one: how many of these take long is for others to decide, and no one of
 * them may take what another one needs.
 */
const ownSteps = 1_000_000;
const neighbourSteps = 200_000;

/**
 * What one look may add to what is remembered of all others, a second or two: the smallest come first, and what is left
 * over is looked at the next time.
 */
const newSteps = 2_000_000;

function mayCall(caller: string, called: string, surroundings: Surroundings): boolean {
  const callers = namespaceCallers(called, surroundings);
  return callers.kind === 'Unknown' || callers.namespaces.includes(caller);
}

function policiesOf(name: string, { mesh }: Surroundings): readonly ConfigView[] {
  return mesh.configs('NetworkPolicy', name);
}

/** Directions in which some policy of a namespace decides, or may. */
const decidedBy = memoize(
  (configs: readonly ConfigView[]) =>
    new Set(
      directions.filter((direction) =>
        policiesIn(configs).some((policy) => policy.kind === 'Unreadable' || policy.rules[direction] !== undefined),
      ),
    ),
);

function decides(name: string, direction: Direction, surroundings: Surroundings): boolean {
  return decidedBy(policiesOf(name, surroundings)).has(direction);
}

const unreadableOf = memoize((configs: readonly ConfigView[]) =>
  policiesIn(configs).filter((policy) => policy.kind === 'Unreadable'),
);

function unreadableIn(name: string, surroundings: Surroundings): Cuts {
  return { ...nothing, unreadable: unreadableOf(policiesOf(name, surroundings)) };
}

/** Whether policies may have a say in what another namespace calls here, and in what this one calls there. */
function asked(name: string, surroundings: Surroundings, waypoint: Waypoint | undefined): readonly [boolean, boolean] {
  const home = surroundings.namespace.name;
  const [receives, sends] = [decides(home, 'Ingress', surroundings), decides(home, 'Egress', surroundings)];
  const into = receives || decides(name, 'Egress', surroundings) || (sends && waypoint !== undefined);
  const out = sends || decides(name, 'Ingress', surroundings);
  return [into && mayCall(name, home, surroundings), out && mayCall(home, name, surroundings)];
}

/** Pods here and elsewhere, of which some may call each other. */
interface Pair {
  readonly name: string;
  readonly into: boolean;
  readonly out: boolean;
  readonly own: readonly Place[] | undefined;
  readonly theirs: readonly Place[] | undefined;
}

function sizeOf({ own = [], theirs = [] }: Pair): number {
  return own.length * theirs.length;
}

function pairWith(name: string, surroundings: Surroundings, waypoint: Waypoint | undefined): Pair | undefined {
  const home = surroundings.namespace.name;
  const [into, out] = asked(name, surroundings, waypoint);
  if (!into && !out) return undefined;
  return { name, into, out, own: placesIn(home, name, surroundings), theirs: placesIn(name, home, surroundings) };
}

/** What of the calls between the namespace and another one. */
function withNeighbour(
  { name, into, out, own, theirs }: Pair,
  surroundings: Surroundings,
  waypoint: Waypoint | undefined,
  left: number,
): Compared {
  if (own === undefined || theirs === undefined) return { cuts: undefined, steps: 0 };
  const { namespace, route } = surroundings;
  const [ours, others] = [policiesOf(namespace.name, surroundings), policiesOf(name, surroundings)];
  const key = [route, into, out, waypoint?.key, usesWaypoint(name, surroundings)];
  const lists: Lists = { places: [own, theirs], policies: [readableIn(ours), readableIn(others)] };
  return compared(lists, key, { most: neighbourSteps, left }, () =>
    joined([
      ...(into ? [between({ callers: theirs, called: own, policies: [others, ours], waypoint })] : []),
      ...(out
        ? [
            between({ callers: own, called: theirs, policies: [ours, others] }),
            { ...nothing, legs: legsToOthers(own, theirs, name, surroundings) },
          ]
        : []),
    ]),
  );
}

function untoldOf({ name, out }: Pair, surroundings: Surroundings): Cuts {
  const matters = out || decides(name, 'Egress', surroundings) || standsIn(name, surroundings);
  return { ...nothing, untold: [{ name, matters }] };
}

/** Of namespaces that look, with whom the next look begins, where the last one has not come to all. */
const goesOnWith = new Recent<string | undefined>(1000);

/** The smallest first, but for those to whom the last look has not come. */
function inOrder(pairs: readonly Pair[], { namespace }: Surroundings): readonly Pair[] {
  const all = pairs.toSorted((one, other) => sizeOf(one) - sizeOf(other));
  const next = goesOnWith.get(namespace.name);
  const start =
    next === undefined
      ? 0
      : Math.max(
          0,
          all.findIndex(({ name }) => name === next),
        );
  return [...all.slice(start), ...all.slice(0, start)];
}

function withNeighbours(surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts {
  const names = everywhere(surroundings).filter((name) => name !== surroundings.namespace.name);
  const pairs = names.flatMap((name) => pairWith(name, surroundings, waypoint) ?? []);
  const found = new Map<Pair, Cuts>();
  let left = newSteps;
  let next: string | undefined;
  for (const pair of inOrder(pairs, surroundings)) {
    const { cuts, steps, later } = withNeighbour(pair, surroundings, waypoint, left);
    left -= steps;
    if (later === true) next ??= pair.name;
    found.set(pair, joined([unreadableIn(pair.name, surroundings), cuts ?? untoldOf(pair, surroundings)]));
  }
  goesOnWith.set(surroundings.namespace.name, next);
  return joined(pairs.map((pair) => found.get(pair) ?? nothing));
}

function withItself(surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts | undefined {
  const { namespace, route } = surroundings;
  const { name } = namespace;
  const policies = policiesOf(name, surroundings);
  if (policies.length === 0) return nothing;
  const own = placesIn(name, name, surroundings);
  if (own === undefined) return undefined;
  const lists: Lists = { places: [own, own], policies: [readableIn(policies), []] };
  const cuts = !mayCall(name, name, surroundings)
    ? nothing
    : compared(lists, [route, waypoint?.key], { most: ownSteps }, () =>
        between({ callers: own, called: own, policies: [policies, policies], waypoint }),
      ).cuts;
  return (
    cuts &&
    joined([
      unreadableIn(name, surroundings),
      ...(waypoint === undefined ? [] : [{ ...nothing, legs: legsOfItself(waypoint, surroundings) }]),
      cuts,
    ])
  );
}

/** What NetworkPolicies let through of the calls of a namespace now, and cut off or limit no more once it has moved. */
export const cutsOf: (surroundings: Surroundings) => Cuts = memoize((surroundings: Surroundings) => {
  if (surroundings.mesh.configs('NetworkPolicy').length === 0) return nothing;
  const waypoint = waypointOf(surroundings);
  const own = bounded(ownSteps, () => withItself(surroundings, waypoint));
  if (own.kind === 'TooLarge' || own.value === undefined) return { ...nothing, tooLarge: true };
  return joined([own.value, withNeighbours(surroundings, waypoint)]);
});
