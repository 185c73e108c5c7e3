import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Direction, UnreadablePolicy } from '../../network-policy/types.ts';
import type { ConfigView } from '../../views.ts';
import { bounded, spend } from '../policy/effort.ts';
import { everywhere } from '../question.ts';
import { namespaceCallers } from '../waypoint/namespace-callers.ts';
import { alike, reachable } from './alike.ts';
import { directions, labelsAskedBy, policiesIn } from './ends.ts';
import { getsThrough, keptBetween, limitedBetween, lostBetween, type Limited, type Lost } from './lost.ts';
import { placesIn, type Place } from './places.ts';
import { comparing, isFree } from './sides.ts';
import { standsIn } from './standing.ts';
import {
  legsOf,
  legsOfItself,
  legsToOthers,
  usesWaypoint,
  waypointOf,
  type LostLeg,
  type Waypoint,
} from './waypoint-paths.ts';

/** What NetworkPolicies do to the calls of a namespace that moves. */
export interface Cuts {
  readonly lost: readonly Lost[];
  readonly legs: readonly LostLeg[];
  readonly limited: readonly Limited[];
  /** Ends of calls that go on out of ambient (`keyOfEnd`). */
  readonly kept: readonly string[];
  readonly unreadable: readonly UnreadablePolicy[];
  /** Other namespaces of which it takes too long to tell. */
  readonly untold: readonly Untold[];
  /** The same of the namespace itself. */
  readonly tooLarge?: true;
}

/** A namespace of which it takes too long to tell. */
export interface Untold {
  readonly name: string;
  /** Calls that somebody makes, as far as anybody knows, may be among those that it has to do with. */
  readonly matters: boolean;
}

const nothing: Cuts = { lost: [], legs: [], limited: [], kept: [], unreadable: [], untold: [] };

/**
 * Of the namespace itself, and of each other one: how many of these take long is for others to decide, and no one of
 * them may take what another one needs.
 */
const ownSteps = 1_000_000;
const neighbourSteps = 200_000;

function joined(all: readonly Cuts[]): Cuts {
  return {
    lost: all.flatMap(({ lost }) => lost),
    legs: all.flatMap(({ legs }) => legs),
    limited: all.flatMap(({ limited }) => limited),
    kept: all.flatMap(({ kept }) => kept),
    unreadable: all.flatMap(({ unreadable }) => unreadable),
    untold: all.flatMap(({ untold }) => untold),
  };
}

/** Whether a call of somebody who is in ambient then goes by the waypoint, which only those in ambient use. */
function isServed(caller: Place, called: Place, waypoint: Waypoint | undefined): waypoint is Waypoint {
  return waypoint?.serves(called) === true && caller.then === 'Ambient';
}

/** Most pairs are isolated by nothing. */
function mayMatter(caller: Place, called: Place, waypoint: Waypoint | undefined): boolean {
  return !isFree(caller, called) || isServed(caller, called, waypoint);
}

function ofCall(caller: Place, called: Place, waypoint: Waypoint | undefined): Cuts {
  const limited = limitedBetween(caller, called);
  if (!isServed(caller, called, waypoint))
    return { ...nothing, lost: lostBetween(caller, called), kept: keptBetween(caller, called), limited };
  return { ...nothing, legs: getsThrough(caller, called) ? legsOf(caller, called, waypoint) : [], limited };
}

function sizeOf({ lost, legs, limited, kept }: Cuts): number {
  return lost.length + legs.length + limited.length + kept.length;
}

/** Of places that are alike: what is true of one pair is true of all, so these are looked at only where it says anything. */
function ofAlike(callers: readonly Place[], called: readonly Place[], waypoint: Waypoint | undefined): Cuts {
  const ofPair = (caller: Place, each: Place): Cuts =>
    mayMatter(caller, each, waypoint) ? ofCall(caller, each, waypoint) : nothing;
  const [[first], [other]] = [callers, called];
  if (first === undefined || other === undefined || sizeOf(ofPair(first, other)) === 0) return nothing;
  spend(callers.length * called.length);
  return joined(callers.flatMap((caller) => called.map((each) => ofPair(caller, each))));
}

interface Ends {
  readonly callers: readonly Place[];
  readonly called: readonly Place[];
  /** NetworkPolicies of the namespace that calls, and of the one that is called. */
  readonly policies: readonly [readonly ConfigView[], readonly ConfigView[]];
  readonly waypoint?: Waypoint | undefined;
}

function between({ callers, called, policies: [theirs, own], waypoint }: Ends): Cuts {
  const [sending, receiving] = [reachable(callers, 'Egress', called), reachable(called, 'Ingress', callers)];
  const [out, inward] = [labelsAskedBy(theirs).Egress, labelsAskedBy(own).Ingress];
  // What comes from the waypoint is another caller, in the namespace of the called.
  const asked = new Set([...out, ...(waypoint === undefined ? [] : labelsAskedBy(own).Egress)]);
  const groups = alike(sending, 'Egress', new Set(inward), () => undefined);
  const others = alike(receiving, 'Ingress', asked, (place) => waypoint?.serves(place));
  spend(groups.length * others.length);
  return joined(groups.flatMap((some) => others.map((each) => ofAlike(some, each, waypoint))));
}

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

/** What was told of two lists of places, and by what else. */
interface Answer {
  readonly own: readonly Place[];
  readonly key: string;
  readonly cuts: Cuts | undefined;
}

/** Of how many others it is remembered what there is between them and one namespace, and what counts as much of that. */
const most = { Few: 64, Many: 4 } as const;
const many = 200;

/** What is much is remembered for fewer: there may be a line for each pair of pods. */
const answers = memoize((_theirs: readonly Place[]) => ({
  Few: new Recent<Answer>(most.Few),
  Many: new Recent<Answer>(most.Many),
}));

/**
 * Compares two lists of places once for as long as these are the same, and everything else that decides: who asks, what
 * of, and what for. What takes too long is remembered as well.
 */
function remembered(
  [own, theirs]: readonly [readonly Place[], readonly Place[]],
  [by, ...key]: readonly unknown[],
  limit: number,
  work: () => Cuts,
): Cuts | undefined {
  const [who, what] = [JSON.stringify(by), JSON.stringify(key)];
  const { Few: few, Many: much } = answers(theirs);
  const before = [few, much].map((each) => each.get(who)).find((each) => each?.own === own && each.key === what);
  if (before !== undefined) return before.cuts;
  const found = bounded(limit, () => comparing(work));
  const cuts = found.kind === 'Done' ? found.value : undefined;
  const isMuch = cuts !== undefined && sizeOf(cuts) > many;
  (isMuch ? much : few).set(who, { own, key: what, cuts });
  return cuts;
}

/** What of the calls between the namespace and another one. */
function withNeighbour(name: string, surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts {
  const { namespace, route } = surroundings;
  const home = namespace.name;
  const [into, out] = asked(name, surroundings, waypoint);
  if (!into && !out) return nothing;
  const [own, theirs] = [placesIn(home, name, surroundings), placesIn(name, home, surroundings)];
  const [ours, others] = [policiesOf(home, surroundings), policiesOf(name, surroundings)];
  const behind = usesWaypoint(name, surroundings);
  const cuts =
    own &&
    theirs &&
    remembered([own, theirs], [[home, route], into, out, waypoint?.key, behind], neighbourSteps, () =>
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
  const matters = out || decides(name, 'Egress', surroundings) || standsIn(name, surroundings);
  return joined([unreadableIn(name, surroundings), cuts ?? { ...nothing, untold: [{ name, matters }] }]);
}

function withNeighbours(surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts {
  const names = everywhere(surroundings).filter((name) => name !== surroundings.namespace.name);
  return joined(names.map((name) => withNeighbour(name, surroundings, waypoint)));
}

function withItself(surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts | undefined {
  const { namespace, route } = surroundings;
  const { name } = namespace;
  const policies = policiesOf(name, surroundings);
  if (policies.length === 0) return nothing;
  const own = placesIn(name, name, surroundings);
  if (own === undefined) return undefined;
  const cuts = !mayCall(name, name, surroundings)
    ? nothing
    : remembered([own, own], [[name, route], waypoint?.key], ownSteps, () =>
        between({ callers: own, called: own, policies: [policies, policies], waypoint }),
      );
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
