import type { Condition } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { listed } from '../base/counted.ts';
import type { Route } from '../mesh/adapter.ts';
import { calmAt, calmMs, wayTo } from './calm.ts';
import type { Outcome, Situation } from './situation.ts';
import { leavesEarly, waitEnded } from './waits.ts';
import type { Walked } from './walk.ts';
import type { StalledReason } from './ways-out.ts';

type Waiting = Extract<Outcome, { kind: 'Wait' }>;

/** What is said of what holds a namespace, there and back: by that the next process knows of it. */
const told: Readonly<Record<'Forward' | 'Backward', readonly StalledReason[]>> = {
  Forward: ['HeldByFinding', 'WaitsForOthers'],
  Backward: ['RollbackStuck'],
};

/** By it this process knows that it has looked before: what is told by then, it has told. */
const looked = 'its way was looked at';

/** What another process has told of it last; undefined from the second look on. */
function toldBefore({ waits, object: { status } }: Situation): Pick<Condition, 'type' | 'reason'> | undefined {
  if (waits?.includes(looked) === true) return undefined;
  return status?.conditions?.find(({ type, status: is }) => type !== 'Ready' && is === 'True');
}

type Way = keyof typeof told;

function wayOf({ direction }: Pick<NamespaceMigrationStatus, 'direction'>): Way {
  return direction === 'Backward' ? 'Backward' : 'Forward';
}

const goes: Readonly<Record<Way, string>> = { Forward: 'it goes on', Backward: 'it goes back' };

function wasHeld(situation: Situation, way: Way): boolean {
  const last = toldBefore(situation);
  return last?.type === 'Stalled' && told[way].some((reason) => reason === last.reason);
}

function wasWaiting(situation: Situation): boolean {
  const last = toldBefore(situation);
  return last?.type === 'Reconciling' && last.reason === ('WaitsForOthers' satisfies StalledReason);
}

/** In the place of names: those for whom a process before this one waited. */
const somebody = '';

const goesFirst = ' goes first';

/**
 * Whether a namespace has done what others waited for, by what is seen in it: what only needs a policy that is away, or
 * a pod that is, has not.
 */
function isThrough({ adapter, surroundings: { mesh } }: Situation, { from, to }: Route, name: string): boolean {
  if (name === somebody) return false;
  const labels = mesh.labelsOf?.(name);
  if (labels === undefined) return true;
  const isOld = mesh.pods(name).some((pod) => !pod.terminating && adapter.modeOf(pod) === adapter.modeFor(from));
  return adapter.arrived({ from, to }, labels) && !isOld;
}

/** Namespaces that were waited for in the looks before this one, and have not gone. */
function stillToGo(situation: Situation, route: Route): readonly string[] {
  const names = (situation.waits ?? []).flatMap((wait) =>
    wait.endsWith(goesFirst) ? [wait.slice(0, -goesFirst.length)] : [],
  );
  const all = wasWaiting(situation) ? [...names, somebody] : names;
  return all.filter((name) => !isThrough(situation, route, name)).sort();
}

function routeOf({ spec: { from, to } }: Situation, { direction }: NamespaceMigrationStatus): Route {
  return direction === 'Backward' ? { from: to, to: from } : { from, to };
}

/** By when it counts that nobody has to go first who has not gone. */
function othersAt(
  situation: Situation,
  before: string,
  names: readonly string[],
  absent: readonly string[],
): number | undefined {
  if (names.length === 0 && absent.length === 0) return undefined;
  const obstacle = { before: `${before}, by others`, isThere: names.length > 0, wasThere: absent.length > 0 };
  const until = calmAt(situation, obstacle);
  for (const name of names) situation.waited(name + goesFirst);
  for (const name of absent) {
    if (until === undefined) waitEnded(situation, name + goesFirst);
    else situation.waited(name + goesFirst);
  }
  return until;
}

/** By when it counts that nothing holds it (`held`), and that nobody has to go first of those who are still `absent`. */
function goesOnAt(
  situation: Situation,
  status: NamespaceMigrationStatus,
  held: Waiting | undefined,
): { readonly held: number | undefined; readonly others: number | undefined; readonly absent: readonly string[] } {
  const way = wayOf(status);
  const before = goes[way];
  const names = held?.held ?? [];
  const absent = held === undefined ? stillToGo(situation, routeOf(situation, status)) : [];
  const others = othersAt(situation, before, names, absent);
  const isThere = held !== undefined && names.length === 0;
  const known = calmAt(situation, { before, isThere, wasThere: wasHeld(situation, way) });
  situation.waited(looked);
  return { held: known, others, absent };
}

/**
 * A look that has something else to do first says so by what it stores: what a process before this one has told of it is
 * kept for the next.
 */
export function notesHold(situation: Situation, status: Pick<NamespaceMigrationStatus, 'direction'>): void {
  const way = wayOf(status);
  if (wasHeld(situation, way)) situation.waited(wayTo(goes[way]));
  if (wasWaiting(situation)) situation.waited(somebody + goesFirst);
  situation.waited(looked);
}

function changes(outcome: Outcome): boolean {
  return outcome.kind === 'Announce' || (outcome.kind === 'Write' && outcome.urgent !== true);
}

function whoIsAbsent(absent: readonly string[]): string {
  const names = absent.filter((name) => name !== somebody);
  if (names.length === 0)
    return 'nobody has to go before it any more, and whether those have gone who had to is not known';
  return `nobody has to go before it any more, though ${listed(names)} ${names.length === 1 ? 'has' : 'have'} not gone`;
}

function message(isBack: boolean, isHeld: boolean, absent: readonly string[]): string {
  const gone = isHeld ? `nothing holds ${isBack ? 'the rollback' : 'it'} any more` : whoIsAbsent(absent);
  return `${gone}; it goes on when that has stayed so for ${calmMs / 1000}s`;
}

/**
 * What held a namespace may be away for a moment only, because somebody replaces it: a policy, and with it the need to
 * wait for callers. Until it counts as gone nothing is written, and what needs a person is told as before, so that the
 * next process knows of it. Those who were waited for and have gone are waited for no longer.
 *
 * Labels that protect and that somebody has taken away are put back at once (`urgent`). Safe: nothing is written or
 * begun; dying before or after, the next process waits anew. No deadline begins anew by it either: what comes and goes
 * would never be over.
 */
export function onceCalm(situation: Situation, before: NamespaceMigrationStatus, walked: Walked): Walked {
  const { outcome } = walked;
  const waiting = outcome.kind === 'Wait' && outcome.held !== undefined ? outcome : undefined;
  const { held, others, absent } = goesOnAt(situation, before, waiting);
  const until = Math.max(held ?? 0, others ?? 0);
  if (until === 0 || !changes(outcome)) return walked;
  leavesEarly(situation);
  const [isBack, isHeld] = [before.direction === 'Backward', held !== undefined];
  return {
    status: before,
    outcome: {
      kind: 'Wait',
      until,
      tells: until,
      parked: 'Waits',
      ...(isHeld ? { stuck: true, stalled: isBack ? 'RollbackStuck' : 'HeldByFinding' } : { held: absent }),
      message: message(isBack, isHeld, absent),
    },
  };
}
