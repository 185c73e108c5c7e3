import type { History, Move } from './history.ts';
import { play } from './play.ts';
import type { Violation } from './judge/judge.ts';

/** The promise that a violation breaks: what stands before the colon. */
export function promiseOf({ what }: Violation): string {
  return what.slice(0, what.indexOf(':'));
}

/**
 * The shortest history that was found to break the same promise: moves are left out one by one for as long as it still
 * does.
 */
export async function shrink(history: History, promise: string): Promise<History> {
  let smallest = history;
  for (const each of history.moves.toReversed()) {
    const without: History = { ...smallest, moves: smallest.moves.filter((other) => other !== each) };
    if (await breaks(without, promise)) smallest = without;
  }
  return smallest;
}

async function breaks(history: History, promise: string): Promise<boolean> {
  const { violations } = await play(history);
  return violations.some((each) => promiseOf(each) === promise);
}

/** A history in one line each move, to be read and to be put into a test. */
export function describe({ seed, ending, moves, isGated = false }: History): string {
  const line = ({ at, kind, name, dice, steps }: Move): string => {
    const late = steps === undefined ? '' : `, steps: ${String(steps)}`;
    return `  { at: ${String(at)}, kind: '${kind}', name: '${name}', dice: ${String(dice)}${late} },`;
  };
  return [`seed ${String(seed)}${isGated ? ' with gates' : ''}, then ${ending}`, ...moves.map(line)].join('\n');
}
