import { seededRandom, type Random } from '../../src/base/random.ts';
import { actionNames } from './actions.ts';
import { below, pick } from './draw.ts';
import { faultNames } from './faults.ts';

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
}

/** How the story ends once the faults are over: which command has to lead to a state that nothing follows. */
export type Ending = 'Rollback' | 'RollbackEach' | 'Finalize' | 'Delete';

/** One run, complete: the same history gives the same run. */
export interface History {
  /** Of the world (`stage.ts`), of the scheduler and of the API server. */
  readonly seed: number;
  readonly ending: Ending;
  readonly moves: readonly Move[];
}

/** By when the last move has happened. A namespace that needs a waypoint is migrated within about a minute. */
const spanMs = 120_000;
const endings: readonly Ending[] = ['Rollback', 'Rollback', 'RollbackEach', 'Finalize', 'Delete'];

/** A history of at least eight actions and three faults. */
export function historyOf(seed: number): History {
  const random = seededRandom(seed * 7919 + 17);
  const actions = Array.from({ length: 8 + below(random, 5) }, (): Move => move(random, 'Action', actionNames));
  const faults = Array.from({ length: 3 + below(random, 3) }, (): Move => move(random, 'Fault', faultNames));
  const moves = [...actions, ...faults].sort((left, right) => left.at - right.at);
  return { seed, ending: pick(random, endings), moves };
}

/** By then a first migration is over, where nothing holds it: what happens earlier happens half-way. */
const movingMs = 12_000;

/** About as many steps as a way has there and back. */
const mostSteps = 24;

function move(random: Random, kind: Move['kind'], names: readonly string[]): Move {
  const isEarly = random() < 0.4;
  const at = below(random, isEarly ? movingMs : spanMs);
  const [name, dice] = [pick(random, names), below(random, 2 ** 31)];
  const waits = kind === 'Fault' && random() < 0.5;
  return { at, kind, name, dice, ...(waits && { steps: 1 + below(random, mostSteps) }) };
}
