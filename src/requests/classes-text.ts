import { classify } from './classes.ts';
import { maximumSteps, reachableTexts, type ReachableTexts } from './classes-text-automaton.ts';
import { TextIndex } from './classes-text-index.ts';
import type { PathMatch } from './matches-text.ts';

/**
 * Which texts occur: any that is not empty, any, one without `/` (part of an identity), one that begins with `/` (a
 * path).
 */
export type TextKind = 'NotEmpty' | 'Any' | 'Segment' | 'Path';

/**
 * A class of texts. An open one is the beginning of a text that any of the ends may follow: combining them only where a
 * request is built keeps the number of classes at the sum of beginnings and ends rather than their product.
 */
export interface Form {
  readonly text: string;
  readonly open: boolean;
}

/** The classes of one text fact. */
export interface TextClasses {
  readonly forms: readonly Form[];
  /** What may follow an open form. */
  readonly ends: readonly string[];
  /**
   * By the number of the matcher: the forms it holds for whatever the end, and the ends that make it hold after any
   * open form.
   */
  readonly holds: readonly { readonly forms: bigint; readonly ends: bigint }[];
}

/** Whether a text of this kind can be. */
export function occurs(kind: TextKind, text: string): boolean {
  switch (kind) {
    case 'NotEmpty':
      return text !== '';
    case 'Any':
      return true;
    case 'Segment':
      return text !== '' && !text.includes('/');
    case 'Path':
      return text.startsWith('/');
  }
}

/**
 * Classes of texts, `usual` texts first. Under exact values, prefixes and suffixes a text that equals no value is told
 * from others only by its longest prefix and its longest suffix, so the values, and each prefix and each suffix joined
 * by a character that no value has, are all there is. Patterns in between, and values some of which ignore case, need
 * the automaton in addition, which gives up after so many `steps` with RequestSpaceTooLarge.
 */
export function textClasses(
  kind: TextKind,
  matches: readonly PathMatch[],
  usual: readonly string[],
  steps = maximumSteps,
): TextClasses {
  const joint = unusedCharacter(matches);
  const suffixes = matches.filter(isSuffix);
  const reached = isPlain(matches)
    ? plainTexts(kind, matches, joint)
    : reachableTexts(kind, matches, joint, isSuffix, steps);
  const ends = isPlain(suffixes)
    ? values(suffixes, 'Suffix')
    : reachableTexts('Any', suffixes, joint, () => false, steps).whole;
  const beginning = kind === 'Path' ? `/${joint}` : joint;
  const index = new TextIndex(matches);
  const readable = [...usual, ...examples(matches)].filter((text) => occurs(kind, text));
  const whole = [...readable, ...reached.whole].map((text): Form => ({ text, open: false }));
  const open = reached.open.map((text): Form => ({ text, open: true }));
  const forms = classify(
    [...whole, ...open],
    matches.length,
    ({ text, open: isOpen }) => index.holding(text).filter((number) => !isOpen || !isSuffix(matches[number])),
    ({ open: isOpen }) => String(isOpen),
  );
  const endClasses = classify(
    ['', ...ends].filter((end) => occurs(kind, beginning + end)),
    matches.length,
    (end) => index.holding(beginning + end).filter((number) => isSuffix(matches[number])),
  );
  return {
    forms: forms.representatives,
    ends: endClasses.representatives,
    holds: matches.map((_, number) => ({ forms: forms.holds[number] ?? 0n, ends: endClasses.holds[number] ?? 0n })),
  };
}

function isSuffix(match: PathMatch | undefined): boolean {
  return match?.kind === 'Suffix';
}

function isPlain(matches: readonly PathMatch[]): boolean {
  const valued = matches.filter((match) => match.kind !== 'Present');
  const cases = new Set(valued.map((match) => 'ignoreCase' in match && match.ignoreCase));
  return (
    cases.size <= 1 &&
    valued.every((match) => match.kind === 'Exact' || match.kind === 'Prefix' || match.kind === 'Suffix')
  );
}

function plainTexts(kind: TextKind, matches: readonly PathMatch[], joint: string): ReachableTexts {
  const prefixes = ['', ...(kind === 'Path' ? ['/'] : []), ...values(matches, 'Prefix')];
  const whole = ['', ...values(matches, 'Exact')];
  return {
    whole: whole.filter((text) => occurs(kind, text)),
    open: prefixes.map((prefix) => prefix + joint).filter((text) => occurs(kind, text)),
  };
}

function values(matches: readonly PathMatch[], kind: PathMatch['kind']): readonly string[] {
  return [...new Set(matches.flatMap((match) => (match.kind === kind && 'value' in match ? [match.value] : [])))];
}

/** Texts that read well, to be named rather than others of their class. */
function examples(matches: readonly PathMatch[]): readonly string[] {
  return [
    ...values(matches, 'Exact'),
    ...values(matches, 'Template').flatMap(instances),
    ...values(matches, 'Glob').map((glob) => glob.replaceAll('*', '')),
    ...values(matches, 'Prefix').flatMap((prefix) => [prefix, `${prefix}other`]),
    ...values(matches, 'Suffix').flatMap((suffix) => [`other${suffix}`, `/other${suffix}`]),
  ];
}

/** Paths that a template stands for. */
function instances(template: string): readonly string[] {
  const single = template.replaceAll('{*}', 'item');
  return [single.replaceAll('{**}', 'some/item'), single.replaceAll('{**}', '')];
}

/** A character that occurs in no value, in neither case: the most readable one that is left. */
function unusedCharacter(matches: readonly PathMatch[]): string {
  const used = new Set(matches.flatMap((match) => ('value' in match ? Array.from(match.value.toLowerCase()) : [])));
  const readable = Array.from('xzqjkvwy0123456789abcdefghilmnoprstu').find((character) => !used.has(character));
  return readable ?? unusedBeyond(used);
}

/** Letters without case from U+4E00 on. */
function unusedBeyond(used: ReadonlySet<string>): string {
  let code = 0x4e00;
  while (used.has(String.fromCodePoint(code))) code += 1;
  return String.fromCodePoint(code);
}
