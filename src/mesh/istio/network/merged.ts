import { spend } from '../../../base/effort.ts';
import type { Cuts } from './compare.ts';
import type { Calling } from './lost.ts';
import type { Place } from './places.ts';

/*
 * Where a policy asks for a label that each application has, no two of them are alike, though the same is true of all. There may be a line for each pair of
 * pods then, in each pair of namespaces: so what differs in nothing but who calls, or who is called, is said once.
 */

/** Numbers for things, and one list for each set of places. */
class Numbers {
  readonly #known = new Map<unknown, number>();
  readonly #texts = new Map<readonly Place[], string>();
  readonly #lists = new Map<string, readonly Place[]>();

  of(thing: unknown): number {
    const number = this.#known.get(thing) ?? this.#known.size;
    this.#known.set(thing, number);
    return number;
  }

  text(list: readonly Place[]): string {
    const known = this.#texts.get(list);
    if (known !== undefined) return known;
    spend(list.length / 8);
    const text = list.map((each) => this.of(each)).join(',');
    this.#texts.set(list, text);
    return text;
  }

  together(all: readonly (readonly Place[])[]): readonly Place[] {
    const lists = [...new Set(all)];
    const key = lists.map((list) => this.text(list)).join(',');
    const list = this.#lists.get(key) ?? [...new Set(lists.flat())];
    this.#lists.set(key, list);
    return list;
  }
}

/** Rows that differ in one field alone, as one. */
function mergedBy<T extends object>(rows: readonly T[], field: keyof T, numbers: Numbers): readonly T[] {
  spend(rows.length / 4);
  const text = (name: string, value: unknown): unknown => {
    if (name === 'callers' || name === 'called') return numbers.text(value as readonly Place[]);
    return name === 'policy' || name === 'waypoint' ? numbers.of(value) : value;
  };
  const groups = Map.groupBy(rows, (row) =>
    JSON.stringify(Object.entries(row).map(([name, value]) => (name === field ? name : [name, text(name, value)]))),
  );
  return [...groups.values()].flatMap((all): readonly T[] => {
    const [first] = all;
    if (first === undefined || all.length === 1) return all;
    const places = all.map((row) => row[field] as readonly Place[]);
    return [{ ...first, [field]: numbers.together(places) }];
  });
}

/** The same of as few lines as it takes. */
export function merged({ lost, legs, limited, kept, ...more }: Cuts): Cuts {
  const numbers = new Numbers();
  const both = <T extends Calling>(rows: readonly T[]): readonly T[] =>
    mergedBy(mergedBy(rows, 'callers', numbers), 'called', numbers);
  return {
    ...more,
    lost: both(lost),
    legs: mergedBy(legs, 'others', numbers),
    limited: both(limited),
    kept: both(kept),
  };
}
