import { letter } from './blank.ts';
import { listed } from './counted.ts';
import { printable } from './printable.ts';

/** As much of a value as a sentence has room for. */
const longest = 200;

/**
 * What could be read as a sentence or given to a shell: blanks and whatever else is no visible character, what a shell
 * takes apart by, and braces of which it makes several words.
 */
const ends = new RegExp(String.raw`(?!${letter})[^!-~]|[$\x60;|&<>]|\{(?=.*(?:,|\.\.))`, 'su');

/**
 * A value that somebody else wrote, as it is said in a sentence of ours: as far as it is one word. What comes after
 * that could be read as ours, and pasted, so it is left out.
 */
export function shown(value: string): string {
  const word = value.slice(0, longest).split(ends, 1)[0] ?? '';
  return printable(word.length < value.length ? `${word}…` : word);
}

/** The same in quotation marks; a number stands by itself. */
export function quoted(value: string | number): string {
  return typeof value === 'string' ? `"${shown(value)}"` : String(value);
}

/** Containers of a template by name: that of a kind which Kubernetes does not know may call them anything. */
export function containersNamed(names: readonly string[]): string {
  return listed(names.map((name) => `container ${shown(name)}`));
}
