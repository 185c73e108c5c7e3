import type { EnvoyRule } from '../../../src/mesh/istio/policy/sidecar.ts';
import type { Clause, Literal, Matcher, TextMatch } from '../../../src/requests/semantics.ts';
import { addressBits, parseBlock } from '../../../src/base/address.ts';
import type { Json } from '../../../src/mesh/json.ts';

/*
 * Our reading of a policy, written as the configuration of Envoy's RBAC filter that it ought to be, so that it can be compared
 * with what istiod really sends.
 */

/**
 * How a node's Envoy knows the caller: by the TLS connection, or by what the waypoint's outer listener left in the
 * filter state.
 */
export type IdentitySource = 'connection' | 'filterState';

/** One policy of an RBAC filter. */
export function renderRule(rule: EnvoyRule, identity: IdentitySource): Json {
  return {
    permissions: rule.permissions.map((clause) => renderClause(clause, permissionWords, identity)),
    principals: rule.principals.map((clause) => renderClause(clause, principalWords, identity)),
  };
}

interface Words {
  readonly and: (members: readonly Json[]) => Json;
  readonly or: (members: readonly Json[]) => Json;
  readonly not: (member: Json) => Json;
}

const permissionWords: Words = {
  and: (rules) => ({ andRules: { rules } }),
  or: (rules) => ({ orRules: { rules } }),
  not: (notRule) => ({ notRule }),
};
const principalWords: Words = {
  and: (ids) => ({ andIds: { ids } }),
  or: (ids) => ({ orIds: { ids } }),
  not: (notId) => ({ notId }),
};

function renderClause(clause: Clause, words: Words, identity: IdentitySource): Json {
  return clause.length === 0
    ? { any: true }
    : words.and(clause.map((literal) => renderLiteral(literal, words, identity)));
}

function renderLiteral({ anyOf, negated }: Literal, words: Words, identity: IdentitySource): Json {
  const some = words.or(anyOf.map((matcher) => renderMatcher(matcher, identity)));
  return negated ? words.not(some) : some;
}

function renderMatcher(matcher: Matcher, identity: IdentitySource): Json {
  switch (matcher.of) {
    case 'identity':
      return renderIdentity(identityPattern(matcher), identity);
    case 'sourceIp':
      return { directRemoteIp: cidr(matcher.block) };
    case 'remoteIp':
      return { remoteIp: cidr(matcher.block) };
    case 'destinationIp':
      return { destinationIp: cidr(matcher.block) };
    case 'port':
      return { destinationPort: matcher.port };
    case 'sni':
      return { requestedServerName: textPattern(matcher.match) };
    case 'host':
      return header(':authority', matcher.match);
    case 'method':
      return header(':method', matcher.match);
    case 'path':
      return renderPath(matcher.match);
    case 'token':
      return renderToken(matcher);
    case 'alternatives':
      throw new Error('permissions and principals are rendered apart');
    default:
      return 'list' in matcher ? renderMetadata(matcher) : header(matcher.of.slice('header '.length), matcher.match);
  }
}

function renderIdentity(pattern: Json, identity: IdentitySource): Json {
  return identity === 'connection'
    ? { authenticated: { principalName: pattern } }
    : { filterState: { key: 'io.istio.peer_principal', stringMatch: pattern } };
}

type IdentityMatcher = Extract<Matcher, { readonly of: 'identity' }>;

function identityPattern(matcher: IdentityMatcher): Json {
  switch (matcher.part) {
    case 'ServiceAccount':
      return regex(`spiffe://.+/ns/${quote(matcher.namespace)}/(.+/|)sa/${quote(matcher.name)}(/.+)?`);
    case 'Namespace':
      return regex(`.*/ns/${wildcard(matcher.match, '.*')}/.*`);
    case 'TrustDomain':
      return trustDomainPattern(matcher.match);
    case 'Principal':
      return principalPattern(matcher.match);
  }
}

function principalPattern(match: TextMatch): Json {
  switch (match.kind) {
    case 'Present':
      return regex('.+');
    case 'Exact':
      return { exact: `spiffe://${match.value}` };
    case 'Prefix':
      return { prefix: `spiffe://${match.value}` };
    case 'Suffix':
      return regex(`spiffe://.*${quote(match.value)}`);
    case 'Glob':
      return regex(wildcard(match, '.*'));
  }
}

function trustDomainPattern(match: TextMatch): Json {
  if (match.kind === 'Present') return { prefix: 'spiffe://' };
  return match.kind === 'Exact'
    ? { prefix: `spiffe://${match.value}/` }
    : regex(`spiffe://${wildcard(match, '[^/]*')}/.*`);
}

/** The text as a regular expression, `any` in the place of each wildcard. */
function wildcard(match: TextMatch, any: string): string {
  switch (match.kind) {
    case 'Present':
      return any;
    case 'Exact':
      return quote(match.value);
    case 'Prefix':
      return `${quote(match.value)}${any}`;
    case 'Suffix':
      return `${any}${quote(match.value)}`;
    case 'Glob':
      return match.value.split('*').map(quote).join(any);
  }
}

/** As Go's regexp.QuoteMeta. */
function quote(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}

function regex(pattern: string): Json {
  return { safeRegex: { regex: pattern } };
}

function textPattern(match: TextMatch): Json {
  const fold = 'ignoreCase' in match && match.ignoreCase ? { ignoreCase: true } : {};
  switch (match.kind) {
    case 'Present':
      return regex('.+');
    case 'Exact':
      return { exact: match.value, ...fold };
    case 'Prefix':
      return { prefix: match.value, ...fold };
    case 'Suffix':
      return { suffix: match.value, ...fold };
    case 'Glob':
      return regex(wildcard(match, '.*'));
  }
}

function header(name: string, match: TextMatch): Json {
  return {
    header: match.kind === 'Present' ? { name, presentMatch: true } : { name, stringMatch: textPattern(match) },
  };
}

const templateWords = new Map([
  ['{*}', '*'],
  ['{**}', '**'],
]);

function renderPath(match: Extract<Matcher, { readonly of: 'path' }>['match']): Json {
  if (match.kind !== 'Template') return { urlPath: { path: textPattern(match) } };
  const pathTemplate = match.value.replace(/\{\*\*?\}/g, (operator) => templateWords.get(operator) ?? operator);
  const typedConfig = {
    '@type': 'type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig',
    pathTemplate,
  };
  return { uriTemplate: { name: 'uri-template', typedConfig } };
}

const jwtFilter = 'envoy.filters.http.jwt_authn';

function renderToken(matcher: Extract<Matcher, { readonly of: 'token' }>): Json {
  if (matcher.part === 'Claim') {
    const value = { stringMatch: textPattern(matcher.match) };
    // A claim may be one text or a list of them.
    return metadata(jwtFilter, ['payload', ...matcher.claim], {
      orMatch: { valueMatchers: [{ listMatch: { oneOf: value } }, value] },
    });
  }
  const claim = (name: string, match: TextMatch): Json =>
    metadata(jwtFilter, ['payload', name], { stringMatch: textPattern(match) });
  return principalWords.and([claim('iss', matcher.issuer), claim('sub', matcher.subject)]);
}

function renderMetadata(matcher: Extract<Matcher, { readonly list: boolean }>): Json {
  const [filter = '', ...rest] = matcher.of.slice('metadata '.length).split('[');
  const value = { stringMatch: textPattern(matcher.match) };
  return metadata(filter, [rest.join('[').replace(/\]$/, '')], matcher.list ? { listMatch: { oneOf: value } } : value);
}

function metadata(filter: string, path: readonly string[], value: Json): Json {
  return { metadata: { filter, path: path.map((key) => ({ key })), value } };
}

/** An address alone is a block of its full length; its zone is forgotten. */
function cidr(block: string): Json {
  const parsed = parseBlock(block);
  if (parsed === undefined) throw new Error(`no address: ${block}`);
  const [address = '', length] = block.split('/');
  return {
    addressPrefix: address.replace(/%.*$/, ''),
    prefixLen: length === undefined ? addressBits[parsed.family] : Number(length),
  };
}
