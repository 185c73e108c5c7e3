import { own } from '../../../base/own.ts';
import type { Matcher } from '../../../requests/semantics.ts';

/**
 * Headers that Envoy keeps under another name: the host of HTTP/1 and the pseudo-headers of HTTP/2 are the same to it.
 */
const pseudoHeaders: Readonly<Record<string, 'host' | 'method' | 'path'>> = {
  'header host': 'host',
  'header :authority': 'host',
  'header :method': 'method',
  // With its query, which a request has none of here.
  'header :path': 'path',
};

/** A question about a header as one about the fact of the request that the header carries. */
export function asPseudoHeader(matcher: Matcher): Matcher {
  const of = own(pseudoHeaders, matcher.of);
  return of === undefined || !('match' in matcher) || matcher.match.kind === 'Template'
    ? matcher
    : { of, match: matcher.match };
}
