import { claimKey } from './claim-key.ts';
import { identityParts } from './classes-identity.ts';
import type { PortMatcher } from './classes-port.ts';
import { spend } from '../base/effort.ts';
import type { PathMatch } from './matches-text.ts';
import type { FactMatcher, Matcher, TextMatch } from './semantics.ts';

/*
 * Matchers as questions about independent facts. Some facts hang on others: without HTTP there is no path, without an identity no namespace. An
 * identity falls into three texts, a token into issuer, subject and claims, a list into what it has among its members.
 */

/** A fact that is there or not. */
export type FlagName = 'http' | 'identity' | 'token';

/** A fact that is one text: the name says which. */
export type TextName =
  | 'trustDomain'
  | 'namespace'
  | 'serviceAccount'
  | 'host'
  | 'method'
  | 'path'
  | 'issuer'
  | 'subject'
  | 'sni'
  | `header ${string}`
  | `metadata ${string}`;

/** A fact that is a list of texts. */
export type ListName = `claim ${string}` | `metadata ${string}`;

/** An address of a request. */
export type AddressName = 'sourceIp' | 'remoteIp' | 'destinationIp';

/** A question without parts. */
export type Atom =
  | { readonly kind: 'Flag'; readonly name: FlagName }
  | { readonly kind: 'Text'; readonly name: TextName; readonly match: PathMatch }
  /** Some member of the list matches. */
  | { readonly kind: 'Member'; readonly name: ListName; readonly match: TextMatch }
  | { readonly kind: 'Address'; readonly name: AddressName; readonly block: string }
  | { readonly kind: 'Port'; readonly matcher: PortMatcher }
  /** Whether a metadata value is a text or a list. */
  | { readonly kind: 'Shape'; readonly name: `metadata ${string}`; readonly shape: Shape };

/** What a metadata value is; Envoy never compares one with the other. */
export type Shape = 'Text' | 'List';

/** A question made of others. */
export type Question =
  | Atom
  | { readonly kind: 'All' | 'Any'; readonly of: readonly Question[] }
  | { readonly kind: 'Not'; readonly of: Question };

const http: Atom = { kind: 'Flag', name: 'http' };
const token: Atom = { kind: 'Flag', name: 'token' };
const identity: Atom = { kind: 'Flag', name: 'identity' };

/** What matchers of one fact, of which one has to hold, ask: what the fact hangs on once, for all of them. */
export function question(of: FactMatcher['of'], matchers: readonly FactMatcher[]): Question {
  const any: Question = { kind: 'Any', of: matchers.map(single) };
  return { kind: 'All', of: [...preconditions(of), any] };
}

/** Every question without parts within some questions; a question that occurs several times is looked into once. */
export function atoms(asked: readonly Question[]): readonly Atom[] {
  const seen = new Set<Question>();
  const found: Atom[] = [];
  const look = (one: Question): void => {
    spend(1);
    if (seen.has(one)) return;
    seen.add(one);
    switch (one.kind) {
      case 'All':
      case 'Any':
        one.of.forEach(look);
        break;
      case 'Not':
        look(one.of);
        break;
      default:
        found.push(one);
    }
  };
  asked.forEach(look);
  return found;
}

function preconditions(of: FactMatcher['of']): readonly Atom[] {
  if (of === 'identity') return [identity];
  if (of === 'token') return [http, token];
  return of === 'host' || of === 'method' || of === 'path' || of.startsWith('header ') ? [http] : [];
}

function single(matcher: FactMatcher): Question {
  spend(1);
  switch (matcher.of) {
    case 'identity':
      return identityQuestion(matcher);
    case 'token':
      return tokenQuestion(matcher);
    case 'port':
      return { kind: 'Port', matcher };
    case 'sourceIp':
    case 'remoteIp':
    case 'destinationIp':
      return { kind: 'Address', name: matcher.of, block: matcher.block };
    case 'sni':
    case 'host':
    case 'method':
    case 'path':
      return { kind: 'Text', name: matcher.of, match: matcher.match };
    default:
      return 'list' in matcher
        ? metadataQuestion(matcher)
        : { kind: 'Text', name: matcher.of, match: headerMatch(matcher.match) };
  }
}

function identityQuestion(matcher: Extract<Matcher, { of: 'identity' }>): Question {
  switch (matcher.part) {
    case 'Principal':
      return { kind: 'Any', of: identityParts(matcher.match).map((parts): Question => allTexts(parts)) };
    case 'Namespace':
      return { kind: 'Text', name: 'namespace', match: matcher.match };
    case 'TrustDomain':
      return { kind: 'Text', name: 'trustDomain', match: matcher.match };
    case 'ServiceAccount':
      return allTexts({
        namespace: { kind: 'Exact', value: matcher.namespace },
        serviceAccount: { kind: 'Exact', value: matcher.name },
      });
  }
}

function allTexts(
  matches: Partial<Record<'trustDomain' | 'namespace' | 'serviceAccount' | 'issuer' | 'subject', TextMatch>>,
): Question {
  const names = ['trustDomain', 'namespace', 'serviceAccount', 'issuer', 'subject'] as const;
  return {
    kind: 'All',
    of: names.flatMap((name): readonly Question[] => {
      const match = matches[name];
      return match === undefined ? [] : [{ kind: 'Text', name, match }];
    }),
  };
}

function tokenQuestion(matcher: Extract<Matcher, { of: 'token' }>): Question {
  if (matcher.part === 'Principal') return allTexts({ issuer: matcher.issuer, subject: matcher.subject });
  const claim = claimKey(matcher.claim);
  if (claim === '[iss]') return allTexts({ issuer: matcher.match });
  if (claim === '[sub]') return allTexts({ subject: matcher.match });
  return { kind: 'Member', name: `claim ${claim}`, match: matcher.match };
}

function metadataQuestion(matcher: Extract<Matcher, { of: `metadata ${string}` }>): Question {
  const name = matcher.of;
  const compared: Atom = matcher.list
    ? { kind: 'Member', name, match: matcher.match }
    : { kind: 'Text', name, match: matcher.match };
  return { kind: 'All', of: [{ kind: 'Shape', name, shape: matcher.list ? 'List' : 'Text' }, compared] };
}

/** For a header `*` asks only that it is there, so that an empty one will do. */
function headerMatch(match: TextMatch): TextMatch {
  return match.kind === 'Present' ? { kind: 'Prefix', value: '' } : match;
}
