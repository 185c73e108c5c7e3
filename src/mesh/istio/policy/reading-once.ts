import type { PolicyOptions } from './options.ts';
import type { Protocol } from './protocol.ts';
import type { Reading } from '../../../requests/semantics.ts';
import type { AuthorizationPolicy } from './types.ts';

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
