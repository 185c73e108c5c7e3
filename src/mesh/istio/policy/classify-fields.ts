import { operationPredicates, sourcePredicates, whenPredicates, type Predicate } from './fields.ts';
import type { Operation, Rule, Source } from './types.ts';

function namesOf(predicates: readonly Predicate[]): readonly string[] {
  return predicates.flatMap(({ field, values, notField, notValues }) => [
    ...(values.length > 0 ? [field] : []),
    ...(notValues.length > 0 ? [notField] : []),
  ]);
}

/** The fields that the rule sets, each once; a condition is named by its key. */
export function fieldNames({ from, to, when }: Rule): readonly string[] {
  const names = [...from.map(sourcePredicates), ...to.map(operationPredicates), whenPredicates(when)].flatMap(namesOf);
  return [...new Set(names)];
}

function keepIn<Part extends Source | Operation>(part: Part, wanted: (name: string) => boolean): Part {
  return Object.fromEntries(
    Object.entries(part).map(([name, values]: [string, readonly string[]]) => [name, wanted(name) ? values : []]),
  ) as unknown as Part;
}

/** The rule with only some of its fields; elements of `from` and `to` that have none of them are left out. */
function keep({ from, to, when }: Rule, wanted: (name: string) => boolean): Rule {
  return {
    from: from.map((source) => keepIn(source, wanted)).filter((source) => sourcePredicates(source).length > 0),
    to: to
      .map((operation) => keepIn(operation, wanted))
      .filter((operation) => operationPredicates(operation).length > 0),
    when: when.filter(({ key }) => wanted(key)),
  };
}

/**
 * Which fields keep a rule from being exact: those that are not exact even alone; if there are none, those without
 * which it would be; if there are none either, all of them.
 */
export function causes(rule: Rule, isExact: (rule: Rule) => boolean): readonly string[] {
  const names = fieldNames(rule);
  const alone = names.filter((field) => !isExact(keep(rule, (name) => name === field)));
  if (alone.length > 0) return alone;
  const cured = names.filter((field) => isExact(keep(rule, (name) => name !== field)));
  return cured.length > 0 ? cured : names;
}
