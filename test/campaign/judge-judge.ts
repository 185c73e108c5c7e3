import { atOnce, Player } from './player.ts';
import { wrongNames } from './wrong/operators.ts';

/** By which history an operator was caught that is wrong on purpose, and what was said of it. */
export interface Caught {
  readonly name: string;
  /** Undefined when none did. */
  readonly after?: number;
  readonly what: string;
}

/** How the wrong operators are tried. */
export interface Trial {
  /** The first seed. */
  readonly from: number;
  /** One in so many of them is played. */
  readonly each: number;
  /** How many histories one may get through. */
  readonly most: number;
  readonly jobs: number;
  /** Part of a name; empty for all. */
  readonly only: string;
  /** Is told of each that is over. */
  readonly told: (caught: Caught) => void;
}

/** Plays each wrong operator until a history catches it, or it has got through too many. */
export async function judgeTheJudge({ from, each, most, jobs, only, told }: Trial): Promise<readonly Caught[]> {
  const all = new Map<string, Caught>();
  const chosen = wrongNames.filter((name) => name.includes(only));
  await atOnce(jobs, chosen, async (name) => {
    const caught = await firstCaught(name, { from, each, most });
    all.set(name, caught);
    told(caught);
  });
  return chosen.flatMap((name) => all.get(name) ?? []);
}

async function firstCaught(name: string, { from, each, most }: Pick<Trial, 'from' | 'each' | 'most'>): Promise<Caught> {
  const player = new Player(name);
  try {
    for (let tried = 0; tried < most; tried += 1) {
      const seed = from + tried * each;
      const answer = await player.play(seed);
      // That it falls is no promise that is broken: nobody is caught by it.
      if ('error' in answer) continue;
      const [first] = answer.outcome.violations;
      if (first !== undefined) return { name, after: seed, what: first.what.split('\n')[0] ?? '' };
    }
    return { name, what: `not in ${String(most)}` };
  } finally {
    await player.end();
  }
}

/** More of a sentence nobody reads in a table. */
const longest = 140;

/** The table for docs/reliability.md. */
export function tableOf(all: readonly Caught[]): string {
  const rows = all.map(
    ({ name, after, what }) => `| ${name} | ${after === undefined ? '-' : String(after)} | ${what.slice(0, longest)} |`,
  );
  return ['| An operator that | is caught by history | which says |', '|---|---|---|', ...rows].join('\n');
}
