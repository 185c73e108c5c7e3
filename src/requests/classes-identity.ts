import { spend } from '../base/effort.ts';
import { textMatches } from './matches-text.ts';
import type { TextMatch } from './semantics.ts';

/**
 * What a pattern for whole identities asks of the parts of one: trust domain, namespace, ServiceAccount. All three have
 * to match.
 */
export interface IdentityParts {
  readonly trustDomain: TextMatch;
  readonly namespace: TextMatch;
  readonly serviceAccount: TextMatch;
}

/**
 * A pattern for identities as patterns for their parts; one of the results has to match. The identity of a workload is
 * `trust-domain/ns/namespace/sa/name` and no part contains `/`, so a pattern can be cut where its own slashes, or those
 * that a wildcard swallows, fall on the slashes of the form.
 */
export function identityParts(match: TextMatch): readonly IdentityParts[] {
  return globs(match)
    .flatMap((glob) => cuts(glob))
    .flatMap(([trustDomain, ns, namespace, sa, serviceAccount]) => {
      if (!isWord(ns, 'ns', match) || !isWord(sa, 'sa', match)) return [];
      return [
        {
          trustDomain: partMatch(trustDomain, match),
          namespace: partMatch(namespace, match),
          serviceAccount: partMatch(serviceAccount, match),
        },
      ];
    });
}

/** Whether a part may be this word. What is longer without its wildcards never is, and need not be made a pattern. */
function isWord(part: Pieces, word: string, whole: TextMatch): boolean {
  const least = part.reduce((length, piece) => length + piece.length, 0);
  return least <= word.length && textMatches(partMatch(part, whole), word);
}

/** A pattern as pieces of text between wildcards. A `*` in a literal value never occurs in an identity. */
type Pieces = readonly string[];

type Cut = readonly [Pieces, Pieces, Pieces, Pieces, Pieces];

function globs(match: TextMatch): readonly Pieces[] {
  switch (match.kind) {
    case 'Exact':
      return [[match.value]];
    case 'Prefix':
      return [[match.value, '']];
    case 'Suffix':
      return [['', match.value]];
    case 'Present':
      return [['', '']];
    case 'Glob':
      return [match.value.split('*')];
  }
}

/** All ways to spread the four slashes over the pattern's own and its wildcards. */
function cuts(pieces: Pieces): readonly Cut[] {
  const own = pieces.join('').split('/').length - 1;
  spend(ways(4 - own, pieces.length - 1) * pieces.length);
  return spread(4 - own, pieces.length - 1)
    .map((slashes) => cut(pieces, slashes))
    .filter((segments): segments is Cut => segments.length === 5);
}

/** How many lists `spread` makes. */
function ways(total: number, places: number): number {
  let count = 1;
  for (let taken = 1; taken <= total; taken += 1) count = (count * (places - 1 + taken)) / taken;
  return total < 0 ? 0 : count;
}

/**
 * All lists of `places` counts that add up to `total`. By the places that are counted, of which there are four at the
 * most: place by place each list would be made anew as often as it is long, and a pattern may have thousands of stars.
 */
function spread(total: number, places: number): readonly (readonly number[])[] {
  let chosen: readonly (readonly number[])[] = total < 0 ? [] : [[]];
  for (let taken = 0; taken < total; taken += 1)
    chosen = chosen.flatMap((before) => {
      const first = before.at(-1) ?? 0;
      return Array.from({ length: places - first }, (_, back) => [...before, places - 1 - back]);
    });
  return chosen.map((counted) => {
    const counts = Array.from({ length: places }, () => 0);
    for (const place of counted) counts[place] = (counts[place] ?? 0) + 1;
    return counts;
  });
}

/** The pattern cut at slashes, with the wildcard after each piece containing the given number of them. */
function cut(pieces: Pieces, slashes: readonly number[]): readonly Pieces[] {
  const segments: string[][] = [];
  let last: string[] = [];
  for (const [index, piece] of pieces.entries()) {
    const parts = piece.includes('/') ? piece.split('/') : [piece];
    for (const [place, part] of parts.entries()) {
      if (place === 0) {
        last.push(part);
        continue;
      }
      segments.push(last);
      last = [part];
    }
    for (let inside = slashes[index] ?? 0; inside > 0; inside -= 1) {
      segments.push([...last, '']);
      last = [''];
    }
  }
  return [...segments, last];
}

function partMatch(pieces: Pieces, whole: TextMatch): TextMatch {
  const [first = '', ...rest] = pieces;
  const last = rest.at(-1) ?? '';
  const folded = 'ignoreCase' in whole && whole.ignoreCase ? { ignoreCase: true } : {};
  if (rest.length === 0) return { kind: 'Exact', value: first, ...folded };
  if (pieces.every((piece) => piece === '')) return { kind: 'Present' };
  if (rest.length === 1 && last === '') return { kind: 'Prefix', value: first, ...folded };
  if (rest.length === 1 && first === '') return { kind: 'Suffix', value: last, ...folded };
  return { kind: 'Glob', value: pieces.join('*') };
}
