import { asEscape, unobeyed } from '../../base/ci-commands.ts';
import { printable } from '../../base/printable.ts';
import type { Host, Output } from '../host.ts';

/** What a part of a line is like. */
export type Tone = 'good' | 'bad' | 'busy' | 'dim' | 'strong';

/** A part of a line; `text` may be anybody's. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

/** One line, before anybody knows where it is printed. */
export type Line = readonly Span[];

/** Select Graphic Rendition, by ECMA-48. */
const codes: Readonly<Record<Tone, number>> = { good: 32, bad: 31, busy: 33, dim: 2, strong: 1 };

/** Whether colours are seen and wanted (no-color.org). */
export function hasColours(output: Output, env: Host['env']): boolean {
  return output.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** The text of a line, in which nothing acts on a terminal or a runner of CI but the colours, if there are any. */
export function painted(line: Line, colours: boolean): string {
  const parts = line.map(({ text, tone }) => {
    const plain = printable(unobeyed(text, asEscape)).replaceAll('\n', ' ');
    return colours && tone !== undefined ? `\u001B[${codes[tone]}m${plain}\u001B[0m` : plain;
  });
  return parts.join('').trimEnd();
}

/** How many columns a line takes. */
export function widthOf(line: Line): number {
  return painted(line, false).length;
}
