import { lstat, mkdir, readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
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

/**
 * Names with `/` behind those of directories and `@` behind those of anything else that is no file, as `ls -F` has it:
 * a link is neither.
 */
async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory, { withFileTypes: true })).map((entry) =>
      entry.isFile() ? entry.name : `${entry.name}${entry.isDirectory() ? '/' : '@'}`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError(`cannot write to ${directory}: ${(error as Error).message}`);
  }
}

/**
 * Each directory from the working directory to a relative path; of an absolute one only itself, because what is above
 * it is the user's.
 */
function ways(directory: string): readonly string[] {
  if (isAbsolute(directory)) return [resolve(directory)];
  const parts = normalize(directory)
    .split(sep)
    .filter((part) => part !== '');
  return parts.map((_, index) => parts.slice(0, index + 1).join(sep));
}

/** A link in a working tree is content of Git: it would let whoever commits it choose where the user writes. */
async function refuseLinks(directory: string): Promise<void> {
  for (const way of ways(directory)) {
    const isLink = await lstat(way).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    if (isLink)
      throw new UsageError(`cannot write to ${directory}: ${way} is a link; name the directory that it leads to`);
  }
}

/** Paths are made of names that come from manifests: none may lead out of the directory, whatever made it. */
function refuseEscapes(directory: string, files: readonly OverlayFile[]): void {
  const root = resolve(directory);
  for (const { path } of files) {
    const within = relative(root, resolve(root, path));
    const isBelow = !isAbsolute(path) && within !== '' && within === normalize(path) && within.split(sep)[0] !== '..';
    if (!isBelow)
      throw new UsageError(`cannot write to ${directory}: the file ${JSON.stringify(path)} is not below it`);
  }
}

/**
 * The files of an earlier run; the directory is empty, or every file in it, and in its folder of offers, is one of
 * them.
 */
async function earlier(directory: string): Promise<readonly string[]> {
  const entries = await entriesOf(directory);
  const own = entries.filter((name) => name !== `${offersFolder}/`);
  const offered =
    own.length < entries.length
      ? (await entriesOf(join(directory, offersFolder))).map((name) => join(offersFolder, name))
      : [];
  for (const name of [...own, ...offered]) {
    if (/[/@]$/.test(name) || !(await isOurs(join(directory, name))))
      throw new UsageError(`${directory} is not empty, and ${name} is not from an earlier run: nothing is written`);
  }
  return [...own, ...offered];
}

/**
 * Writes the overlay into a directory that is new, empty, or all from an earlier run, whose files it replaces: one that
 * is no longer needed must not be applied with the others. Links are not followed. Returns the names of the files.
 */
export async function writeOverlay(directory: string, files: readonly OverlayFile[]): Promise<readonly string[]> {
  refuseEscapes(directory, files);
  await refuseLinks(directory);
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
