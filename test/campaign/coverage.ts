import { actionNames } from './actions.ts';
import { faultNames } from './faults.ts';
import type { Outcome } from './play.ts';

/** What happened how often over many histories. */
export class Coverage {
  readonly #actions = new Map<string, number>(actionNames.map((name) => [name, 0]));
  readonly #faults = new Map<string, number>(faultNames.map((name) => [name, 0]));
  readonly #steps = new Map<string, number>();
  readonly #pairs = new Map<string, number>();
  #histories = 0;
  #writes = 0;

  add({ done, steps, afflicted, writes }: Outcome): void {
    this.#histories += 1;
    this.#writes += writes;
    for (const { kind, name } of done) increase(kind === 'Action' ? this.#actions : this.#faults, name);
    for (const step of steps) increase(this.#steps, step);
    for (const pair of afflicted) increase(this.#pairs, pair);
  }

  /** What never happened. */
  get empty(): readonly string[] {
    return [...this.#actions, ...this.#faults].filter(([, count]) => count === 0).map(([name]) => name);
  }

  /** Tables for docs/reliability.md. */
  markdown(): string {
    const faults = [...this.#faults.keys()];
    const steps = [...this.#steps.keys()].sort();
    const cell = (step: string, fault: string): string => String(this.#pairs.get(`${step} / ${fault}`) ?? 0);
    return [
      `${String(this.#histories)} histories, ${String(this.#writes)} writes of the operator.`,
      '',
      '| Action | Times |',
      '|---|---|',
      ...[...this.#actions].map(([name, count]) => `| ${name} | ${String(count)} |`),
      '',
      `| Step | Histories | ${faults.join(' | ')} |`,
      `|---|---|${faults.map(() => '---|').join('')}`,
      ...steps.map(
        (step) =>
          `| ${step} | ${String(this.#steps.get(step) ?? 0)} | ${faults.map((fault) => cell(step, fault)).join(' | ')} |`,
      ),
      `| in all | ${String(this.#histories)} | ${faults.map((fault) => String(this.#faults.get(fault) ?? 0)).join(' | ')} |`,
    ].join('\n');
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
