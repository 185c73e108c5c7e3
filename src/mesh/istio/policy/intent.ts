import { matcherOf, type AttributeContext } from './attribute.ts';
import { all, literals } from '../../../requests/conditions.ts';
import { operationPredicates, sourcePredicates, whenPredicates, type Predicate } from './fields.ts';
import { asPseudoHeader } from './header.ts';
import type { PolicyOptions } from './options.ts';
import type { Clause, Condition, Matcher, Reading, TextMatch } from '../../../requests/semantics.ts';
import { textMatch } from '../../../requests/text-match.ts';
import { expandTrustDomains } from './trust-domain.ts';
import type { AuthorizationPolicy, Rule } from './types.ts';

/*
 * What the author of an AuthorizationPolicy asked for, by the documentation of its fields (istio/api
 * security/v1beta1/authorization_policy.proto): a rule matches if some `from`, some `to` and every `when` do; fields of an element
 * are AND-ed, values of a field OR-ed.
 */

/** What the policy would do if every field did what its documentation says; undefined if it is to decide nothing. */
export function asIntended(policy: AuthorizationPolicy, options: PolicyOptions): Reading | undefined {
  const { namespace, name, action, dryRun, rules } = policy;
  return action === 'AUDIT' || dryRun
    ? undefined
    : { namespace, name, action, rules: rules.map((rule) => intendedCondition(rule, policy, options)) };
}

function intendedCondition(rule: Rule, policy: AuthorizationPolicy, options: PolicyOptions): Condition {
  const context: AttributeContext = {
    namespace: policy.namespace,
    portSide: policy.targetRefs.length > 0 ? 'Service' : 'Workload',
  };
  const clause = (predicates: readonly Predicate[]): Clause =>
    predicates.flatMap((predicate) => predicateClause(predicate, context, options));
  const some = (parts: readonly (readonly Predicate[])[]): Condition => (parts.length === 0 ? [[]] : parts.map(clause));
  return all([
    some(rule.from.map(sourcePredicates)),
    some(rule.to.map(operationPredicates)),
    [clause(whenPredicates(rule.when))],
  ]);
}

/** A value that nothing can have, such as a port that is no number, restricts the field without matching anything. */
function predicateClause(
  { attribute, values, notValues }: Predicate,
  context: AttributeContext,
  options: PolicyOptions,
): Clause {
  const matchers = (list: readonly string[]): readonly Matcher[] =>
    expandTrustDomains(attribute, list, options)
      .map((value) => intended(attribute, value, context))
      .filter((matcher) => matcher !== undefined);
  const clause = literals(matchers(values), matchers(notValues));
  const impossible = values.length > 0 && matchers(values).length === 0;
  return impossible ? [{ anyOf: [], negated: false }, ...clause] : clause;
}

/**
 * istiod's own reading, but a namespace pattern means the namespace only. An attribute that does not exist has no
 * value.
 */
function intended(attribute: string, value: string, context: AttributeContext): Matcher | undefined {
  if (attribute === 'source.namespace') return { of: 'identity', part: 'Namespace', match: namespaceMatch(value) };
  const matcher = matcherOf(attribute, value, context);
  return matcher === undefined ? undefined : asPseudoHeader(matcher);
}

/** A `*` amid a namespace, or a second one, is a wildcard to sidecars: who wrote it means that. */
function namespaceMatch(value: string): TextMatch {
  const inner = value.slice(1, -1).includes('*') || (value.length > 1 && value.startsWith('*') && value.endsWith('*'));
  return inner ? { kind: 'Glob', value } : textMatch(value);
}
