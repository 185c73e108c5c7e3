import { reachesZtunnel } from './attachment.ts';
import { effectOf } from './classify-effect.ts';
import { causes, fieldNames } from './classify-fields.ts';
import { asIntended } from './intent.ts';
import type { PolicyOptions } from './options.ts';
import type { Condition, Effect, Reading } from '../../../requests/semantics.ts';
import { asSidecar } from './sidecar.ts';
import type { AuthorizationPolicy, Plane, Rule } from './types.ts';
import { asWaypoint } from './waypoint.ts';
import { asZtunnel } from './ztunnel.ts';

/** What a data plane makes of one rule. */
export interface RuleClassification {
  /** Position in `spec.rules`. */
  readonly index: number;
  readonly effect: Effect;
  /**
   * The fields that cause it, as `methods` or `request.headers[x-team]`; `action`, `selector` or `targetRefs` if it is
   * not read at all.
   */
  readonly fields: readonly string[];
}

/** What a data plane makes of one policy. */
export interface PlaneClassification {
  /** Of all rules together: one may make up for another, and an ALLOW without any rule left refuses everything. */
  readonly effect: Effect;
  readonly rules: readonly RuleClassification[];
}

/** What one data plane makes of an AuthorizationPolicy, as the only one that applies. */
export function classifyPlane(policy: AuthorizationPolicy, plane: Plane, options: PolicyOptions): PlaneClassification {
  // Who names targets asks for nothing elsewhere: sidecars and ztunnel do not read it, as they should.
  if (policy.targetRefs.length > 0 && plane !== 'waypoint') return uniform(policy, 'Exact', []);
  const intent = asIntended(policy, options);
  if (intent === undefined) return undecided(policy, plane, options);
  const unread = unreadBecause(policy, plane);
  if (unread !== undefined) return unreadPlane(policy, intent, unread);
  const reading = readOn(plane, policy, options);
  if (policy.action === 'CUSTOM' && reading?.action === 'DENY') return unasked(reading);
  const isExact = (rule: Rule): boolean => ruleEffect(policy, rule, plane, options) === 'Exact';
  const rules = policy.rules.map((rule, index): RuleClassification => {
    const effect = ruleEffect(policy, rule, plane, options);
    return { index, effect, fields: effect === 'Exact' ? [] : causes(rule, isExact) };
  });
  if (rules.every(({ effect }) => effect === 'Exact')) return { effect: 'Exact', rules };
  return { effect: effectOf(policy.action, reading?.rules.flat() ?? [], intent.rules.flat()), rules };
}

function readOn(plane: Plane, policy: AuthorizationPolicy, options: PolicyOptions): Reading | undefined {
  switch (plane) {
    case 'sidecar':
      return asSidecar(policy, 'http', options);
    case 'ztunnel':
      return asZtunnel(policy, options);
    case 'waypoint':
      return asWaypoint(policy, 'http', options);
  }
}

function ruleEffect(policy: AuthorizationPolicy, rule: Rule, plane: Plane, options: PolicyOptions): Effect {
  const alone = { ...policy, rules: [rule] };
  const conditionOf = (reading: Reading | undefined): Condition => reading?.rules[0] ?? [];
  return effectOf(policy.action, conditionOf(readOn(plane, alone, options)), conditionOf(asIntended(alone, options)));
}

/** Why a data plane does not read the policy at all. */
function unreadBecause(policy: AuthorizationPolicy, plane: Plane): 'action' | 'selector' | 'targetRefs' | undefined {
  switch (plane) {
    case 'sidecar':
      return undefined;
    case 'waypoint':
      return policy.targetRefs.length > 0 ? undefined : 'targetRefs';
    case 'ztunnel':
      if (policy.action === 'CUSTOM') return 'action';
      return reachesZtunnel(policy) ? undefined : 'selector';
  }
}

/**
 * A policy that is not read refuses nothing: an ALLOW is as if it matched everything, any other as if it matched
 * nothing.
 */
function unreadPlane(policy: AuthorizationPolicy, intent: Reading, cause: string): PlaneClassification {
  const nothingRefused: Condition = policy.action === 'ALLOW' ? [[]] : [];
  const rules = intent.rules.map((condition, index): RuleClassification => {
    const effect = effectOf(policy.action, nothingRefused, condition);
    return { index, effect, fields: effect === 'Exact' ? [] : [cause] };
  });
  return { effect: effectOf(policy.action, nothingRefused, intent.rules.flat()), rules };
}

/** AUDIT and dry-run: nobody wanted a decision. Who takes one nevertheless refuses what should pass. */
function undecided(policy: AuthorizationPolicy, plane: Plane, options: PolicyOptions): PlaneClassification {
  const cause = policy.dryRun ? 'istio.io/dry-run' : 'action';
  const reading = readOn(plane, policy, options);
  if (reading === undefined) return uniform(policy, 'NoEffect', [cause]);
  const rules = reading.rules.map((condition, index): RuleClassification => {
    const refuses = effectOf('DENY', condition, []) === 'FailsClosed';
    return {
      index,
      effect: refuses ? 'FailsClosed' : 'NoEffect',
      fields: refuses ? [cause, ...fieldNames(policy.rules[index] ?? { from: [], to: [], when: [] })] : [cause],
    };
  });
  return { effect: rules.some(({ effect }) => effect === 'FailsClosed') ? 'FailsClosed' : 'NoEffect', rules };
}

/** An external authorizer was to decide, and is not asked: istiod cannot use the provider, so that all is refused. */
function unasked({ rules: conditions }: Reading): PlaneClassification {
  const rules = conditions.map((condition, index): RuleClassification => {
    const refuses = effectOf('DENY', condition, []) === 'FailsClosed';
    return { index, effect: refuses ? 'FailsClosed' : 'Exact', fields: refuses ? ['provider'] : [] };
  });
  return { effect: rules.some(({ effect }) => effect === 'FailsClosed') ? 'FailsClosed' : 'Exact', rules };
}

function uniform(policy: AuthorizationPolicy, effect: Effect, fields: readonly string[]): PlaneClassification {
  return { effect, rules: policy.rules.map((_rule, index) => ({ index, effect, fields })) };
}
