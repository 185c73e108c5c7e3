import { memoize } from '../../base/memoize.ts';
import { entriesOf } from '../has-labels.ts';
import type { SelectorView } from '../views.ts';

/*
 * Whoever writes a policy may ask for as many labels and values as an object holds, and everybody's pods are asked. So what a selector asks is put in order
 * once, and a pod is asked no more than it has labels.
 */

/** What is asked of one label. */
interface Asked {
  readonly isNeeded: boolean;
  readonly isForbidden: boolean;
  readonly oneOf?: ReadonlySet<string>;
  readonly noneOf: ReadonlySet<string>;
}

interface InOrder {
  readonly asked: ReadonlyMap<string, Asked>;
  /** How many labels have to be there. */
  readonly needed: number;
}

type Expression = NonNullable<SelectorView['matchExpressions']>[number];

function expressionsOf({ matchLabels = {}, matchExpressions = [] }: SelectorView): readonly Expression[] {
  const labels = entriesOf(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  return [...labels, ...matchExpressions];
}

function together(all: readonly Expression[]): Asked {
  const by = (operator: string): readonly Expression[] => all.filter((each) => each.operator === operator);
  const [first, ...others] = by('In').map(({ values = [] }) => new Set(values));
  const oneOf = first && new Set([...first].filter((value) => others.every((each) => each.has(value))));
  return {
    isNeeded: oneOf !== undefined || by('Exists').length > 0,
    isForbidden: by('DoesNotExist').length > 0,
    ...(oneOf && { oneOf }),
    noneOf: new Set(by('NotIn').flatMap(({ values = [] }) => values)),
  };
}

const inOrder = memoize((selector: SelectorView): InOrder => {
  const byKey = Map.groupBy(expressionsOf(selector), ({ key }) => key);
  const asked = new Map([...byKey].map(([key, all]) => [key, together(all)]));
  return { asked, needed: [...asked.values()].filter(({ isNeeded }) => isNeeded).length };
});

function takes({ isForbidden, oneOf, noneOf }: Asked, value: string): boolean {
  return !isForbidden && oneOf?.has(value) !== false && !noneOf.has(value);
}

/** Whether labels satisfy a selector, as `selects` of `views.ts` says, however much it asks for. */
export function isSelected(selector: SelectorView, labels: Readonly<Record<string, string>>): boolean {
  const { asked, needed } = inOrder(selector);
  if (asked.size === 0) return true;
  let met = 0;
  for (const [key, value] of entriesOf(labels)) {
    const each = asked.get(key);
    if (each === undefined) continue;
    if (!takes(each, value)) return false;
    if (each.isNeeded) met += 1;
  }
  return met === needed;
}

/** Whether a selector asks for a value of some label that these have not. */
export function asksForMore(selector: SelectorView, labels: Readonly<Record<string, string>>): boolean {
  return [...inOrder(selector).asked].some(
    ([key, { oneOf }]) => oneOf !== undefined && !(Object.hasOwn(labels, key) && oneOf.has(labels[key] ?? '')),
  );
}
