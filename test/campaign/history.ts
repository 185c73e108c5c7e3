import { seededRandom, type Random } from '../../src/base/random.ts';
import { actionNames } from './actions.ts';
import { below, pick } from './draw.ts';
import { faultNames } from './faults.ts';
import { approving, gateActionNames, thawing } from './gate-actions.ts';
import { stageOf } from './stage.ts';
import { stepsOf } from './steps.ts';

/**
 * Something that happens to a migration. What exactly it hits is drawn from `dice` and from what is there at that
 * moment.
 */
export interface Move {
  /** Virtual milliseconds after the MeshMigration was created. */
  readonly at: number;
  readonly kind: 'Action' | 'Fault';
  readonly name: string;
  readonly dice: number;
  /** It happens when some namespace has gone so many steps from then on, instead of then. */
  readonly steps?: number;
  /** It happens when some namespace next gets to this step, `DIRECTION STEP`; at the latest when all else has. */
  readonly during?: string;
}

/** How the story ends once the faults are over: which command has to lead to a state that nothing follows. */
export type Ending = 'Rollback' | 'RollbackEach' | 'Finalize' | 'Delete';

/** One run, complete: the same history gives the same run. */
export interface History {
  /** Of the world (`stage.ts`), of the scheduler and of the API server. */
  readonly seed: number;
  /** Whether the world has waves, windows or approvals. */
  readonly isGated?: boolean;
  readonly ending: Ending;
  readonly moves: readonly Move[];
}

/** By when the last move has happened. A namespace that needs a waypoint is migrated within about a minute. */
const spanMs = 120_000;
const endings: readonly Ending[] = ['Rollback', 'Rollback', 'RollbackEach', 'Finalize', 'Delete'];

/** Commands by which all goes back while it is still on its way, or soon after it has arrived. */
const commandsBack = ['spec.action Rollback', 'phase RollingBack of all', 'phase RollingBack'] as const;

/** By then a first migration is over, where nothing holds it: what happens earlier happens half-way. */
const movingMs = 12_000;

/** About as many steps as a way has there and back. */
const mostSteps = 24;

/** Whether the world of a seed has gates: those of one seed in three have. All others are as they would be without. */
export function isGated(seed: number): boolean {
  return seed % 3 === 2;
}

/**
 * A history of at least eight actions and three faults. Half of the faults are aimed at a step of the way; where that is
 * one of the way back, somebody gives a command that leads there. Where the world has gates, a few more actions are
 * about these, and every other one has no faults.
 */
export function historyOf(seed: number): History {
  const open = openHistoryOf(seed);
  if (!isGated(seed)) return open;
  const { gates } = stageOf(seed, true);
  const random = seededRandom(seed * 32_452_843 + 29);
  const approvals = gates?.approval === undefined ? [] : Array.from({ length: 2 }, () => approval(random));
  const others = Array.from({ length: 3 + below(random, 3) }, (): Move => action(random, gateActionNames));
  // What waits for people and the clock alone is judged by seconds where nothing else can be the reason.
  const kept = random() < 0.5 ? open.moves : open.moves.filter(({ kind }) => kind === 'Action');
  const thaw = gates?.isFrozen === true ? [thawed(random)] : [];
  const moves = [...kept, ...approvals, ...others, ...thaw].sort((left, right) => left.at - right.at);
  return { ...open, isGated: true, moves };
}

/** Most people approve sooner or later, or there would be nothing to see. */
function approval(random: Random): Move {
  return { at: 2000 + below(random, movingMs * 3), kind: 'Action', name: approving, dice: diceOf(random) };
}

/** Until then approvals come, and windows open, in vain. */
function thawed(random: Random): Move {
  return { at: movingMs + below(random, spanMs / 2), kind: 'Action', name: thawing, dice: diceOf(random) };
}

/** The same where no world has gates. */
export function openHistoryOf(seed: number): History {
  const random = seededRandom(seed * 7919 + 17);
  const way = stepsOf(stageOf(seed));
  const aims = random() < 0.5 ? way.there : way.back;
  const actions = Array.from({ length: 8 + below(random, 5) }, (): Move => action(random, actionNames));
  const faults = Array.from({ length: 3 + below(random, 3) }, (): Move => fault(random, aims));
  const command = faults.some(({ during }) => during?.startsWith('Backward')) ? [wayBack(random)] : [];
  const moves = [...actions, ...faults, ...command].sort((left, right) => left.at - right.at);
  return { seed, ending: pick(random, endings), moves };
}

function action(random: Random, names: readonly string[]): Move {
  return { at: timeOf(random), kind: 'Action', name: pick(random, names), dice: diceOf(random) };
}

/** A fault that waits for a step waits from the beginning on, or nobody would get to it any more. */
function fault(random: Random, aims: readonly string[]): Move {
  const [at, name, dice, how] = [timeOf(random), pick(random, faultNames), diceOf(random), random()];
  if (how < 0.6) return { at: below(random, 1000), kind: 'Fault', name, dice, during: pick(random, aims) };
  return { at, kind: 'Fault', name, dice, ...(how < 0.8 && { steps: 1 + below(random, mostSteps) }) };
}

function wayBack(random: Random): Move {
  const at = movingMs + below(random, spanMs / 2);
  return { at, kind: 'Action', name: pick(random, commandsBack), dice: diceOf(random) };
}

function timeOf(random: Random): number {
  return below(random, random() < 0.4 ? movingMs : spanMs);
}

function diceOf(random: Random): number {
  return below(random, 2 ** 31);
}
