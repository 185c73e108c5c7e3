import type { NetworkPolicy } from '../../network-policy/types.ts';
import { nothing, type Cuts } from './compare.ts';
import type { Place } from './places.ts';

/*
 * What is remembered of two namespaces names nobody: pods and policies are numbers in the lists that were compared. So how long names are does not matter, and
 * pairs of namespaces of which the same is true share one text.
 */

/** The lists in which numbers count, one after the other. */
export interface Lists {
  readonly places: readonly [readonly Place[], readonly Place[]];
  readonly policies: readonly [readonly NetworkPolicy[], readonly NetworkPolicy[]];
}

type Part = 'lost' | 'legs' | 'limited' | 'kept';

/** As it is remembered, with each group of places once. */
interface Packed {
  readonly groups: readonly (readonly number[])[];
  readonly parts: Readonly<Record<Part, readonly Readonly<Record<string, unknown>>[]>>;
}

/** Fields that are groups of places. */
const groupFields: ReadonlySet<string> = new Set(['callers', 'called', 'others']);

function at<T>([first, second]: readonly [readonly T[], readonly T[]], index: unknown): T {
  const number = Number(index);
  const found = number < first.length ? first[number] : second[number - first.length];
  if (found === undefined) throw new Error(`nothing has the number ${number}`);
  return found;
}

function numberIn(numbers: ReadonlyMap<unknown, number>, value: unknown): number {
  const number = numbers.get(value);
  if (number === undefined) throw new Error('what is in neither list has no number');
  return number;
}

function numbered(lists: readonly (readonly object[])[]): ReadonlyMap<unknown, number> {
  return new Map(lists.flat().map((each, index) => [each, index]));
}

function mapped(
  row: Readonly<Record<string, unknown>>,
  of: (name: string, value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, of(name, value)]));
}

/** What was found, in few letters. */
export function pack({ lost, legs, limited, kept }: Cuts, { places, policies }: Lists): string {
  const [placed, named] = [numbered(places), numbered(policies)];
  const ends = numbered(places.map((list) => list.map(({ end }) => end)));
  const groups = new Map<readonly Place[], number>();
  const groupOf = (group: readonly Place[]): number => {
    const number = groups.get(group) ?? groups.size;
    groups.set(group, number);
    return number;
  };
  const field = (name: string, value: unknown): unknown => {
    if (groupFields.has(name)) return groupOf(value as readonly Place[]);
    if (name === 'policy') return numberIn(named, value);
    return name === 'waypoint' ? (ends.get(value) ?? value) : value;
  };
  const rows = (all: readonly object[]): Packed['parts'][Part] => all.map((each) => mapped({ ...each }, field));
  const parts = { lost: rows(lost), legs: rows(legs), limited: rows(limited), kept: rows(kept) };
  const numbers = [...groups.keys()].map((group) => group.map((each) => numberIn(placed, each)));
  return JSON.stringify({ groups: numbers, parts } satisfies Packed);
}

/** The same again, of the same lists. */
export function unpack(text: string, { places, policies }: Lists): Cuts {
  const { groups: numbers, parts } = JSON.parse(text) as Packed;
  const groups = numbers.map((group) => group.map((index) => at(places, index)));
  const field = (name: string, value: unknown): unknown => {
    if (groupFields.has(name)) return groups[Number(value)];
    if (name === 'policy') return at(policies, value);
    return name === 'waypoint' && typeof value === 'number' ? at(places, value).end : value;
  };
  const rows = (part: Part): readonly unknown[] => parts[part].map((row) => mapped(row, field));
  return {
    ...nothing,
    lost: rows('lost') as Cuts['lost'],
    legs: rows('legs') as Cuts['legs'],
    limited: rows('limited') as Cuts['limited'],
    kept: rows('kept') as Cuts['kept'],
  };
}
