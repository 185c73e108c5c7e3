import { isHttpOnly, isKnownAttribute, isPermission, matcherOf, type AttributeContext } from './attribute.ts';
import { customUse, optionsFor, type CustomUse } from './authorizer.ts';
import { spend } from '../../../base/effort.ts';
import { all, joined, literals, mapLiterals, never } from '../../../requests/conditions.ts';
import { operationPredicates, sourcePredicates, whenPredicates, type Predicate } from './fields.ts';
import { asPseudoHeader } from './header.ts';
import { hasFeature } from './istio-version.ts';
import type { PolicyOptions } from './options.ts';
import { conditionsOnce, readingOnce } from './reading-once.ts';
import type { Protocol } from './protocol.ts';
import type { Clause, Condition, Literal, Matcher, Reading } from '../../../requests/semantics.ts';
import { storedSource } from './stored.ts';
import { expandTrustDomains } from './trust-domain.ts';
import type { AuthorizationPolicy, Rule } from './types.ts';

/*
 * What istiod makes of an AuthorizationPolicy for Envoy, in sidecars and in waypoints: istio/istio
 * pilot/pkg/security/authz/builder/builder.go (build) and pilot/pkg/security/authz/model/model.go (New, Generate).
 */

/** One policy of an Envoy RBAC filter: it matches if some permission and some principal do. */
export interface EnvoyRule {
  readonly name: string;
  readonly permissions: readonly Clause[];
  readonly principals: readonly Clause[];
}

/**
 * The RBAC policies that istiod generates for the rules of this policy, in their order and with the grouping of its
 * output: a clause is an `and`, a literal an `or` of its matchers, below a `not` if negated. A rule that istiod drops
 * has none.
 */
export function envoyRules(
  policy: AuthorizationPolicy,
  protocol: Protocol,
  options: PolicyOptions,
): readonly EnvoyRule[] {
  // An explicit policy that never matches, so that an ALLOW policy without rules refuses everything.
  if (policy.rules.length === 0) return [{ name: ruleName(policy, 0), permissions: [[never]], principals: [[never]] }];
  return policy.rules.flatMap((rule, index) => {
    const generated = envoyRule(rule, policy, protocol, options);
    return generated === undefined ? [] : [{ name: ruleName(policy, index), ...generated }];
  });
}

/**
 * What Envoy does with the policy, as the only one; undefined if it never decides: AUDIT and dry-run. But a dry-run
 * CUSTOM policy denies, because istiod puts it among the rules that its filter enforces (buildHTTP), and one with a
 * provider that istiod cannot use denies too.
 */
export function asSidecar(
  policy: AuthorizationPolicy,
  protocol: Protocol,
  options: PolicyOptions,
): Reading | undefined {
  return readingOnce(policy, options, protocol, () => readingOf(policy, protocol, options));
}

function readingOf(policy: AuthorizationPolicy, protocol: Protocol, options: PolicyOptions): Reading | undefined {
  const { namespace, name } = policy;
  const action = decidingAction(policy, protocol, options);
  if (action === undefined) return undefined;
  return {
    namespace,
    name,
    action,
    rules: conditionsOnce(policy, options, protocol, () => {
      spend(policy.rules.length);
      return policy.rules.map((rule) => conditionOf(envoyRule(rule, policy, protocol, options)));
    }),
  };
}

/**
 * What a proxy that reads all these policies does with them; CUSTOM policies of different providers spoil each other.
 */
export function asSidecars(
  policies: readonly AuthorizationPolicy[],
  protocol: Protocol,
  options: PolicyOptions,
): readonly Reading[] {
  const together = optionsFor(policies, options);
  return policies.flatMap((policy) => asSidecar(policy, protocol, together) ?? []);
}

function decidingAction(
  policy: AuthorizationPolicy,
  protocol: Protocol,
  options: PolicyOptions,
): Reading['action'] | undefined {
  switch (policy.action) {
    case 'AUDIT':
      return undefined;
    case 'ALLOW':
    case 'DENY':
      return policy.dryRun ? undefined : policy.action;
    case 'CUSTOM':
      return customAction(customUse(policy, protocol, options), policy.dryRun, options);
  }
}

/** Of a provider that cannot be used istiod forgets the dry runs, and refuses by the rest. */
function customAction(use: CustomUse, dryRun: boolean, { version }: PolicyOptions): 'CUSTOM' | 'DENY' | undefined {
  switch (use) {
    case 'Ignored':
      return undefined;
    case 'Refused':
      return dryRun ? undefined : 'DENY';
    case 'Asked':
      if (!dryRun) return 'CUSTOM';
      return hasFeature(version, 'customDryRunDenies') ? 'DENY' : undefined;
  }
}

function conditionOf(rule: Omit<EnvoyRule, 'name'> | undefined): Condition {
  if (rule === undefined) return [];
  return mapLiterals(all([rule.permissions, rule.principals]), (literal) => ({
    ...literal,
    anyOf: literal.anyOf.map(asPseudoHeader),
  }));
}

/** policyName in builder.go; for CUSTOM with the prefix by which the ext_authz filter finds it. */
function ruleName({ namespace, name, action, provider }: AuthorizationPolicy, index: number): string {
  const prefix =
    action === 'CUSTOM' ? `istio-ext-authz-${provider === undefined || provider === '' ? '' : `${provider}-`}` : '';
  return `${prefix}ns[${namespace}]-policy[${name}]-rule[${index}]`;
}

function envoyRule(
  rule: Rule,
  policy: AuthorizationPolicy,
  protocol: Protocol,
  options: PolicyOptions,
): Omit<EnvoyRule, 'name'> | undefined {
  const when = whenPredicates(rule.when);
  if (rule.when.some(({ key }) => !isKnownAttribute(key, options.version))) return undefined;
  const clauses = (
    parts: readonly (readonly Predicate[])[],
    conditions: readonly Predicate[],
  ): readonly Clause[] | undefined => {
    const each = complete(parts.map((part) => clauseOf(part, policy, protocol, options)));
    const ofAll = clauseOf(conditions, policy, protocol, options);
    return each && ofAll && joined(each.length === 0 ? [[]] : each, ofAll);
  };
  const permissions = clauses(
    rule.to.map(operationPredicates),
    when.filter(({ attribute }) => isPermission(attribute)),
  );
  const principals = clauses(
    rule.from.map((source) => sourcePredicates(storedSource(source, options.version))),
    when.filter(({ attribute }) => !isPermission(attribute)),
  );
  return permissions === undefined || principals === undefined ? undefined : { permissions, principals };
}

function clauseOf(
  predicates: readonly Predicate[],
  policy: AuthorizationPolicy,
  protocol: Protocol,
  options: PolicyOptions,
): Clause | undefined {
  return complete(predicates.map((predicate) => predicateLiterals(predicate, policy, protocol, options)))?.flat();
}

function predicateLiterals(
  { attribute, values, notValues }: Predicate,
  policy: AuthorizationPolicy,
  protocol: Protocol,
  options: PolicyOptions,
): readonly Literal[] | undefined {
  const context: AttributeContext = {
    namespace: policy.namespace,
    portSide: policy.targetRefs.length > 0 ? 'Service' : 'Workload',
  };
  const matchers = (list: readonly string[]): readonly Matcher[] | undefined => {
    const found = expandTrustDomains(attribute, list, options).map((value) =>
      protocol === 'tcp' && isHttpOnly(attribute) ? undefined : matcherOf(attribute, value, context),
    );
    // What cannot be generated drops the rule of an ALLOW policy; of the others only itself, which makes them match
    // more (checkError in model.go).
    return policy.action === 'ALLOW' ? complete(found) : found.filter((matcher) => matcher !== undefined);
  };
  const [anyOf, noneOf] = [matchers(values), matchers(notValues)];
  return anyOf === undefined || noneOf === undefined ? undefined : literals(anyOf, noneOf);
}

/** The list, if all its members are there. */
function complete<Member>(members: readonly (Member | undefined)[]): readonly Member[] | undefined {
  return members.every((member) => member !== undefined) ? members : undefined;
}
