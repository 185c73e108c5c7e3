import type { PolicyOptions } from './options.ts';
import type { Protocol } from './protocol.ts';
import type { Condition, Reading } from '../../../requests/semantics.ts';
import type { AuthorizationPolicy, Rule } from './types.ts';

type Reader = Protocol | 'ztunnel' | `waypoint ${Protocol}`;

type Readings = Map<Reader, Reading | undefined>;

/** By the options, which are few: a table of each policy by itself would be larger than what stands in it. */
const known = new WeakMap<PolicyOptions, WeakMap<AuthorizationPolicy, Readings>>();

/**
 * The same reading for the same policy, so that what several proxies make of it after several steps is seen to be one
 * and the same.
 */
export function readingOnce(
  policy: AuthorizationPolicy,
  options: PolicyOptions,
  reader: Reader,
  read: () => Reading | undefined,
): Reading | undefined {
  const ofOptions = known.get(options) ?? new WeakMap<AuthorizationPolicy, Readings>();
  known.set(options, ofOptions);
  const ofPolicy = ofOptions.get(policy) ?? new Map<Reader, Reading | undefined>();
  ofOptions.set(policy, ofPolicy);
  if (!ofPolicy.has(reader)) ofPolicy.set(reader, read());
  return ofPolicy.get(reader);
}

type Conditions = Map<string, readonly Condition[]>;

/** By the options again, and by the rules: copies of one policy for many Services have them in common. */
const conditions = new WeakMap<PolicyOptions, WeakMap<readonly Rule[], Conditions>>();

/**
 * What a reader makes of the rules of a policy, the same list for all policies of which it makes the same: it is then
 * compared once, however many Services have a copy.
 */
export function conditionsOnce(
  { rules, action, namespace, targetRefs }: AuthorizationPolicy,
  options: PolicyOptions,
  reader: Reader,
  read: () => readonly Condition[],
): readonly Condition[] {
  const ofOptions = conditions.get(options) ?? new WeakMap<readonly Rule[], Conditions>();
  conditions.set(options, ofOptions);
  const ofRules = ofOptions.get(rules) ?? new Map<string, readonly Condition[]>();
  ofOptions.set(rules, ofRules);
  const key = `${reader} ${action} ${namespace} ${targetRefs.length > 0}`;
  const made = ofRules.get(key) ?? read();
  ofRules.set(key, made);
  return made;
}
