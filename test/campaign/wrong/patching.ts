import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A text of a file of the operator that is another one in a copy. */
export interface Edit {
  /** Below src. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const source = join(import.meta.dirname, '../../../src');

/** The URL of a file of the operator. */
export function urlOf({ file }: Pick<Edit, 'file'>): string {
  return pathToFileURL(join(source, file)).href;
}

/** A patch that does not apply any more is no wrong operator. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}

/** The text with one of its sentences exchanged; it has to stand there exactly once. */
export function edited(text: string, { file, from, to }: Edit): string {
  const found = text.split(from).length - 1;
  if (found !== 1) throw new PatchError(`${file}: found ${String(found)} times instead of once: ${from}`);
  // Not as a pattern: a replacement may have dollar signs in it.
  return text.replace(from, () => to);
}

/** The texts of all files that the edits are about, as they are with these. */
export function patchedFiles(edits: readonly Edit[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const edit of edits) {
    const text = files.get(urlOf(edit)) ?? readFileSync(join(source, edit.file), 'utf8');
    files.set(urlOf(edit), edited(text, edit));
  }
  return files;
}
