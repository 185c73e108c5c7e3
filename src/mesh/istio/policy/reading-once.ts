import { Once } from '../../../base/once.ts';
import type { PolicyOptions } from './options.ts';
import type { Protocol } from './protocol.ts';
import type { Condition, Reading } from '../../../requests/semantics.ts';
import type { AuthorizationPolicy, Rule } from './types.ts';

type Reader = Protocol | 'ztunnel' | `waypoint ${Protocol}`;

/** By the options, which are few: a table of each policy by itself would be larger than what stands in it. */
const readings = new Once<PolicyOptions, AuthorizationPolicy, Reading | undefined>();

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
  return readings.of(options, policy, reader, read);
}

/** By the options again, and by the rules: copies of one policy for many Services have them in common. */
const conditions = new Once<PolicyOptions, readonly Rule[], readonly Condition[]>();

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
  return conditions.of(options, rules, `${reader} ${action} ${namespace} ${targetRefs.length > 0}`, read);
}
