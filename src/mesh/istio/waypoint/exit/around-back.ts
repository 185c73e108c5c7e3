import { include } from '../../../../base/collected.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { stoodBefore } from '../../../made-since.ts';
import { mostHeldBefore } from '../../../others.ts';
import type { ConfigView } from '../../../views.ts';
import { dataplaneModeLabel } from '../../vocabulary/labels.ts';
import { anyAccount, byAccount } from '../by-account.ts';
import { markOfAround, markOfAsleep } from '../calls/mark.ts';
import { everywhere } from '../calls/question.ts';
import { nobodyWithSidecar, withSidecars, type WithSidecars } from '../calls/with-sidecars.ts';
import type { Callers } from '../callers.ts';
import { askedOf } from '../neighbour.ts';
import { callersBehind, namedAnywhere, type Behind } from './callers-behind.ts';
import { isExit } from './route.ts';
import { servedServices } from './served.ts';

/*
 * Out of sidecars pods go back behind their waypoint, and callers that still have sidecars go around it: on the way
 * there the called came first (MM092), so on the way back its callers do. Who had sidecars when the way began went
 * around it before, and is remembered: neither the age of a namespace nor what it says of itself tells when its pods
 * got theirs.
 */

/** A policy at the waypoint that somebody would not meet. */
export interface Around {
  readonly policy: ConfigView;
  /** Of the caller. */
  readonly namespace: string;
}

/** Of all callers of one namespace: nobody who is named is let past for want of time. */
const steps = 200_000;

/** Accounts, or `anyAccount`. */
type Accounts = ReadonlySet<string>;

/** Who has to leave sidecars in another namespace, if he calls. */
interface Leaving {
  /** What a migration has moved, or has left. */
  readonly moved: Accounts;
  /**
   * All the others that did not go around before: only as callers that somebody names. Anybody may make a namespace, and
   * a pod, and would keep everybody from his way back.
   */
  readonly strangers: Accounts;
}

const nobody: Accounts = new Set();

function isMoved(name: string, { scope }: Surroundings): boolean {
  return scope !== undefined && scope.wayBack(name) !== 'Stays';
}

/** Whether a migration has brought it back, as far as that can be told: what it has left there keeps its sidecar. */
function isBack(name: string, { scope, mesh }: Surroundings): boolean {
  return scope?.moves(name) === true && mesh.labelsOf?.(name)?.[dataplaneModeLabel] === 'ambient';
}

function isOfMigration(name: string, surroundings: Surroundings): boolean {
  return isMoved(name, surroundings) || isBack(name, surroundings);
}

function others(surroundings: Surroundings): readonly string[] {
  return everywhere(surroundings).filter((name) => name !== surroundings.namespace.name);
}

function thereIn(name: string, surroundings: Surroundings): WithSidecars {
  return askedOf(
    surroundings,
    name,
    (there) => withSidecars(there, undefined),
    () => nobodyWithSidecar,
  );
}

/** Whether a namespace was deleted, and made anew since the start: then who is remembered was in another one. */
function isMadeAnew(name: string, surroundings: Surroundings): boolean {
  const made = surroundings.mesh.madeAt?.(name);
  return made !== undefined && !stoodBefore(made, surroundings);
}

/** Without those that went around at the start already, or would have as soon as they woke. */
function newAmong(name: string, { accounts, awake }: WithSidecars, surroundings: Surroundings): Accounts {
  const { heldBefore } = surroundings;
  if (heldBefore === undefined || isMadeAnew(name, surroundings)) return accounts;
  if (heldBefore.has(markOfAround(name))) return nobody;
  const isOfBefore = (account: string): boolean =>
    heldBefore.has(markOfAround(name, account)) || (!awake.has(account) && heldBefore.has(markOfAsleep(name, account)));
  return new Set([...accounts].filter((account) => !isOfBefore(account)));
}

function leavingIn(name: string, surroundings: Surroundings): Leaving {
  const there = thereIn(name, surroundings);
  if (isMoved(name, surroundings)) return { moved: there.accounts, strangers: nobody };
  return {
    moved: isBack(name, surroundings) ? there.left : nobody,
    strangers: newAmong(name, there, surroundings),
  };
}

/** Whether some of the accounts is among callers in one namespace. */
function isAmong(accounts: Accounts, callers: ReadonlyMap<string, unknown>): boolean {
  if (accounts.size === 0) return false;
  spend(Math.min(accounts.size, callers.size) / 8);
  if (accounts.has(anyAccount) || callers.has(anyAccount)) return true;
  return accounts.size < callers.size
    ? [...accounts].some((account) => callers.has(account))
    : [...callers.keys()].some((account) => accounts.has(account));
}

/** What callers are named, by namespace and account, in namespaces in which somebody is. */
function namedIn(
  callers: Callers,
  inhabited: ReadonlySet<string>,
): readonly (readonly [string, ReadonlyMap<string, unknown>])[] {
  if (callers.kind === 'Unknown') return [];
  const named = byAccount(callers.callers);
  spend(1 + named.size / 4);
  return [...named].filter(([name]) => inhabited.has(name));
}

/** Namespaces that go around the waypoint of a Service, by who calls it: of callers that are the same asked once. */
function goingAround(surroundings: Surroundings): (callers: Callers) => readonly string[] {
  const inhabited = new Set(others(surroundings));
  const known = new Map<string, Leaving>();
  const leavingAt = (name: string): Leaving => {
    const leaving = known.get(name) ?? leavingIn(name, surroundings);
    known.set(name, leaving);
    return leaving;
  };
  const isLeaving = (name: string, accounts: ReadonlyMap<string, unknown>): boolean => {
    const { moved, strangers } = leavingAt(name);
    return isAmong(moved, accounts) || isAmong(strangers, accounts);
  };
  let all: readonly string[] | undefined;
  const moved = (): readonly string[] =>
    (all ??= [...inhabited].filter((name) => isOfMigration(name, surroundings) && leavingAt(name).moved.size > 0));
  return memoize((callers: Callers) =>
    callers.kind === 'Unknown'
      ? moved()
      : namedIn(callers, inhabited)
          .filter(([name, accounts]) => isLeaving(name, accounts))
          .map(([name]) => name)
          .sort(),
  );
}

/** Who would go around waypoints of the namespace if it went back behind them now, and did not before. */
export const aroundBack = memoize((surroundings: Surroundings): readonly Around[] => {
  const behind = callersBehind(surroundings);
  if (behind.length === 0) return [];
  const namesOf = goingAround(surroundings);
  const around = (all: readonly Behind[]): readonly Around[] =>
    all.flatMap(({ policy, callers }) => namesOf(callers).map((namespace) => ({ policy, namespace })));
  const found = bounded(steps, () => around(behind));
  return found.kind === 'Done' ? found.value : around(namedAnywhere(surroundings));
});

/** To make a mark. */
const stepsOfMark = 4;

/**
 * Who shares an account with pods that have none is remembered as long as he sleeps: nothing tells them apart afterwards.
 * Safe: E, whoever is not sure to go around waypoints gets no mark, and is waited for where he is named. Dying before the
 * marks are in the journal: asked again, as nothing was begun; after: they are never taken anew.
 */
function* marksIn(name: string, there: WithSidecars, named?: Accounts): Generator<string> {
  const { awake, asleep, without, whole } = there;
  for (const account of whole ? [undefined] : bothIn(new Set([...awake, ...asleep]), named)) {
    spend(stepsOfMark);
    const isSure = account === undefined || awake.has(account) || !without.has(account);
    yield isSure ? markOfAround(name, account) : markOfAsleep(name, account);
  }
}

/** Accounts that are named, by namespace: who calls many Services is asked once. */
function namedBehind(surroundings: Surroundings): ReadonlyMap<string, Accounts> {
  const lists = callersBehind(surroundings).flatMap(({ callers }) =>
    callers.kind === 'Unknown' ? [] : [callers.callers],
  );
  const found = new Map<string, Set<string>>();
  for (const callers of new Set(lists)) {
    spend(1 + callers.length / 8);
    for (const { namespace, serviceAccount = anyAccount } of callers) include(found, namespace, serviceAccount);
  }
  return found;
}

function bothIn(accounts: Accounts, named: Accounts | undefined): Accounts {
  if (named === undefined || named.has(anyAccount)) return accounts;
  const [few, many] = accounts.size < named.size ? [accounts, named] : [named, accounts];
  spend(few.size / 8);
  return new Set([...few].filter((account) => many.has(account)));
}

function* marksOfNamed(surroundings: Surroundings): Generator<string> {
  const inhabited = new Set(others(surroundings));
  for (const [name, named] of namedBehind(surroundings)) {
    if (!inhabited.has(name) || isMoved(name, surroundings)) continue;
    yield* marksIn(name, thereIn(name, surroundings), named);
  }
}

/** Marks of who goes around waypoints. */
interface AroundNow {
  readonly marks: readonly string[];
  /** Whether nobody is missing for want of time. */
  readonly complete: boolean;
}

/** What is not found within the steps for it is not remembered. */
function someOf(marks: Iterable<string>, most: number): AroundNow {
  const found = new Set<string>();
  const told = bounded(steps, () => {
    for (const mark of marks) {
      found.add(mark);
      if (found.size >= most) return;
    }
  });
  return { marks: [...found], complete: told.kind === 'Done' };
}

/**
 * Marks of callers that somebody names and that have sidecars at the start: they go around waypoints already. Not of what a
 * migration has moved, which can take it back. One more than there is room for says that there are too many.
 */
export const goAroundNow = memoize((surroundings: Surroundings): AroundNow =>
  someOf(marksOfNamed(surroundings), mostHeldBefore + 1),
);

/** So many of those are remembered whom nobody names yet: somebody may come to. */
const mostUnnamed = 150;

/** One of each, then the next of each. */
function* inTurn(all: readonly Generator<string>[]): Generator<string> {
  const left = new Set(all);
  while (left.size > 0)
    for (const each of left) {
      const next = each.next();
      if (next.done === true) left.delete(each);
      else yield next.value;
    }
}

function* marksOfUnnamed(name: string, surroundings: Surroundings, named: ReadonlySet<string>): Generator<string> {
  if (isMoved(name, surroundings)) return;
  for (const mark of marksIn(name, thereIn(name, surroundings))) if (!named.has(mark)) yield mark;
}

/** The same of all the others, namespace by namespace in turn: whoever has many accounts leaves room for the rest. */
export function othersAroundNow(surroundings: Surroundings): readonly string[] {
  if (!isExit(surroundings.route) || servedServices(surroundings).length === 0) return [];
  const named = new Set(goAroundNow(surroundings).marks);
  const each = others(surroundings).map((name) => marksOfUnnamed(name, surroundings, named));
  return someOf(inTurn(each), mostUnnamed).marks;
}
