import { atOnce, Player } from './player.ts';
import { isGated } from './history.ts';
import { isWrongAtGates, wrongNames } from './wrong/operators.ts';

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
  /** How many histories one may get through. */
  readonly most: number;
  readonly jobs: number;
  /** The names of those that are tried. */
  readonly chosen: readonly string[];
  /** Is told of each that is over. */
  readonly told: (caught: Caught) => void;
}

/** Plays each wrong operator until a history catches it, or it has got through too many. */
export async function judgeTheJudge({ from, most, jobs, chosen, told }: Trial): Promise<readonly Caught[]> {
  const all = new Map<string, Caught>();
  await atOnce(jobs, chosen, async (name) => {
    const caught = await firstCaught(name, from, most);
    all.set(name, caught);
    told(caught);
  });
  return chosen.flatMap((name) => all.get(name) ?? []);
}

async function firstCaught(name: string, from: number, most: number): Promise<Caught> {
  const player = new Player(name);
  try {
    for (const seed of seedsFor(name, from, most)) {
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

/** Who is wrong about gates meets some in a world that has any, and nowhere else. */
function seedsFor(name: string, from: number, most: number): readonly number[] {
  const share = isWrongAtGates(name) ? 3 : 1;
  return Array.from({ length: most * share }, (_, index) => from + index).filter(
    (seed) => share === 1 || isGated(seed),
  );
}

/** More of a sentence nobody reads in a table. */
const longest = 140;

function rowOf({ name, after, what }: Caught): string {
  return `| ${name} | ${after === undefined ? '-' : String(after)} | ${what.slice(0, longest)} |`;
}

/** The table for docs/reliability.md; whoever was not tried has the row that he had there before. */
export function tableOf(all: readonly Caught[], before: string): string {
  const rows = wrongNames.flatMap((name) => {
    const caught = all.find((each) => each.name === name);
    if (caught !== undefined) return [rowOf(caught)];
    const known = before.split('\n').filter((line) => line.startsWith(`| ${name} |`));
    return before === '' || known.length > 0 ? known : [rowOf({ name, what: 'not tried in this run' })];
  });
  return ['| An operator that | is caught by history | which says |', '|---|---|---|', ...rows].join('\n');
}
