import type { PolicyOptions } from './options.ts';
import type { Protocol } from './protocol.ts';
import type { Reading } from '../../../requests/semantics.ts';
import type { AuthorizationPolicy } from './types.ts';

type Reader = Protocol | 'ztunnel' | `waypoint ${Protocol}`;

const known = new WeakMap<AuthorizationPolicy, WeakMap<PolicyOptions, Map<Reader, Reading | undefined>>>();

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
  const ofPolicy = known.get(policy) ?? new WeakMap<PolicyOptions, Map<Reader, Reading | undefined>>();
  known.set(policy, ofPolicy);
  const ofOptions = ofPolicy.get(options) ?? new Map<Reader, Reading | undefined>();
  ofPolicy.set(options, ofOptions);
  if (!ofOptions.has(reader)) ofOptions.set(reader, read());
  return ofOptions.get(reader);
}
