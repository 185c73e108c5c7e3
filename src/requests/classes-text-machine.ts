import { pattern, runTakes, type PathMatch, type PatternItem, type RunOf } from './matches-text.ts';

/** One match as a chain of steps: take one character and go on, or take any number and stay. */
export interface Machine {
  readonly steps: readonly Step[];
  readonly ignoreCase: boolean;
}

/** One step of a machine. */
export interface Step {
  readonly takes: { readonly character: string } | { readonly run: RunOf };
  readonly stays: boolean;
}

/** Where each match that can still hold is in its chain, by the number of the match. */
export type State = readonly (readonly [number, readonly number[]])[];

/** The machine of a match. */
export function machine(match: PathMatch): Machine {
  return { steps: pattern(match).flatMap(steps), ignoreCase: 'ignoreCase' in match && match.ignoreCase };
}

/** All machines at their beginning. */
export function start(machines: readonly (readonly [number, Machine])[]): State {
  return machines.map(([number, one]) => [number, closure(one, [0])]);
}

/** The state after one more character. */
export function advance(state: State, machines: readonly Machine[], character: string): State {
  return state.flatMap(([number, places]): State => {
    const one = machines[number];
    if (one === undefined) return [];
    const next = places.flatMap((place) => {
      const step = one.steps[place];
      if (step === undefined || !takes(step, character, one.ignoreCase)) return [];
      return [step.stays ? place : place + 1];
    });
    return next.length === 0 ? [] : [[number, closure(one, next)]];
  });
}

/** For how many steps moving it on counts: of each match one, and one for each place besides the two of a `*`. */
export function widthOf(state: State): number {
  return state.reduce((sum, [, places]) => sum + Math.max(1, places.length - 1), 0);
}

/** The state as a text, equal for equal states. */
export function stateKey(state: State): string {
  return state.map(([number, places]) => `${number}:${places.join()}`).join(' ');
}

/** The characters that a machine waits for at these places. */
export function awaited(one: Machine | undefined, places: readonly number[]): readonly string[] {
  return one === undefined ? [] : places.flatMap((place) => characters(one.steps[place], one.ignoreCase));
}

/** Every character that a machine ever waits for. */
export function alphabet(one: Machine): readonly string[] {
  return one.steps.flatMap((step) => characters(step, one.ignoreCase));
}

function characters(step: Step | undefined, ignoreCase: boolean): readonly string[] {
  if (step === undefined || 'run' in step.takes) return [];
  const { character } = step.takes;
  return ignoreCase ? [character.toLowerCase(), character.toUpperCase()] : [character];
}

function steps(item: PatternItem): readonly Step[] {
  if (item.kind === 'Character') return [{ takes: { character: item.character }, stays: false }];
  const many: Step = { takes: { run: item.of }, stays: true };
  return item.atLeastOne ? [{ ...many, stays: false }, many] : [many];
}

/** A step that may take nothing is passed at once. What comes before one that takes any text adds nothing to it. */
function closure(one: Machine, places: readonly number[]): readonly number[] {
  if (places.every((place) => one.steps[place]?.stays !== true)) return places;
  const reached = new Set<number>();
  for (const place of places) {
    reached.add(place);
    // From a place that was reached before all after it were, too.
    for (let at = place; one.steps[at]?.stays === true && !reached.has(at + 1); at += 1) reached.add(at + 1);
  }
  const sorted = [...reached].sort((a, b) => a - b);
  const from = sorted.findLastIndex((place) => isAnything(one.steps[place]));
  return from > 0 ? sorted.slice(from) : sorted;
}

function isAnything(step: Step | undefined): boolean {
  return step?.stays === true && 'run' in step.takes && step.takes.run === 'Any';
}

function takes(step: Step, character: string, ignoreCase: boolean): boolean {
  if ('run' in step.takes) return runTakes(step.takes.run, character);
  return ignoreCase
    ? step.takes.character.toLowerCase() === character.toLowerCase()
    : step.takes.character === character;
}
