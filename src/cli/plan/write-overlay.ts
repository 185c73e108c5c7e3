import { mkdir, readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { offersFolder } from '../../mesh/istio/policy/translate/offers-overlay.ts';
import type { OverlayFile } from '../../mesh/istio/policy/translate/overlay.ts';
import { UsageError } from '../usage.ts';

/** By this, in the first line of every file that is written, it is known later as one that may be replaced. */
const marker = 'Written by mesh-migration plan, which replaces this file when it writes here again.';

function firstLine(path: string): string {
  return path.endsWith('.md') ? `<!-- ${marker} -->` : `# ${marker}`;
}

async function isOurs(file: string): Promise<boolean> {
  return (await readFile(file, 'utf8')).startsWith(`${firstLine(file)}\n`);
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory, { withFileTypes: true })).map((entry) => (entry.isFile() ? entry.name : `${entry.name}/`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError(`cannot write to ${directory}: ${(error as Error).message}`);
  }
}

/** The files of an earlier run; the directory is empty, or every file in it, and in its folder of offers, is one of them. */
async function earlier(directory: string): Promise<readonly string[]> {
  const entries = await entriesOf(directory);
  const own = entries.filter((name) => name !== `${offersFolder}/`);
  const offered = own.length < entries.length ? (await entriesOf(join(directory, offersFolder))).map((name) => join(offersFolder, name)) : [];
  for (const name of [...own, ...offered]) {
    if (name.endsWith('/') || !(await isOurs(join(directory, name)))) throw new UsageError(`${directory} is not empty, and ${name} is not from an earlier run: nothing is written`);
  }
  return [...own, ...offered];
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
    if (stale.some((name) => dirname(name) === offersFolder)) await rmdir(join(directory, offersFolder));
    for (const { path, text } of files) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), `${firstLine(path)}\n${text}`, { flag: 'wx' });
    }
  } catch (error) {
    throw new UsageError(`cannot write to ${directory}: ${(error as Error).message}`);
  }
  return files.map(({ path }) => path);
}
