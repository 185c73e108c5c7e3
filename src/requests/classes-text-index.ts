import { spend } from '../base/effort.ts';
import { pattern, textMatcher, type PathMatch } from './matches-text.ts';

/**
 * Finds which of many text matches hold for a text without trying each: exact values, prefixes and suffixes are looked
 * up, only patterns are tried one by one.
 */
export class TextIndex {
  private readonly tables = new Map<string, Table>();
  private readonly others: Pattern[] = [];

  /** A match is named by its place in the list. */
  constructor(matches: readonly PathMatch[]) {
    for (const [number, match] of matches.entries()) this.add(match, number);
  }

  /** The numbers of the matches that hold, ascending. */
  holding(text: string): readonly number[] {
    spend(this.others.length + 1);
    const found = this.others
      .filter(({ head, matches }) => text.startsWith(head) && matches(text))
      .map(({ number }) => number);
    for (const table of this.tables.values()) {
      const folded = table.ignoreCase ? text.toLowerCase() : text;
      for (const length of table.kind === 'Exact' ? [folded.length] : table.lengths) {
        if (length > folded.length) continue;
        spend(1 + length / 32);
        for (const number of table.values.get(piece(table.kind, folded, length)) ?? []) found.push(number);
      }
    }
    return found.sort((a, b) => a - b);
  }

  private add(match: PathMatch, number: number): void {
    if (match.kind !== 'Exact' && match.kind !== 'Prefix' && match.kind !== 'Suffix') {
      this.others.push({ number, head: literalHead(match), matches: textMatcher(match) });
      return;
    }
    const { kind, ignoreCase = false } = match;
    const value = ignoreCase ? match.value.toLowerCase() : match.value;
    const table: Table = this.tables.get(`${kind} ${ignoreCase}`) ?? {
      kind,
      ignoreCase,
      lengths: new Set(),
      values: new Map(),
    };
    this.tables.set(`${kind} ${ignoreCase}`, table);
    table.lengths.add(value.length);
    const same = table.values.get(value);
    if (same === undefined) table.values.set(value, [number]);
    else same.push(number);
  }
}

/** A match that is tried, but only on texts that begin like it. */
interface Pattern {
  readonly number: number;
  readonly head: string;
  readonly matches: (text: string) => boolean;
}

function literalHead(match: PathMatch): string {
  const items = pattern(match);
  const end = items.findIndex(({ kind }) => kind === 'Run');
  return items
    .slice(0, end < 0 ? items.length : end)
    .map((item) => (item.kind === 'Character' ? item.character : ''))
    .join('');
}

/** Matches of one kind by their value. */
interface Table {
  readonly kind: 'Exact' | 'Prefix' | 'Suffix';
  readonly ignoreCase: boolean;
  readonly lengths: Set<number>;
  readonly values: Map<string, number[]>;
}

function piece(kind: Table['kind'], text: string, length: number): string {
  return kind === 'Suffix' ? text.slice(text.length - length) : text.slice(0, length);
}
