import { RequestSpaceTooLarge } from './boxes.ts';
import { spend } from '../base/effort.ts';
import type { TextKind } from './classes-text.ts';
import {
  advance,
  alphabet,
  awaited,
  machine,
  start,
  stateKey,
  widthOf,
  type Machine,
  type State,
} from './classes-text-machine.ts';
import { runTakes, type PathMatch } from './matches-text.ts';

/** More than so many steps of single matches are not made: some seconds. */
export const maximumSteps = 5_000_000;

/** Moving one match on by a character takes about as long as so many steps. */
const stepsOfMove = 4;

/** What is kept for each character of a match takes room for so many steps. */
const stepsOfCharacter = 40;

/** Texts that show everything that can be told apart: whole ones, and beginnings that any suffix may follow. */
export interface ReachableTexts {
  readonly whole: readonly string[];
  readonly open: readonly string[];
}

/**
 * A text for each set of matches that can hold together. All matches run side by side as automata over the same text,
 * breadth first, so that each set that can occur is met, by one of its shortest texts. From a state, characters that no
 * match waits for lead to the same place, so one of each kind is tried.
 *
 * A state is open if neither the characters of the suffixes that may be `appended` nor `joint`, which no value has,
 * lead out of it: whatever is appended, only those suffixes change. It is then one state, however far the suffixes had
 * come, since any character that leads out of it belongs to none of them.
 */
export function reachableTexts(
  kind: TextKind,
  matches: readonly PathMatch[],
  joint: string,
  appended: (match: PathMatch) => boolean,
  steps: number,
): ReachableTexts {
  spend(matches.reduce((length, match) => length + ('value' in match ? match.value.length : 1), 0) * stepsOfCharacter);
  const machines = matches.map(machine);
  const isAppended = matches.map(appended);
  const others = [...machines.entries()].filter(([number]) => isAppended[number] !== true);
  const suffixes = [...machines.entries()].filter(([number]) => isAppended[number] === true);
  const leading = leadersOut([joint, ...new Set(suffixes.flatMap(([, one]) => alphabet(one)))], machines);
  const beginning: Joint = { others: start(others), suffixes: start(suffixes), open: false };
  let made = 0;
  const openStates = new Map<string, boolean>();
  const seen = new Set<string>();
  const whole = new Map<string, string>();
  const open = new Map<string, string>();
  const queue: { readonly text: string; readonly state: Joint }[] = [{ text: '', state: beginning }];
  for (const { text, state } of queue) {
    if (state.open) keepFirst(open, accepting(state.others, machines), text + joint);
    else if (text !== '' || kind === 'Any')
      keepFirst(whole, accepting([...state.others, ...state.suffixes], machines), text);
    for (const character of nextCharacters(kind, text, state, machines)) {
      const moved = 1 + widthOf(state.others) + widthOf(state.suffixes);
      made += moved;
      spend(moved * stepsOfMove);
      if (made > steps)
        throw new RequestSpaceTooLarge(
          `${matches.length} patterns of one fact overlap in too many ways to compare them exactly`,
        );
      const other = advance(state.others, machines, character);
      const key = stateKey(other);
      const isOpen = openStates.get(key) ?? leading(other).every((one) => leadsBack(other, machines, one, key));
      openStates.set(key, isOpen);
      const after = {
        others: other,
        suffixes: isOpen ? beginning.suffixes : advance(state.suffixes, machines, character),
        open: isOpen,
      };
      const jointKey = `${key}|${stateKey(after.suffixes)}`;
      if (seen.has(jointKey)) continue;
      seen.add(jointKey);
      queue.push({ text: text + character, state: after });
    }
  }
  return { whole: [...whole.values()], open: [...open.values()] };
}

/** Whether a character leaves a state as it is. */
function leadsBack(state: State, machines: readonly Machine[], character: string, key: string): boolean {
  spend((1 + widthOf(state)) * stepsOfMove);
  return stateKey(advance(state, machines, character)) === key;
}

/** Characters that no run tells apart: those of a segment, what is between segments, and all others. */
const ofRuns: readonly ((character: string) => boolean)[] = [
  (character) => runTakes('PathSegment', character),
  (character) => character === '/',
  (character) => !runTakes('Path', character),
];

/**
 * Of many characters those that may lead out of a state: what a match waits for there, and of each kind one that none
 * waits for, because to runs all of a kind are the same. A suffix may have any number of them.
 */
function leadersOut(characters: readonly string[], machines: readonly Machine[]): (state: State) => readonly string[] {
  const all = new Set(characters);
  const byLower = Map.groupBy(all, (character) => character.toLowerCase());
  const kinds = ofRuns.map((isOfKind) => characters.filter(isOfKind));
  return (state) => {
    const waited = new Set(
      state
        .flatMap(([number, places]) => awaited(machines[number], places))
        .flatMap((character) => byLower.get(character.toLowerCase()) ?? []),
    );
    const others = kinds.flatMap((kind) => kind.find((character) => !waited.has(character)) ?? []);
    return [...waited, ...others];
  };
}

/** Where the matches are: suffixes apart from the others. */
interface Joint {
  readonly others: State;
  readonly suffixes: State;
  readonly open: boolean;
}

function accepting(state: State, machines: readonly Machine[]): string {
  return state
    .filter(([number, places]) => places.includes(machines[number]?.steps.length ?? -1))
    .map(([number]) => number)
    .join();
}

function keepFirst(texts: Map<string, string>, key: string, text: string): void {
  if (!texts.has(key)) texts.set(key, text);
}

/**
 * The characters that some match waits for, and of each kind (in a segment, `/`, elsewhere) one that none waits for.
 */
function nextCharacters(kind: TextKind, text: string, state: Joint, machines: readonly Machine[]): readonly string[] {
  if (kind === 'Path' && text === '') return ['/'];
  const waited = new Set(
    [...state.others, ...state.suffixes].flatMap(([number, places]) => awaited(machines[number], places)),
  );
  const others = ['xyzabcdefghijklmnopqrstuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~', '/', '=*|^"`<>[]#?'];
  const unawaited = others.flatMap(
    (characters) => Array.from(characters).find((character) => !waited.has(character)) ?? [],
  );
  return [...unawaited, ...waited].filter((character) => kind !== 'Segment' || character !== '/');
}
