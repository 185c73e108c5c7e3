import { spend } from '../../../base/effort.ts';
import { all, literals } from '../../../requests/conditions.ts';
import { sendsDryRun, type PolicyOptions } from './options.ts';
import { conditionsOnce, readingOnce } from './reading-once.ts';
import type { Clause, Condition, Matcher, Reading, TextMatch } from '../../../requests/semantics.ts';
import { storedSource } from './stored.ts';
import type { AuthorizationPolicy } from './types.ts';
import { groupOf } from './ztunnel-rule.ts';
import type { StringMatch, ZtunnelAuthorization, ZtunnelGroup, ZtunnelMatch } from './ztunnel-types.ts';

/*
 * What ztunnel gets of an AuthorizationPolicy (convertAuthorizationPolicy in istio/istio
 * pilot/pkg/serviceregistry/ambient/authorization.go) and how it evaluates that (istio/ztunnel src/rbac.rs).
 */

/** The resource that istiod sends for the policy; undefined if it sends none. */
export function ztunnelAuthorization(
  policy: AuthorizationPolicy,
  options: PolicyOptions,
): ZtunnelAuthorization | undefined {
  const { namespace, name, dryRun } = policy;
  const action = sentAction(policy, options);
  if (action === undefined) return undefined;
  return {
    name,
    namespace,
    scope: scopeOf(policy, options),
    action,
    groups: groupsOf(policy, options).filter((group) => group !== undefined),
    dryRun,
  };
}

/** Undefined if istiod sends nothing of it. */
function sentAction(
  { targetRefs, action, dryRun }: AuthorizationPolicy,
  options: PolicyOptions,
): ZtunnelAuthorization['action'] | undefined {
  if (targetRefs.length > 0 || (action !== 'ALLOW' && action !== 'DENY')) return undefined;
  return dryRun && !sendsDryRun(options) ? undefined : action;
}

/**
 * A selector makes it one of workloads, even a selector without labels; otherwise the root namespace stands for the
 * mesh.
 */
function scopeOf({ selector, namespace }: AuthorizationPolicy, options: PolicyOptions): ZtunnelAuthorization['scope'] {
  if (selector !== undefined) return 'WORKLOAD_SELECTOR';
  return namespace === options.rootNamespace ? 'GLOBAL' : 'NAMESPACE';
}

function groupsOf(
  { rules, action, namespace }: AuthorizationPolicy,
  { version }: PolicyOptions,
): readonly (ZtunnelGroup | undefined)[] {
  return rules.map((rule) =>
    groupOf({ ...rule, from: rule.from.map((source) => storedSource(source, version)) }, action === 'ALLOW', namespace),
  );
}

/** What ztunnel does with the policy; undefined if it has no part in any decision. */
export function asZtunnel(policy: AuthorizationPolicy, options: PolicyOptions): Reading | undefined {
  return readingOnce(policy, options, 'ztunnel', () => readingOf(policy, options));
}

function readingOf(policy: AuthorizationPolicy, options: PolicyOptions): Reading | undefined {
  const action = sentAction(policy, options);
  if (action === undefined || policy.dryRun) return undefined;
  return {
    namespace: policy.namespace,
    name: policy.name,
    action,
    rules: conditionsOnce(policy, options, 'ztunnel', () => {
      spend(policy.rules.length);
      return groupsOf(policy, options).map((group) => (group === undefined ? [] : groupCondition(group)));
    }),
  };
}

/** What ztunnel does with a resource, whatever it was made from. */
export function authorizationReading({ namespace, name, action, groups }: ZtunnelAuthorization): Reading {
  return { namespace, name, action, rules: groups.map(groupCondition) };
}

/**
 * All rules of a group have to hold, and of each rule one match; a rule without matches holds, and so does a group
 * without rules.
 */
function groupCondition({ rules }: ZtunnelGroup): Condition {
  return all(rules.map(({ matches }) => (matches.length === 0 ? [[]] : matches.flatMap(matchClauses))));
}

/** A match that asks about nothing is skipped: it never holds. */
function matchClauses(match: ZtunnelMatch): readonly Clause[] {
  const clause = [
    ...literals(addresses('destinationIp', match.destinationIps), addresses('destinationIp', match.notDestinationIps)),
    ...literals(addresses('sourceIp', match.sourceIps), addresses('sourceIp', match.notSourceIps)),
    ...literals(ports(match.destinationPorts), ports(match.notDestinationPorts)),
    ...literals(accounts(match.serviceAccounts), accounts(match.notServiceAccounts)),
    ...literals(texts('Principal', match.principals), texts('Principal', match.notPrincipals)),
    ...literals(texts('Namespace', match.namespaces), texts('Namespace', match.notNamespaces)),
  ];
  return clause.length === 0 ? [] : [clause];
}

function addresses(of: 'destinationIp' | 'sourceIp', list: ZtunnelMatch['sourceIps'] = []): readonly Matcher[] {
  return list.map(({ address, length }) => ({ of, block: `${address}/${length}` }));
}

function ports(list: readonly number[] = []): readonly Matcher[] {
  return list.map((port) => ({ of: 'port', side: 'Workload', port }));
}

function accounts(list: ZtunnelMatch['serviceAccounts'] = []): readonly Matcher[] {
  return list.map(({ namespace, serviceAccount }) => ({
    of: 'identity',
    part: 'ServiceAccount',
    namespace,
    name: serviceAccount,
  }));
}

function texts(part: 'Principal' | 'Namespace', list: readonly StringMatch[] = []): readonly Matcher[] {
  return list.map((match) => ({ of: 'identity', part, match: textOf(match) }));
}

function textOf(match: StringMatch): TextMatch {
  if ('presence' in match) return { kind: 'Present' };
  if ('prefix' in match) return { kind: 'Prefix', value: match.prefix };
  return 'suffix' in match ? { kind: 'Suffix', value: match.suffix } : { kind: 'Exact', value: match.exact };
}
