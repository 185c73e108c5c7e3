import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OverlayFile } from '../../mesh/istio/policy/translate/overlay.ts';
import { UsageError } from '../usage.ts';

/** First line of every file that is written, by which it is known later as one that may be replaced. */
const marker = '# Written by mesh-migration plan, which replaces this file when it writes here again.';

async function isOurs(file: string): Promise<boolean> {
  return (await readFile(file, 'utf8')).startsWith(`${marker}\n`);
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory, { withFileTypes: true })).map((entry) => (entry.isFile() ? entry.name : `${entry.name}/`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError(`cannot write to ${directory}: ${(error as Error).message}`);
  }
}

/** The files of an earlier run; the directory is empty, or every file in it is one of them. */
async function earlier(directory: string): Promise<readonly string[]> {
  const entries = await entriesOf(directory);
  for (const name of entries) {
    if (name.endsWith('/') || !(await isOurs(join(directory, name)))) throw new UsageError(`${directory} is not empty, and ${name} is not from an earlier run: nothing is written`);
  }
  return entries;
}

/**
 * Writes the overlay into a directory that is new, empty, or all from an earlier run, whose files it replaces: one that is no
 * longer needed must not be applied with the others. Returns the names of the files.
 */
export async function writeOverlay(directory: string, files: readonly OverlayFile[]): Promise<readonly string[]> {
  const stale = await earlier(directory);
  try {
    await mkdir(directory, { recursive: true });
    for (const name of stale) await rm(join(directory, name));
    for (const { path, text } of files) await writeFile(join(directory, path), `${marker}\n${text}`, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(`cannot write to ${directory}: ${(error as Error).message}`);
  }
  return files.map(({ path }) => path);
}
