import { blanks, trimmedEnd } from './trimmed.ts';

/** A command up to where a sentence or a list goes on; what is quoted may hold anything. */
export const commandText = /kubectl (?:'[^']*'|[^'.;]|[.;](?!\s|$))+/g;

/** Where the commands stand that a text has no room for. */
const elsewhere = ' What to do stands in docs/runbook.md and docs/findings.md';

/**
 * As much of a text as has room, and never a part of a command: half of one would do something else. Where a command is
 * left out, `rest` says where all of it stands.
 */
export function cutText(text: string, room: number, rest = elsewhere): string {
  if (text.length <= room) return text;
  const spans = [...text.matchAll(commandText)].map(({ 0: { length }, index }) => ({
    start: index,
    end: index + length,
  }));
  const cutAt = (most: number): number => spans.find(({ start, end }) => start < most && end > most)?.start ?? most;
  const plain = Math.max(0, room - 1);
  if (!spans.some(({ end }) => end > plain)) return ending(text, plain);
  return rest.length > plain ? ending(text, cutAt(plain)) : `${ending(text, cutAt(plain - rest.length))}${rest}`;
}

function ending(text: string, end: number): string {
  return `${trimmedEnd(text.slice(0, end), `${blanks}:;,.`)}…`;
}
