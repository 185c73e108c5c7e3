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
    case 'Any': return true;
    case 'PathSegment': return segmentCharacter.test(character);
    case 'Path': return character === '/' || segmentCharacter.test(character);
  }
}

/** Whether the text matches. */
export function textMatches(match: PathMatch, text: string): boolean {
  return textMatcher(match)(text);
}

/** The match as a function. `Present` wants a text that is not empty: istiod turns `*` into the regular expression `.+` (authz/matcher/string.go). */
export function textMatcher(match: PathMatch): (text: string) => boolean {
  if (match.kind === 'Present') return (text) => text !== '';
  if (match.kind === 'Glob' || match.kind === 'Template') {
    const expression = regularExpression(pattern(match));
    return (text) => expression.test(text);
  }
  const folded = 'ignoreCase' in match && match.ignoreCase ? (text: string): string => text.toLowerCase() : (text: string): string => text;
  const value = folded(match.value);
  switch (match.kind) {
    case 'Exact': return (text) => folded(text) === value;
    case 'Prefix': return (text) => folded(text).startsWith(value);
    case 'Suffix': return (text) => folded(text).endsWith(value);
  }
}

/** The match as a list of steps; every kind has one, so that an automaton can be made of any of them. */
export function pattern(match: PathMatch): readonly PatternItem[] {
  switch (match.kind) {
    case 'Exact': return literal(match.value);
    case 'Prefix': return [...literal(match.value), anything];
    case 'Suffix': return [anything, ...literal(match.value)];
    case 'Present': return [{ ...anything, atLeastOne: true }];
    case 'Glob': return match.value.split('*').flatMap((part, index) => (index === 0 ? literal(part) : [anything, ...literal(part)]));
    case 'Template': return templatePattern(match.value);
  }
}

const anything: Extract<PatternItem, { kind: 'Run' }> = { kind: 'Run', of: 'Any', atLeastOne: false };

/** istiod strips the braces, so that Envoy reads `*` as one segment and `**` as any text of path characters (authz/matcher/template.go). */
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

const runExpression = { Any: '[^]', PathSegment: segmentCharacter.source, Path: `(?:/|${segmentCharacter.source})` } as const;

function regularExpression(items: readonly PatternItem[]): RegExp {
  const source = items.map((item) => {
    if (item.kind === 'Character') return item.character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return `${runExpression[item.of]}${item.atLeastOne ? '+' : '*'}`;
  });
  return new RegExp(`^${source.join('')}$`);
}
