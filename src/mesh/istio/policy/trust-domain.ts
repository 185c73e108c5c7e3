import type { PolicyOptions } from './options.ts';

/*
 * Trust domain aliases as istiod applies them for Envoy (istio/istio pilot/pkg/security/trustdomain/bundle.go and util.go): a
 * principal of the mesh's own trust domain stands for the same one in all its aliases, and `cluster.local` stands for the
 * mesh's own trust domain. istiod does nothing of this for ztunnel (convertAuthorizationPolicy, "TDA").
 */

/** The values as Envoy gets them; attributes other than these two stay as they are (model.go, MigrateTrustDomain). */
export function expandTrustDomains(
  attribute: string,
  values: readonly string[],
  options: PolicyOptions,
): readonly string[] {
  const bundle = [options.trustDomain, ...options.trustDomainAliases];
  switch (attribute) {
    case 'source.principal':
      return values.flatMap((value) => expandPrincipal(value, bundle));
    case 'source.trustDomain':
      return [...new Set(values.flatMap((value) => (bundle.includes(value) ? bundle : [value])))];
    default:
      return values;
  }
}

/** ReplaceTrustDomainAliases for one principal. Only `<trust domain>/ns/<namespace>/sa/<name>` has a trust domain. */
function expandPrincipal(principal: string, bundle: readonly string[]): readonly string[] {
  const [trustDomain = '', ...rest] = principal.split('/');
  if (rest.length !== 4 || trustDomain === '*') return [principal];
  if (!bundle.some((known) => overlap(trustDomain, known)) && trustDomain !== 'cluster.local') return [principal];
  const replaced = bundle.map((known) => (hasSuffix(known, trustDomain) ? principal : [known, ...rest].join('/')));
  return [...new Set(replaced)];
}

/** stringMatch of util.go: either of the two may be a pattern. */
function overlap(text: string, known: string): boolean {
  return (
    text === known ||
    known === '*' ||
    hasPrefix(text, known) ||
    hasPrefix(known, text) ||
    hasSuffix(text, known) ||
    hasSuffix(known, text)
  );
}

function hasPrefix(text: string, pattern: string): boolean {
  return pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1));
}

function hasSuffix(text: string, pattern: string): boolean {
  return pattern.startsWith('*') && text.endsWith(pattern.slice(1));
}
