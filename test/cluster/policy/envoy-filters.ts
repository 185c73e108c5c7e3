import { customUse, optionsFor, providersOf } from '../../../src/mesh/istio/policy/authorizer.ts';
import type { Protocol } from '../../../src/mesh/istio/policy/protocol.ts';
import { envoyRules } from '../../../src/mesh/istio/policy/sidecar.ts';
import type { AuthorizationPolicy } from '../../../src/mesh/istio/policy/types.ts';
import { record, type Json } from '../../../src/mesh/json.ts';
import { stagePolicyOptions } from './authorizers.ts';
import { canonicalRule } from './canonical-rbac.ts';
import { renderRule, type IdentitySource } from './render-rbac.ts';

/** The rules of one filter, by name, in canonical form. */
export interface FilterRules {
  readonly action: string;
  readonly rules: ReadonlyMap<string, string>;
}

/** An RBAC filter. What is only evaluated and never enforced is `shadow`. */
export interface RbacFilter {
  readonly enforced?: FilterRules;
  readonly shadow?: FilterRules;
}

/** A filter as istiod sent it. */
export function readFilter(config: Json): RbacFilter {
  return { ...part('enforced', config['rules']), ...part('shadow', config['shadowRules']) };
}

function part(name: 'enforced' | 'shadow', rules: unknown): RbacFilter {
  if (rules === undefined) return {};
  const { action = 'ALLOW', policies } = record(rules);
  return {
    [name]: {
      action: String(action),
      rules: new Map(Object.entries(record(policies)).map(([key, rule]) => [key, canonicalRule(record(rule))])),
    },
  };
}

/**
 * The filters of one chain as the model has them, in their order: AUDIT, DENY, ALLOW behind those of CUSTOM
 * (builder.go).
 */
export class FilterModel {
  readonly #rendered = new Map<string, ReadonlyMap<string, string>>();

  /** For policies that one proxy reads, oldest first. */
  filters(
    policies: readonly AuthorizationPolicy[],
    protocol: Protocol,
    identity: IdentitySource,
  ): readonly RbacFilter[] {
    const of = (action: AuthorizationPolicy['action']): readonly AuthorizationPolicy[] =>
      policies.filter((policy) => policy.action === action);
    const local = (['AUDIT', 'DENY', 'ALLOW'] as const)
      .map((action) => ({ action: action === 'AUDIT' ? 'LOG' : action, list: of(action) }))
      .filter(({ list }) => list.length > 0);
    return [
      ...this.#custom(of('CUSTOM'), protocol, identity),
      ...local.map(({ action, list }) => ({
        ...this.#part(
          'enforced',
          action,
          list.filter(({ dryRun }) => !dryRun),
          protocol,
          identity,
        ),
        ...this.#part(
          'shadow',
          action,
          list.filter(({ dryRun }) => dryRun),
          protocol,
          identity,
        ),
      })),
    ];
  }

  #part(
    name: 'enforced' | 'shadow',
    action: string,
    list: readonly AuthorizationPolicy[],
    protocol: Protocol,
    identity: IdentitySource,
  ): RbacFilter {
    if (list.length === 0) return {};
    return {
      [name]: { action, rules: new Map(list.flatMap((policy) => [...this.#rules(policy, protocol, identity)])) },
    };
  }

  /**
   * A filter for each provider: one that refuses, and forgets dry runs, or one that evaluates for the authorizer, and
   * enforces dry runs.
   */
  #custom(list: readonly AuthorizationPolicy[], protocol: Protocol, identity: IdentitySource): readonly RbacFilter[] {
    const options = optionsFor(list, stagePolicyOptions);
    return providersOf(list).flatMap((provider): readonly RbacFilter[] => {
      const own = list.filter((policy) => (policy.provider ?? '') === provider);
      const rules = (dryRun: boolean): readonly (readonly [string, string])[] =>
        own
          .filter((policy) => policy.dryRun === dryRun)
          .flatMap((policy) => [...this.#rules(policy, protocol, identity)]);
      switch (customUse({ provider }, protocol, options)) {
        case 'Ignored':
          return [];
        case 'Refused':
          return [
            {
              enforced: {
                action: 'DENY',
                rules: new Map(rules(false).map(([name, rule]) => [`${name}-deny-due-to-bad-CUSTOM-action`, rule])),
              },
            },
          ];
        case 'Asked':
          return [
            {
              ...(rules(true).length > 0 && { enforced: { action: 'DENY', rules: new Map(rules(true)) } }),
              shadow: { action: 'DENY', rules: new Map(rules(false)) },
            },
          ];
      }
    });
  }

  #rules(policy: AuthorizationPolicy, protocol: Protocol, identity: IdentitySource): ReadonlyMap<string, string> {
    const key = `${policy.namespace}/${policy.name} ${protocol} ${identity}`;
    const known = this.#rendered.get(key);
    if (known !== undefined) return known;
    const rules = new Map(
      envoyRules(policy, protocol, stagePolicyOptions).map((rule) => [
        rule.name,
        canonicalRule(renderRule(rule, identity)),
      ]),
    );
    this.#rendered.set(key, rules);
    return rules;
  }
}
