import type { AuditFinding } from '../audit/report.ts';
import type { Source, Unreadable } from '../manifests/manifest.ts';

/** Columns of a terminal that nobody has made wider. */
const width = 100;

/** Words in lines of at most `width` columns, each after `indent`. */
export function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

function place(source: Source | Unreadable | undefined): string {
  return source === undefined ? '' : `${source.file}${source.line === undefined ? '' : `:${source.line}`}`;
}

/** A finding for people, each line after `indent`. */
export function findingLines(
  { id, severity, object, message, fix, source }: AuditFinding,
  indent = '',
): readonly string[] {
  const title = `${severity} ${id} ${object}${source === undefined ? '' : ` (${place(source)})`}`;
  return [...wrap(title, indent), ...wrap(message, `${indent}    `), ...wrap(`Fix: ${fix}`, `${indent}    `), ''];
}

/** A file or document that could not be read. */
export function unreadableLines(entry: Unreadable): readonly string[] {
  const how = entry.isMinor === true ? 'Unknown' : 'Unreadable';
  return [...wrap(`${how} ${place(entry)}: ${entry.reason}`, ''), ''];
}

/** Namespaces of which nothing is said, below a heading. */
export function leftLines(
  left: readonly { readonly name: string; readonly why: string }[],
  heading: string,
): readonly string[] {
  return left.length === 0 ? [] : [heading, ...left.flatMap(({ name, why }) => wrap(`${name}: ${why}.`, '  ')), ''];
}

/** `1 policy`, `2 policies`. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
