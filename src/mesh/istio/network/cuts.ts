import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Direction, UnreadablePolicy } from '../../network-policy/types.ts';
import { bounded, spend } from '../policy/effort.ts';
import { everywhere } from '../question.ts';
import { namespaceCallers } from '../waypoint/namespace-callers.ts';
import { policiesIn } from './ends.ts';
import { getsThrough, keptBetween, limitedBetween, lostBetween, type Limited, type Lost } from './lost.ts';
import { placesIn, type Place } from './places.ts';
import { isFree } from './sides.ts';
import { legsOf, legsOfItself, legsToOthers, waypointOf, type LostLeg, type Waypoint } from './waypoint-paths.ts';

/** What NetworkPolicies do to the calls of a namespace that moves. */
export interface Cuts {
  readonly lost: readonly Lost[];
  readonly legs: readonly LostLeg[];
  readonly limited: readonly Limited[];
  /** Ends of calls that go on out of ambient (`keyOfEnd`). */
  readonly kept: readonly string[];
  readonly unreadable: readonly UnreadablePolicy[];
  /** Other namespaces of which it takes too long to tell. */
  readonly untold: readonly string[];
  /** The same of the namespace itself. */
  readonly tooLarge?: true;
}

const nothing: Cuts = { lost: [], legs: [], limited: [], kept: [], unreadable: [], untold: [] };

/** Of the namespace itself; then of each other one, and of all of these. */
const ownSteps = 1_000_000;
const neighbourSteps = 200_000;
const allSteps = 1_000_000;

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

function between(callers: readonly Place[], called: readonly Place[], waypoint?: Waypoint): Cuts {
  const found: Cuts[] = [];
  for (const caller of callers) {
    spend(called.length);
    for (const each of called) {
      if (mayMatter(caller, each, waypoint)) found.push(ofCall(caller, each, waypoint));
    }
  }
  return joined(found);
}

function mayCall(caller: string, called: string, surroundings: Surroundings): boolean {
  const callers = namespaceCallers(called, surroundings);
  return callers.kind === 'Unknown' || callers.namespaces.includes(caller);
}

function policiesOf(name: string, { mesh }: Surroundings): ReturnType<typeof policiesIn> {
  return policiesIn(mesh.configs('NetworkPolicy', name));
}

/** Whether some policy of a namespace decides about a direction, or may. */
function decides(name: string, direction: Direction, surroundings: Surroundings): boolean {
  return policiesOf(name, surroundings).some(
    (policy) => policy.kind === 'Unreadable' || policy.rules[direction] !== undefined,
  );
}

function unreadableIn(name: string, surroundings: Surroundings): Cuts {
  return {
    ...nothing,
    unreadable: policiesOf(name, surroundings).filter((policy) => policy.kind === 'Unreadable'),
  };
}

/** Whether policies may have a say in what another namespace calls here, and in what this one calls there. */
function asked(name: string, surroundings: Surroundings, waypoint: Waypoint | undefined): readonly [boolean, boolean] {
  const home = surroundings.namespace.name;
  const [receives, sends] = [decides(home, 'Ingress', surroundings), decides(home, 'Egress', surroundings)];
  const into = receives || decides(name, 'Egress', surroundings) || (sends && waypoint !== undefined);
  const out = sends || decides(name, 'Ingress', surroundings);
  return [into && mayCall(name, home, surroundings), out && mayCall(home, name, surroundings)];
}

/** What of the calls between the namespace and another one. Undefined where it takes too long to tell. */
function withNeighbour(name: string, surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts | undefined {
  const home = surroundings.namespace.name;
  const [into, out] = asked(name, surroundings, waypoint);
  if (!into && !out) return nothing;
  const [own, theirs] = [placesIn(home, name, surroundings), placesIn(name, home, surroundings)];
  if (own === undefined || theirs === undefined) return undefined;
  return joined([
    unreadableIn(name, surroundings),
    ...(into ? [between(theirs, own, waypoint)] : []),
    ...(out ? [between(own, theirs), { ...nothing, legs: legsToOthers(own, theirs, name, surroundings) }] : []),
  ]);
}

function withNeighbours(surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts {
  const found: Cuts[] = [];
  let left = allSteps;
  for (const name of everywhere(surroundings)) {
    if (name === surroundings.namespace.name) continue;
    const limit = Math.min(left, neighbourSteps);
    const told = limit <= 0 ? undefined : bounded(limit, () => withNeighbour(name, surroundings, waypoint));
    left -= told?.kind === 'Done' ? told.steps : limit;
    const cuts = told?.kind === 'Done' ? told.value : undefined;
    found.push(cuts ?? { ...nothing, untold: [name] });
  }
  return joined(found);
}

function withItself(surroundings: Surroundings, waypoint: Waypoint | undefined): Cuts | undefined {
  const { name } = surroundings.namespace;
  if (policiesOf(name, surroundings).length === 0) return nothing;
  const own = placesIn(name, name, surroundings);
  if (own === undefined) return undefined;
  return joined([
    unreadableIn(name, surroundings),
    ...(waypoint === undefined ? [] : [{ ...nothing, legs: legsOfItself(waypoint, surroundings) }]),
    ...(mayCall(name, name, surroundings) ? [between(own, own, waypoint)] : []),
  ]);
}

/** What NetworkPolicies let through of the calls of a namespace now, and cut off or limit no more once it has moved. */
export const cutsOf: (surroundings: Surroundings) => Cuts = memoize((surroundings: Surroundings) => {
  if (surroundings.mesh.configs('NetworkPolicy').length === 0) return nothing;
  const waypoint = waypointOf(surroundings);
  const own = bounded(ownSteps, () => withItself(surroundings, waypoint));
  if (own.kind === 'TooLarge' || own.value === undefined) return { ...nothing, tooLarge: true };
  return joined([own.value, withNeighbours(surroundings, waypoint)]);
});
