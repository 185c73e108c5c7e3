import { lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { offersFolder } from '../../mesh/istio/policy/translate/offers-overlay.ts';
import type { OverlayFile } from '../../mesh/istio/policy/translate/overlay.ts';
import { UsageError } from '../usage-error.ts';

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

/** Until all of it is written nothing of an earlier run is touched: a disk may be full, or a name too long for it. */
async function writeBeside(draft: string, files: readonly OverlayFile[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(dirname(join(draft, path)), { recursive: true });
    await writeFile(join(draft, path), `${firstLine(path)}\n${text}`, { flag: 'wx' });
  }
}

/** Puts what is written in the place of what was there: each file is the old or the new one at any time. */
async function swap(
  directory: string,
  draft: string,
  files: readonly OverlayFile[],
  stale: readonly string[],
): Promise<void> {
  for (const { path } of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await rename(join(draft, path), join(directory, path));
  }
  const paths = new Set(files.map(({ path }) => normalize(path)));
  const left = stale.filter((name) => !paths.has(name));
  for (const name of left) await rm(join(directory, name));
  const isOffer = (name: string): boolean => dirname(name) === offersFolder;
  if (left.some(isOffer) && ![...paths].some(isOffer)) await rmdir(join(directory, offersFolder));
}

/**
 * Writes the overlay into a directory that is new, empty, or all from an earlier run, whose files it replaces: one that
 * is no longer needed must not be applied with the others. It is written whole or not at all. Links are not followed.
 * Returns the names of the files.
 */
export async function writeOverlay(directory: string, files: readonly OverlayFile[]): Promise<readonly string[]> {
  refuseEscapes(directory, files);
  await refuseLinks(directory);
  const stale = await earlier(directory);
  let made: string | undefined;
  let draft: string | undefined;
  try {
    made = await mkdir(directory, { recursive: true });
    // In the directory itself: what is beside it need not be writable, nor on the same disk.
    draft = await mkdtemp(join(directory, '.mesh-migration-plan-'));
    await writeBeside(draft, files);
    await swap(directory, draft, files, stale);
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw new UsageError(`cannot write to ${directory}: ${(error as Error).message}`);
  } finally {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true });
  }
  return files.map(({ path }) => path);
}
