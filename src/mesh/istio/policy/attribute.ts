import { trimmed } from '../../../base/trimmed.ts';
import { hasFeature, type IstioVersion, type PolicyFeature } from './istio-version.ts';
import { parseBlock } from '../../../base/address.ts';
import { isPathTemplate } from './path-template.ts';
import { portNumber } from './port-number.ts';
import type { Matcher, TextMatch } from '../../../requests/semantics.ts';
import { textMatch } from '../../../requests/text-match.ts';

/*
 * What Envoy is told to look for by each attribute of a rule (istio/istio pilot/pkg/security/authz/model/generator.go). The
 * attributes of `from` and `to` are here under the key they have in `when`.
 */

/** What an attribute's value may depend on besides itself. */
export interface AttributeContext {
  /** Of the policy: a ServiceAccount without a namespace is one of it. */
  readonly namespace: string;
  readonly portSide: 'Workload' | 'Service';
}

type ToMatcher = (value: string, context: AttributeContext) => Matcher | undefined;

const plain: Readonly<Record<string, ToMatcher>> = {
  'source.principal': (value) => ({ of: 'identity', part: 'Principal', match: textMatch(value) }),
  'source.namespace': (value) => namespaceMatcher(value),
  'source.trustDomain': (value) => ({ of: 'identity', part: 'TrustDomain', match: trustDomainMatch(value) }),
  'source.serviceAccount': (value, { namespace }) => ({
    of: 'identity',
    part: 'ServiceAccount',
    ...serviceAccount(value, namespace),
  }),
  'source.ip': (block) => addressMatcher('sourceIp', block),
  'remote.ip': (block) => addressMatcher('remoteIp', block),
  'destination.ip': (block) => addressMatcher('destinationIp', block),
  'destination.port': (value, { portSide }) => portMatcher(value, portSide),
  'connection.sni': (value) => ({ of: 'sni', match: textMatch(value) }),
  'request.auth.principal': (value) => ({ of: 'token', part: 'Principal', ...issuerAndSubject(value) }),
  'request.auth.audiences': (value) => ({ of: 'token', part: 'Claim', claim: ['aud'], match: textMatch(value) }),
  'request.auth.presenter': (value) => ({ of: 'token', part: 'Claim', claim: ['azp'], match: textMatch(value) }),
  'operation.host': (value) => ({ of: 'host', match: textMatch(value, true) }),
  'operation.method': (value) => ({ of: 'method', match: textMatch(value) }),
  'operation.path': (value) => ({
    of: 'path',
    match: isPathTemplate(value) ? { kind: 'Template', value } : textMatch(value),
  }),
};

const parameterized: readonly {
  readonly prefix: string;
  readonly build: (key: string, value: string) => Matcher | undefined;
}[] = [
  { prefix: 'request.headers', build: headerMatcher },
  { prefix: 'request.auth.claims', build: claimMatcher },
  { prefix: 'experimental.envoy.filters.', build: metadataMatcher },
];

const newer: Readonly<Partial<Record<string, PolicyFeature>>> = {
  'source.serviceAccount': 'serviceAccounts',
  'source.trustDomain': 'trustDomains',
};

/** Whether istiod knows the attribute. A rule that asks about another one is dropped, whatever the action. */
export function isKnownAttribute(attribute: string, version: IstioVersion): boolean {
  const feature = Object.hasOwn(newer, attribute) ? newer[attribute] : undefined;
  if (feature !== undefined && !hasFeature(version, feature)) return false;
  return Object.hasOwn(plain, attribute) || parameterized.some(({ prefix }) => attribute.startsWith(prefix));
}

/** Whether the attribute exists on HTTP requests only, so that istiod leaves it out of a TCP filter. */
export function isHttpOnly(attribute: string): boolean {
  return attribute.startsWith('operation.') || attribute.startsWith('request.');
}

/** Whether Envoy has the attribute among its permissions; the others are about principals. */
export function isPermission(attribute: string): boolean {
  return ['operation.', 'destination.', 'connection.sni', 'experimental.'].some((prefix) =>
    attribute.startsWith(prefix),
  );
}

/** What a value of the attribute asks for; undefined if istiod cannot read the value or the key. */
export function matcherOf(attribute: string, value: string, context: AttributeContext): Matcher | undefined {
  if (Object.hasOwn(plain, attribute)) return plain[attribute]?.(value, context);
  return parameterized.find(({ prefix }) => attribute.startsWith(prefix))?.build(attribute, value);
}

/**
 * `name` or `namespace/name`; the rest after a second slash belongs to the name (serviceAccountRegex,
 * stringToServiceAccountMatch).
 */
export function serviceAccount(
  value: string,
  namespace: string,
): { readonly namespace: string; readonly name: string } {
  const slash = value.indexOf('/');
  return slash < 0 ? { namespace, name: value } : { namespace: value.slice(0, slash), name: value.slice(slash + 1) };
}

/**
 * istiod asks for the regular expression `.*\/ns/<namespace>/.*` of the whole identity, each `*` in the namespace
 * standing for any text, slashes too: `*a` is also found in `/ns/shop/sa/`, so that it matches every identity. Only a
 * value without slashes whose `*` is at its end means just the namespace.
 */
function namespaceMatcher(value: string): Matcher {
  const star = value.indexOf('*');
  if (value === '*' || (!value.includes('/') && (star === -1 || star === value.length - 1)))
    return { of: 'identity', part: 'Namespace', match: textMatch(value) };
  return { of: 'identity', part: 'Principal', match: { kind: 'Glob', value: `*/ns/${value}/*` } };
}

/** Unlike other texts, the first `*` counts wherever it is, and any further one is a character. */
function trustDomainMatch(value: string): TextMatch {
  const star = value.indexOf('*');
  const tail = value.slice(star + 1);
  if (value === '*') return { kind: 'Present' };
  if (star === -1 || (star > 0 && tail.includes('*'))) return { kind: 'Exact', value };
  if (star === 0) return { kind: 'Suffix', value: tail };
  return tail === '' ? { kind: 'Prefix', value: value.slice(0, star) } : { kind: 'Glob', value };
}

function addressMatcher(of: 'sourceIp' | 'remoteIp' | 'destinationIp', block: string): Matcher | undefined {
  return parseBlock(block) === undefined ? undefined : { of, block };
}

function portMatcher(value: string, side: 'Workload' | 'Service'): Matcher | undefined {
  const port = portNumber(value);
  return port === undefined ? undefined : { of: 'port', side, port };
}

/** `<issuer>/<subject>`, cut at the last slash because an issuer may be a URL (requestPrincipalGenerator). */
function issuerAndSubject(value: string): { readonly issuer: TextMatch; readonly subject: TextMatch } {
  const present: TextMatch = { kind: 'Present' };
  const slash = value.lastIndexOf('/');
  const [issuer, subject] = slash < 0 ? [value, ''] : [value.slice(0, slash), value.slice(slash + 1)];
  const exact = { issuer: { kind: 'Exact', value: issuer }, subject: { kind: 'Exact', value: subject } } as const;
  if (value === '*') return { issuer: present, subject: present };
  if (value.startsWith('*'))
    return slash < 0 ? { issuer: present, subject: textMatch(value) } : { ...exact, issuer: textMatch(issuer) };
  if (value.endsWith('*'))
    return slash < 0
      ? { issuer: textMatch(value), subject: present }
      : { ...exact, subject: subject === '*' ? present : { kind: 'Prefix', value: subject.slice(0, -1) } };
  return exact;
}

/** The text between the first and the last bracket. */
function bracketed(text: string): string | undefined {
  return text.startsWith('[') && text.endsWith(']') && text.length > 1 ? text.slice(1, -1) : undefined;
}

function headerMatcher(key: string, value: string): Matcher | undefined {
  const name = bracketed(key.slice('request.headers'.length));
  return name === undefined ? undefined : { of: `header ${name.toLowerCase()}`, match: textMatch(value) };
}

/** `[a][b]` is claim b in claim a; brackets that do not pair are one name (extractNameInNestedBrackets). */
function claimMatcher(key: string, value: string): Matcher | undefined {
  const path = key.slice('request.auth.claims'.length);
  const nested = /^(?:\[[^[\]]*\])+$/.test(path) ? path.slice(1, -1).split('][') : undefined;
  const whole = bracketed(path);
  const claim = nested ?? (whole === undefined ? undefined : [whole]);
  if (path === '') return { of: 'token', part: 'Claim', claim: [], match: textMatch(value) };
  return claim === undefined ? undefined : { of: 'token', part: 'Claim', claim, match: textMatch(value) };
}

/**
 * `experimental.envoy.filters.a.b[c]`: key c of the metadata of filter `envoy.filters.a.b`; a value `[v]` is one of a
 * list.
 */
function metadataMatcher(key: string, value: string): Matcher | undefined {
  const parts = /^experimental\.(?<filter>[^[]*)\[(?<name>.*?)\]?$/s.exec(key)?.groups;
  if (parts === undefined) return undefined;
  const list = value.startsWith('[') && value.endsWith(']');
  return {
    of: `metadata ${parts['filter'] ?? ''}[${parts['name'] ?? ''}]`,
    match: textMatch(list ? trimmed(value, '[]') : value),
    list,
  };
}
