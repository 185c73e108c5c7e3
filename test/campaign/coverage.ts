import { actionNames } from './actions.ts';
import { faultNames } from './faults.ts';
import { gateActionNames } from './gate-actions.ts';
import type { Outcome } from './play.ts';
import { allSteps } from './steps.ts';

/** Counts that can be written down and read again. */
export interface Tally {
  readonly histories: number;
  /** Seeds of the first and the last history of each run. */
  readonly runs: readonly (readonly [from: number, to: number])[];
  readonly writes: number;
  readonly violations: readonly string[];
  /** Single steps of the engine. */
  readonly engine: number;
  /** Namespaces that were begun. */
  readonly starts: number;
  readonly counts: Readonly<Record<Counted, Readonly<Record<string, number>>>>;
}

type Counted = 'actions' | 'faults' | 'steps' | 'pairs';

const nothing: Tally = {
  histories: 0,
  runs: [],
  writes: 0,
  violations: [],
  engine: 0,
  starts: 0,
  counts: { actions: {}, faults: {}, steps: {}, pairs: {} },
};

/** What happened how often over many histories. */
export class Coverage {
  readonly #counts: Readonly<Record<Counted, Map<string, number>>>;
  readonly #before: Tally;
  readonly #seeds: number[] = [];
  readonly #violations: string[] = [];
  #histories = 0;
  #writes = 0;
  #engine = 0;
  #starts = 0;

  /** Goes on from what was counted before. */
  constructor(before: Tally = nothing) {
    this.#before = before;
    const from = (kind: Counted): Map<string, number> => new Map(Object.entries(before.counts[kind]));
    this.#counts = { actions: from('actions'), faults: from('faults'), steps: from('steps'), pairs: from('pairs') };
  }

  add(seed: number, { done, steps, afflicted, writes, violations, starts }: Outcome): void {
    this.#histories += 1;
    this.#writes += writes;
    this.#starts += starts;
    this.#seeds.push(seed);
    this.#violations.push(...violations.map(({ what }) => `${String(seed)}: ${what}`));
    const { actions, faults } = this.#counts;
    for (const { kind, name } of done) increase(kind === 'Action' ? actions : faults, name);
    for (const step of steps) increase(this.#counts.steps, step);
    for (const pair of afflicted) increase(this.#counts.pairs, pair);
  }

  /** It threw: nothing else is known of it. */
  fell(seed: number): void {
    this.#violations.push(`${String(seed)}: threw`);
  }

  /** So many single steps of the engine, and what was wrong with some. */
  walked(steps: number, missteps: readonly string[]): void {
    this.#engine += steps;
    this.#violations.push(...missteps.map((what) => `engine: ${what}`));
  }

  tally(): Tally {
    const record = (kind: Counted): Readonly<Record<string, number>> => Object.fromEntries(this.#counts[kind]);
    const run = [Math.min(...this.#seeds), Math.max(...this.#seeds)] as const;
    return {
      histories: this.#before.histories + this.#histories,
      runs: [...this.#before.runs, ...(this.#seeds.length > 0 ? [run] : [])],
      writes: this.#before.writes + this.#writes,
      violations: [...this.#before.violations, ...this.#violations],
      engine: this.#before.engine + this.#engine,
      starts: this.#before.starts + this.#starts,
      counts: { actions: record('actions'), faults: record('faults'), steps: record('steps'), pairs: record('pairs') },
    };
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** What never happened: an action, a fault, a step, or a fault at a step. */
export function emptyIn({ counts: { actions, faults, steps, pairs } }: Tally): readonly string[] {
  const missing = (names: readonly string[], counts: Readonly<Record<string, number>>): readonly string[] =>
    names.filter((name) => (counts[name] ?? 0) === 0);
  return [
    ...missing([...actionNames, ...gateActionNames], actions),
    ...missing(faultNames, faults),
    ...missing(allSteps(), steps),
    ...missing(
      allSteps().flatMap((step) => faultNames.map((fault) => `${step} / ${fault}`)),
      pairs,
    ),
  ];
}

function row(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** As many as somebody reads. */
const mostNamed = 20;

function emptiness(empty: readonly string[]): string {
  if (empty.length === 0) return 'No cell is empty.';
  return empty.length > mostNamed ? `${String(empty.length)} cells are empty.` : `Empty: ${empty.join('; ')}.`;
}

/** What was played, in a sentence. */
function sumsOf({ histories, runs, writes, violations, engine, starts }: Tally): string {
  const seeds = runs.map(([from, to]) => `${String(from)} to ${String(to)}`).join(', ');
  const broken = new Set(violations.map((each) => each.split(':')[0])).size;
  return [
    `${String(histories)} histories (seeds ${seeds}) with ${String(writes)} writes of the operator that began ${String(starts)} namespaces`,
    `${String(engine)} single steps of the engine; ${String(broken)} with a violation`,
  ].join(', and ');
}

/** What was done about gates, for docs/reliability.md. */
export function gatesMarkdownOf(tally: Tally): string {
  const rows = gateActionNames.map((name) => row(name, tally.counts.actions[name] ?? 0));
  return [`${sumsOf(tally)}.`, '', row('Action', 'Times'), row('---', '---'), ...rows].join('\n');
}

/** Tables for docs/reliability.md. */
export function markdownOf(tally: Tally): string {
  const { counts } = tally;
  const empty = emptyIn(tally);
  const numbers = faultNames.map((_, index) => index + 1);
  const cells = (step: string): readonly number[] => faultNames.map((fault) => counts.pairs[`${step} / ${fault}`] ?? 0);
  return [
    `${sumsOf(tally)}. ${emptiness(empty)}`,
    '',
    row('Action', 'Times'),
    row('---', '---'),
    ...[...actionNames, ...gateActionNames].map((name) => row(name, counts.actions[name] ?? 0)),
    '',
    row('', 'Fault', 'Times'),
    row('---', '---', '---'),
    ...faultNames.map((name, index) => row(index + 1, name, counts.faults[name] ?? 0)),
    '',
    'How many histories came to each step, and in how many of them each fault (by its number above) began there:',
    '',
    row('Step', 'Histories', ...numbers),
    row('---', '---', ...numbers.map(() => '---')),
    ...allSteps().map((step) => row(step, counts.steps[step] ?? 0, ...cells(step))),
  ].join('\n');
}
