import type { TextMatch } from './semantics.ts';

/**
 * A value of a policy as istiod reads it for Envoy and for ztunnel: `*` alone asks for presence, one at an end for a
 * suffix or a prefix, and anywhere else it is a character like any other (StringMatcherWithPrefix in
 * pilot/pkg/security/authz/matcher/string.go, stringToMatch in pilot/pkg/serviceregistry/ambient/authorization.go).
 * `**` is a suffix: the start is looked at first.
 */
export function textMatch(value: string, ignoreCase = false): TextMatch {
  if (value === '*') return { kind: 'Present' };
  const fold = ignoreCase ? { ignoreCase } : {};
  if (value.startsWith('*')) return { kind: 'Suffix', value: value.slice(1), ...fold };
  if (value.endsWith('*')) return { kind: 'Prefix', value: value.slice(0, -1), ...fold };
  return { kind: 'Exact', value, ...fold };
}
