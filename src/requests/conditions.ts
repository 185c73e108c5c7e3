import { spend } from '../base/effort.ts';
import type { Clause, Condition, FactMatcher, Literal, Matcher } from './semantics.ts';

/** Matches no request. */
export const never: Literal = { anyOf: [], negated: false };

/** Some matcher of the first list holds, and none of the second; an empty list says nothing. */
export function literals(anyOf: readonly Matcher[], noneOf: readonly Matcher[]): Clause {
  spend(anyOf.length + noneOf.length);
  return [
    ...(anyOf.length > 0 ? [{ anyOf, negated: false }] : []),
    ...(noneOf.length > 0 ? [{ anyOf: noneOf, negated: true }] : []),
  ];
}

/** As many literals are put into each clause of a list, all of these together; more are kept beside the list. */
const mostJoined = 256;

/** The condition as one literal. */
function asLiteral(condition: Condition): Literal {
  return { anyOf: [{ of: 'alternatives', clauses: condition }], negated: false };
}

/**
 * Holds if the clause holds and the condition does. Both are lists that somebody may make as long as he likes: beyond a
 * few they are not put into each other, or there would be as many literals as pairs.
 */
export function joined(condition: Condition, clause: Clause): Condition {
  if (clause.length === 0 || condition.length === 0) return condition;
  spend(condition.length / 8 + clause.length / 8);
  if (condition.length > 1 && condition.length * clause.length > mostJoined) return [[asLiteral(condition), ...clause]];
  return condition.map((each) => [...each, ...clause]);
}

/**
 * Holds if all the conditions hold. What has one clause only joins the others, as far as that is little; of several that
 * have more, each stays a list of alternatives: to take one clause of each in every way would be as many as their
 * product.
 */
export function all(conditions: readonly Condition[]): Condition {
  if (conditions.some((condition) => condition.length === 0)) return [];
  const several = conditions.filter((condition) => condition.length > 1);
  const beside = conditions.reduce(
    (sum, condition) => sum + (condition.length > 1 ? 0 : (condition[0]?.length ?? 0)),
    0,
  );
  const [only] = several;
  if (only !== undefined && several.length === 1 && only.length * beside <= mostJoined)
    return only.map((clause) =>
      conditions.flatMap((condition) => (condition === only ? clause : (condition[0] ?? []))),
    );
  return [
    conditions.flatMap((condition): Clause => (condition.length > 1 ? [asLiteral(condition)] : (condition[0] ?? []))),
  ];
}

/** Every fact that a condition asks about, as often as it does. */
export function factsOf(condition: Condition): readonly FactMatcher['of'][] {
  return condition
    .flat()
    .flatMap(({ anyOf }) =>
      anyOf.flatMap((matcher) => (matcher.of === 'alternatives' ? factsOf(matcher.clauses) : [matcher.of])),
    );
}

/**
 * The condition with each literal replaced, those of alternatives too; a literal without a replacement is left out, as
 * one that holds.
 */
export function mapLiterals(condition: Condition, change: (literal: Literal) => Literal | undefined): Condition {
  const within = (matcher: Matcher): Matcher =>
    matcher.of === 'alternatives' ? { ...matcher, clauses: mapLiterals(matcher.clauses, change) } : matcher;
  return condition.map((clause) =>
    clause.flatMap(({ anyOf, negated }) => change({ anyOf: anyOf.map(within), negated }) ?? []),
  );
}
