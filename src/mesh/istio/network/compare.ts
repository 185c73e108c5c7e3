import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import type { UnreadablePolicy } from '../../network-policy/types.ts';
import type { ConfigView } from '../../views.ts';
import { bounded, spend } from '../policy/effort.ts';
import { alike, reachable } from './alike.ts';
import { labelsAskedBy } from './ends.ts';
import { getsThrough, keptBetween, limitedBetween, lostBetween, type Limited, type Lost } from './lost.ts';
import type { Place } from './places.ts';
import { comparing, isFree } from './sides.ts';
import { legsOf, type LostLeg, type Waypoint } from './waypoint-paths.ts';

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

/** Nobody is cut off. */
export const nothing: Cuts = { lost: [], legs: [], limited: [], kept: [], unreadable: [], untold: [] };

/** What is so of several parts together. */
export function joined(all: readonly Cuts[]): Cuts {
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

/** Both ends of some calls. */
export interface Ends {
  readonly callers: readonly Place[];
  readonly called: readonly Place[];
  /** NetworkPolicies of the namespace that calls, and of the one that is called. */
  readonly policies: readonly [readonly ConfigView[], readonly ConfigView[]];
  readonly waypoint?: Waypoint | undefined;
}

/** What of all calls between the pods of one namespace and those of another, or of its own. */
export function between({ callers, called, policies: [theirs, own], waypoint }: Ends): Cuts {
  const [sending, receiving] = [reachable(callers, 'Egress', called), reachable(called, 'Ingress', callers)];
  const [out, inward] = [labelsAskedBy(theirs).Egress, labelsAskedBy(own).Ingress];
  // What comes from the waypoint is another caller, in the namespace of the called.
  const asked = new Set([...out, ...(waypoint === undefined ? [] : labelsAskedBy(own).Egress)]);
  const groups = alike(sending, 'Egress', new Set(inward), () => undefined);
  const others = alike(receiving, 'Ingress', asked, (place) => waypoint?.serves(place));
  spend(groups.length * others.length);
  return joined(groups.flatMap((some) => others.map((each) => ofAlike(some, each, waypoint))));
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

/** What came of it, and the new steps that it took. */
export interface Compared {
  /** Undefined where it takes too long. */
  readonly cuts: Cuts | undefined;
  readonly steps: number;
}

/**
 * Compares two lists of places once for as long as these are the same, and everything else that decides: who asks, what
 * of, and what for. What takes more steps than it may ever take is remembered as well; with fewer `left` it may be told
 * the next time.
 */
export function compared(
  [own, theirs]: readonly [readonly Place[], readonly Place[]],
  [by, ...key]: readonly unknown[],
  { most: limit, left = limit }: { readonly most: number; readonly left?: number },
  work: () => Cuts,
): Compared {
  const [who, what] = [JSON.stringify(by), JSON.stringify(key)];
  const { Few: few, Many: much } = answers(theirs);
  const before = [few, much].map((each) => each.get(who)).find((each) => each?.own === own && each.key === what);
  if (before !== undefined) return { cuts: before.cuts, steps: 0 };
  const allowed = Math.min(limit, left);
  if (allowed <= 0) return { cuts: undefined, steps: 0 };
  const found = bounded(allowed, () => comparing(work));
  if (found.kind === 'TooLarge' && allowed < limit) return { cuts: undefined, steps: allowed };
  const { value: cuts, steps } = found.kind === 'Done' ? found : { value: undefined, steps: allowed };
  const isMuch = cuts !== undefined && sizeOf(cuts) > many;
  (isMuch ? much : few).set(who, { own, key: what, cuts });
  return { cuts, steps };
}
