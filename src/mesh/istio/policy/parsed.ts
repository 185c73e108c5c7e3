import type { ConfigView } from '../../views.ts';
import { readPolicy } from './parse.ts';
import type { Policy } from './types.ts';

const known = new WeakMap<ConfigView, { readonly policy: Policy | undefined }>();

/**
 * A policy is parsed once for as long as it stays as it is: every namespace that it reaches asks for it at each look.
 */
export function parsed(object: ConfigView): Policy | undefined {
  const entry = known.get(object) ?? { policy: readPolicy(object) };
  known.set(object, entry);
  return entry.policy;
}
