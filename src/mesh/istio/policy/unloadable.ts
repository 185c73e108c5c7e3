import { quoted, shown } from '../../../base/shown.ts';
import type { PolicyOptions } from './options.ts';
import { unloadableTemplate } from './path-template.ts';
import type { Condition, FactMatcher } from '../../../requests/semantics.ts';
import { envoyRules } from './sidecar.ts';
import type { AuthorizationPolicy } from './types.ts';

/**
 * What istiod makes of the policy and Envoy refuses, a phrase each. istiod's webhook does not look at it. Envoy takes a
 * listener as a whole or not at all: a proxy that runs keeps what it had, whatever else is changed later, and one that
 * starts gets no listener. ztunnel is not concerned. Found by asking an Envoy about every form of value of every field.
 */
export function unloadable(policy: AuthorizationPolicy, options: PolicyOptions): readonly string[] {
  const parts = envoyRules(policy, 'http', options).flatMap(({ permissions, principals }) => [
    ...permissions,
    ...principals,
  ]);
  return [...new Set(faultsIn(parts))];
}

function faultsIn(condition: Condition): readonly string[] {
  return condition
    .flat()
    .flatMap(({ anyOf }) =>
      anyOf.flatMap((matcher) =>
        matcher.of === 'alternatives' ? faultsIn(matcher.clauses) : (faultOf(matcher) ?? []),
      ),
    );
}

function faultOf(matcher: FactMatcher): string | undefined {
  if (matcher.of === 'path' && matcher.match.kind === 'Template') {
    const why = unloadableTemplate(matcher.match.value);
    return why && `the path template ${quoted(matcher.match.value)} ${why}`;
  }
  // MetadataMatcher.PathSegment.key has at least one character.
  if (matcher.of === 'token' && matcher.part === 'Claim' && matcher.claim.includes('')) {
    return `the claim request.auth.claims${matcher.claim.map((name) => `[${shown(name)}]`).join('')} has a part without a name`;
  }
  // HTTP_HEADER_NAME, not strict: HeaderMatcher.name takes everything but these.
  const header = /^header (?<name>[^]*)$/.exec(matcher.of)?.groups?.['name'];
  return header !== undefined && /[\0\r\n]/.test(header)
    ? `the name of the header ${quoted(header)} has a line break or a NUL`
    : undefined;
}
