import type { UnreadablePolicy } from '../../network-policy/types.ts';
import type { ConfigView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { alike, reachable } from './alike.ts';
import { labelsAskedBy } from './ends.ts';
import {
  getsThrough,
  keptBetween,
  limitedBetween,
  lostBetween,
  type Calling,
  type Limited,
  type Lost,
} from './lost.ts';
import { merged } from './merged.ts';
import type { Place } from './places.ts';
import { isFree } from './sides.ts';
import { legsOf, type LostLeg, type Waypoint } from './waypoint-paths.ts';

/** What NetworkPolicies do to the calls of a namespace that moves. */
export interface Cuts {
  readonly lost: readonly Lost[];
  readonly legs: readonly LostLeg[];
  readonly limited: readonly Limited[];
  /** Calls that go on out of ambient. */
  readonly kept: readonly Calling[];
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

/** The waypoint of the called, and before whom it stands. */
interface Before {
  readonly waypoint: Waypoint;
  readonly served: ReadonlySet<Place>;
}

/** Whether a call of somebody who is in ambient then goes by the waypoint, which only those in ambient use. */
function isServed(caller: Place, called: Place, before: Before | undefined): before is Before {
  return before?.served.has(called) === true && caller.then === 'Ambient';
}

/** Most pairs are isolated by nothing. */
function mayMatter(caller: Place, called: Place, before: Before | undefined): boolean {
  return !isFree(caller, called) || isServed(caller, called, before);
}

function ofCall(caller: Place, called: Place, before: Before | undefined): Cuts {
  const limited = limitedBetween(caller, called);
  if (!isServed(caller, called, before))
    return { ...nothing, lost: lostBetween(caller, called), kept: keptBetween(caller, called), limited };
  return { ...nothing, legs: getsThrough(caller, called) ? legsOf(caller, called, before.waypoint) : [], limited };
}

/** Of places that are alike: what is true of one pair is true of all, so one is looked at, and said of all. */
function ofAlike(callers: readonly Place[], called: readonly Place[], before: Before | undefined): Cuts {
  const [[first], [other]] = [callers, called];
  if (first === undefined || other === undefined || !mayMatter(first, other, before)) return nothing;
  const { lost, legs, limited, kept } = ofCall(first, other, before);
  const ofAll = <T extends Calling>(one: T): T => ({ ...one, callers, called });
  return {
    ...nothing,
    lost: lost.map(ofAll),
    legs: legs.map((leg) => ({ ...leg, others: leg.leg === 'ToWaypoint' ? callers : called })),
    limited: limited.map(ofAll),
    kept: kept.map(ofAll),
  };
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
  const before = waypoint && { waypoint, served: waypoint.served(called) };
  const others = alike(receiving, 'Ingress', asked, (place) => before?.served.has(place));
  spend(groups.length * others.length);
  return merged(joined(groups.flatMap((some) => others.map((each) => ofAlike(some, each, before)))));
}
