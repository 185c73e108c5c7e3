import type { Clause, Condition, Literal, Matcher } from './semantics.ts';

/** Matches no request. */
export const never: Literal = { anyOf: [], negated: false };

/** Some matcher of the first list holds, and none of the second; an empty list says nothing. */
export function literals(anyOf: readonly Matcher[], noneOf: readonly Matcher[]): Clause {
  return [
    ...(anyOf.length > 0 ? [{ anyOf, negated: false }] : []),
    ...(noneOf.length > 0 ? [{ anyOf: noneOf, negated: true }] : []),
  ];
}

/** Holds if all the conditions hold: every way to take one clause of each. */
export function all(conditions: readonly Condition[]): Condition {
  return conditions.reduce<Condition>((product, condition) => product.flatMap((left) => condition.map((right) => [...left, ...right])), [[]]);
}
