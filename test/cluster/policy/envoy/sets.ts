import type { Reading } from '../../../../src/requests/semantics.ts';
import { asSidecars } from '../../../../src/mesh/istio/policy/sidecar.ts';
import type { AuthorizationPolicy } from '../../../../src/mesh/istio/policy/types.ts';
import { record, type Json } from '../../../../src/mesh/json.ts';
import { stagePolicyOptions } from '../authorizers.ts';
import type { StageNode } from '../stage.ts';
import type { PolicySet } from './config.ts';

/** A set of policies as Envoy and as the model have it. */
export interface JudgedSet {
  readonly set: PolicySet;
  readonly policies: readonly AuthorizationPolicy[];
  readonly readings: readonly Reading[];
}

/** The rules in the HTTP filters of a sidecar, as istiod sent them, by name. */
export function sentRules(node: StageNode): ReadonlyMap<string, Json> {
  const chains = node.stream.listeners.get('virtualInbound') ?? [];
  const digests = new Set(
    chains.flatMap(({ filters }) => filters.filter(({ kind }) => kind === 'http').map(({ digest }) => digest)),
  );
  return new Map(
    [...digests].flatMap((digest) =>
      Object.entries(record(record(node.stream.filter(digest)['rules'])['policies'])).map(
        ([name, rule]) => [name, record(rule)] as const,
      ),
    ),
  );
}

/** The policies that decide, each alone and then three together. */
export function judgedSets(
  policies: readonly AuthorizationPolicy[],
  sent: ReadonlyMap<string, Json>,
): readonly JudgedSet[] {
  const deciding = policies.filter(({ action, dryRun }) => action !== 'AUDIT' && !dryRun);
  const groups = [
    ...deciding.map((policy) => [policy]),
    ...deciding.flatMap((policy, index) => (index % 3 === 2 ? [[...deciding.slice(index - 2, index), policy]] : [])),
  ];
  return groups.map((members, index) => ({
    set: { name: `set-${index}`, ...rulesOf('deny', members, sent), ...rulesOf('allow', members, sent) },
    policies: members,
    readings: asSidecars(members, 'http', stagePolicyOptions),
  }));
}

/** The filter that istiod would send if there were only these policies: it has the same rules, and fewer. */
function rulesOf(
  filter: 'deny' | 'allow',
  members: readonly AuthorizationPolicy[],
  sent: ReadonlyMap<string, Json>,
): Omit<PolicySet, 'name'> {
  const own = members
    .filter(({ action }) => (action === 'ALLOW' ? 'allow' : 'deny') === filter)
    .map(({ namespace, name }) => `ns[${namespace}]-policy[${name}]-rule[`);
  if (own.length === 0) return {};
  // The rules of CUSTOM policies have a prefix for their provider.
  const policies = Object.fromEntries([...sent].filter(([name]) => own.some((part) => name.includes(part))));
  return { [filter]: { action: filter.toUpperCase(), policies } };
}
