import { spend } from '../base/effort.ts';
import type { Matcher } from './semantics.ts';

/** What a path may be compared with: a text, or Envoy's URI template. */
export type PathMatch = Extract<Matcher, { of: 'path' }>['match'];

/** One step of a text pattern: a character that has to be there, or a run of characters of a kind. */
export type PatternItem =
  | { readonly kind: 'Character'; readonly character: string }
  | { readonly kind: 'Run'; readonly of: RunOf; readonly atLeastOne: boolean };

/** Characters of a run. `PathSegment`: what Envoy's URI template accepts within a segment; `Path`: that, and `/`. */
export type RunOf = 'Any' | 'PathSegment' | 'Path';

/**
 * The characters of a path segment to Envoy's URI template: RFC 3986 pchar without `*` and `=`
 * (envoyproxy/envoy uri_template_internal.cc, kLiteral).
 */
const segmentCharacter = /[A-Za-z0-9\-._~%!$&'()+,;:@]/;

/** Whether a run of this kind takes the character. */
export function runTakes(run: RunOf, character: string): boolean {
  switch (run) {
    case 'Any':
      return true;
    case 'PathSegment':
      return segmentCharacter.test(character);
    case 'Path':
      return character === '/' || segmentCharacter.test(character);
  }
}

/** Whether the text matches. */
export function textMatches(match: PathMatch, text: string): boolean {
  return textMatcher(match)(text);
}

/**
 * The match as a function. `Present` wants a text that is not empty: istiod turns `*` into the regular expression `.+`
 * (authz/matcher/string.go).
 */
export function textMatcher(match: PathMatch): (text: string) => boolean {
  if (match.kind === 'Present') return (text) => text !== '';
  if (match.kind === 'Glob' || match.kind === 'Template') {
    const [head, ...runs] = pieces(pattern(match));
    return (text) => holds(text, head, runs);
  }
  const folded =
    'ignoreCase' in match && match.ignoreCase
      ? (text: string): string => text.toLowerCase()
      : (text: string): string => text;
  const value = folded(match.value);
  switch (match.kind) {
    case 'Exact':
      return (text) => folded(text) === value;
    case 'Prefix':
      return (text) => folded(text).startsWith(value);
    case 'Suffix':
      return (text) => folded(text).endsWith(value);
  }
}

/** The match as a list of steps; every kind has one, so that an automaton can be made of any of them. */
export function pattern(match: PathMatch): readonly PatternItem[] {
  switch (match.kind) {
    case 'Exact':
      return literal(match.value);
    case 'Prefix':
      return [...literal(match.value), anything];
    case 'Suffix':
      return [anything, ...literal(match.value)];
    case 'Present':
      return [{ ...anything, atLeastOne: true }];
    case 'Glob':
      return match.value
        .split('*')
        .flatMap((part, index) => (index === 0 ? literal(part) : [anything, ...literal(part)]));
    case 'Template':
      return templatePattern(match.value);
  }
}

const anything: Extract<PatternItem, { kind: 'Run' }> = { kind: 'Run', of: 'Any', atLeastOne: false };

/**
 * istiod strips the braces, so that Envoy reads `*` as one segment and `**` as any text of path characters
 * (authz/matcher/template.go).
 */
function templatePattern(template: string): readonly PatternItem[] {
  return template.split(/(\{\*\*?\})/).flatMap((part): readonly PatternItem[] => {
    if (part === '{*}') return [{ kind: 'Run', of: 'PathSegment', atLeastOne: true }];
    if (part === '{**}') return [{ kind: 'Run', of: 'Path', atLeastOne: false }];
    return literal(part);
  });
}

function literal(text: string): readonly PatternItem[] {
  return Array.from(text, (character) => ({ kind: 'Character', character }));
}

/** A run, and the text that has to follow it. */
interface Piece {
  readonly of: RunOf;
  readonly atLeastOne: boolean;
  readonly after: string;
}

/** A pattern as the text that it begins with, and what follows run by run. */
function pieces(items: readonly PatternItem[]): readonly [string, ...Piece[]] {
  const runs = [...items.entries()].flatMap(([index, item]) => (item.kind === 'Run' ? [{ index, item }] : []));
  const textUpTo = (from: number, to = items.length): string =>
    items
      .slice(from, to)
      .map((item) => (item.kind === 'Character' ? item.character : ''))
      .join('');
  return [
    textUpTo(0, runs[0]?.index),
    ...runs.map(({ index, item: { of, atLeastOne } }, place) => ({
      of,
      atLeastOne,
      after: textUpTo(index + 1, runs[place + 1]?.index),
    })),
  ];
}

/**
 * Whether a text fits: all places that can be reached go on together, because trying one after the other may take
 * forever.
 */
function holds(text: string, head: string, runs: readonly Piece[]): boolean {
  if (!text.startsWith(head)) return false;
  let places: ReadonlySet<number> = new Set([head.length]);
  for (const run of runs) {
    if (places.size === 0) return false;
    spend(1 + text.length / 8);
    places = reached(text, run, places);
  }
  return places.has(text.length);
}

/** Where a run and the text after it may end if they may begin at these places. */
function reached(text: string, { of, atLeastOne, after }: Piece, places: ReadonlySet<number>): ReadonlySet<number> {
  const ends = new Set<number>();
  let runs = false;
  for (let place = 0; place <= text.length; place += 1) {
    const begins = places.has(place);
    if ((runs || (begins && !atLeastOne)) && text.startsWith(after, place)) ends.add(place + after.length);
    runs = (runs || begins) && runTakes(of, text.charAt(place));
  }
  return ends;
}
