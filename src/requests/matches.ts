import { claimKey } from './claim-key.ts';
import { blockContains } from '../base/address.ts';
import { textMatches } from './matches-text.ts';
import type {
  Clause,
  Condition,
  HttpFacts,
  Literal,
  Matcher,
  Reading,
  Request,
  TextMatch,
  Token,
} from './semantics.ts';

/** A question about an HTTP fact; false on a plain TCP connection. */
export type HttpMatcher = Extract<Matcher, { of: 'host' | 'method' | 'path' | 'token' | `header ${string}` }>;

/** Whether the request matches: some clause holds. */
export function matches(condition: Condition, request: Request): boolean {
  return condition.some((clause) => clauseMatches(clause, request));
}

/** Whether some rule of the reading matches the request. */
export function readingMatches(reading: Reading, request: Request): boolean {
  return reading.rules.some((rule) => matches(rule, request));
}

function clauseMatches(clause: Clause, request: Request): boolean {
  return clause.every((literal) => literalMatches(literal, request));
}

/**
 * A fact that is absent satisfies no matcher, and so every negated literal: Envoy's `not_id` and ztunnel's `not_*`
 * lists both do that.
 */
function literalMatches(literal: Literal, request: Request): boolean {
  return literal.anyOf.some((matcher) => matcherHolds(matcher, request)) !== literal.negated;
}

/** Whether one matcher holds. */
export function matcherHolds(matcher: Matcher, request: Request): boolean {
  switch (matcher.of) {
    case 'alternatives':
      return matches(matcher.clauses, request);
    case 'identity':
      return request.identity !== undefined && identityHolds(matcher, request.identity);
    case 'sourceIp':
    case 'remoteIp':
    case 'destinationIp':
      return blockContains(matcher.block, request[matcher.of]);
    case 'port':
      return matcher.port === portSeen(matcher.side, request);
    case 'sni':
      return textHolds(matcher.match, request.sni);
    default:
      return 'list' in matcher
        ? metadataHolds(matcher, request)
        : request.http !== undefined && httpHolds(matcher, request.http);
  }
}

function httpHolds(matcher: HttpMatcher, http: HttpFacts): boolean {
  switch (matcher.of) {
    case 'host':
    case 'method':
      return textMatches(matcher.match, http[matcher.of]);
    case 'path':
      return textMatches(matcher.match, http.path);
    case 'token':
      return http.token !== undefined && tokenHolds(matcher, http.token);
    default:
      return headerHolds(matcher.match, http.headers[matcher.of.slice('header '.length)]);
  }
}

/** What a waypoint sees: the port of the Service, or the pod's own if the client addressed the pod. */
function portSeen(side: 'Workload' | 'Service', request: Request): number {
  return side === 'Service' ? (request.servicePort ?? request.workloadPort) : request.workloadPort;
}

/** A SPIFFE identity of a Kubernetes workload: trust domain, namespace, ServiceAccount. */
const workloadIdentity = /^(?<trustDomain>[^/]+)\/ns\/(?<namespace>[^/]+)\/sa\/(?<name>[^/]+)$/;

function identityHolds(matcher: Extract<Matcher, { of: 'identity' }>, identity: string): boolean {
  if (matcher.part === 'Principal') return textMatches(matcher.match, identity);
  const { trustDomain, namespace, name } = workloadIdentity.exec(identity)?.groups ?? {};
  switch (matcher.part) {
    case 'Namespace':
      return textHolds(matcher.match, namespace);
    case 'TrustDomain':
      return textHolds(matcher.match, trustDomain);
    case 'ServiceAccount':
      return matcher.namespace === namespace && matcher.name === name;
  }
}

/** Issuer and subject are claims too: `request.auth.claims[iss]` asks for the issuer. */
function tokenHolds(matcher: Extract<Matcher, { of: 'token' }>, token: Token): boolean {
  if (matcher.part === 'Principal')
    return textMatches(matcher.issuer, token.issuer) && textMatches(matcher.subject, token.subject);
  return claimValues(token, claimKey(matcher.claim)).some((value) => textMatches(matcher.match, value));
}

function claimValues(token: Token, claim: string): readonly string[] {
  if (claim === '[iss]') return [token.issuer];
  if (claim === '[sub]') return [token.subject];
  return token.claims[claim] ?? [];
}

/**
 * Envoy's present_match of a header asks only that it is there, even if it is empty (istiod: authz/matcher/header.go,
 * HeaderMatcher).
 */
function headerHolds(match: TextMatch, value: string | undefined): boolean {
  return match.kind === 'Present' ? value !== undefined : textHolds(match, value);
}

/**
 * Envoy compares a text only with a text and a list only with a list (istiod: authz/model/generator.go,
 * envoyFilterGenerator).
 */
function metadataHolds(matcher: Extract<Matcher, { of: `metadata ${string}` }>, request: Request): boolean {
  const value = request.metadata[matcher.of.slice('metadata '.length)];
  if (value === undefined) return false;
  if (typeof value === 'string') return !matcher.list && textMatches(matcher.match, value);
  return matcher.list && value.some((member) => textMatches(matcher.match, member));
}

function textHolds(match: TextMatch, text: string | undefined): boolean {
  return text !== undefined && textMatches(match, text);
}
