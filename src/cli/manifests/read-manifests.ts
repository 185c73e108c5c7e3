import { extend } from '../../base/lists.ts';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { summariseCharts } from './charts.ts';
import { isExcluded } from './exclude.ts';
import type { Manifests, Unreadable } from './manifest.ts';
import { parseManifests } from './parse-manifests.ts';

/** A path that does not exist or cannot be opened: a mistake in the command, not in the manifests. */
export class MissingInput extends Error {}

/** Larger files are data, not manifests. */
const maxBytes = 64 * 2 ** 20;

const extensions = ['.yaml', '.yml', '.json'];

function isHidden(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

type IsLeftOut = (path: string) => boolean;

/** A file, or a directory that cannot be listed. */
type Entry = { readonly path: string } | { readonly unreadable: Unreadable };

/**
 * Manifest files below a directory, sorted by path. Links to files count, links to directories do not: they may lead in
 * a circle.
 */
async function filesBelow(directory: string, isLeftOut: IsLeftOut): Promise<readonly Entry[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const sorted = entries
    .filter(({ name }) => !isHidden(name) && !isLeftOut(join(directory, name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const nested = await Promise.all(
    sorted.map(async (entry): Promise<readonly Entry[]> => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return inside(path, isLeftOut);
      if (!extensions.some((extension) => entry.name.toLowerCase().endsWith(extension))) return [];
      return entry.isFile() || (entry.isSymbolicLink() && (await isFile(path))) ? [{ path }] : [];
    }),
  );
  return nested.flat();
}

/** The rest is looked at, whatever may not be listed. */
async function inside(directory: string, isLeftOut: IsLeftOut): Promise<readonly Entry[]> {
  try {
    return await filesBelow(directory, isLeftOut);
  } catch (error) {
    return [{ unreadable: { file: directory, reason: (error as Error).message } }];
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function filesOf(path: string, isLeftOut: IsLeftOut): Promise<readonly Entry[]> {
  try {
    return (await stat(path)).isDirectory() ? await filesBelow(path, isLeftOut) : [{ path }];
  } catch (error) {
    throw new MissingInput(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function parseBytes(file: string, bytes: Uint8Array): Manifests {
  if (bytes.byteLength > maxBytes)
    return { manifests: [], unreadable: [{ file, reason: `larger than ${maxBytes / 2 ** 20} MiB` }] };
  const text = decode(bytes);
  return text === undefined
    ? { manifests: [], unreadable: [{ file, reason: 'not UTF-8 text' }] }
    : parseManifests(file, text);
}

/** Without a byte order mark; undefined if it is another encoding or no text at all. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function readOne(file: string): Promise<Manifests> {
  try {
    return parseBytes(file, await readFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return { manifests: [], unreadable: [{ file, reason: (error as Error).message }] };
  }
}

async function standardInput(stdin: NodeJS.ReadableStream): Promise<Uint8Array> {
  try {
    return await buffer(stdin);
  } catch (error) {
    throw new MissingInput(`cannot read standard input: ${(error as Error).message}`);
  }
}

/**
 * Nothing is no clean result: a pipe that broke, or the wrong folder, would pass. A file among others of a directory
 * may be empty.
 */
function emptyInput(path: string, parts: readonly Manifests[]): readonly Unreadable[] {
  if (parts.some(({ manifests, unreadable }) => manifests.length + unreadable.length > 0)) return [];
  return [{ file: path, reason: 'there is no object of the Kubernetes API in it' }];
}

/**
 * Everything that the paths hold, in a stable order: files, directories with all below them, and `-` for `stdin`; without
 * what is excluded below a directory.
 */
export async function readManifests(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream,
  exclude: readonly string[] = [],
): Promise<Manifests> {
  const isLeftOut = isExcluded(exclude);
  const parts: Manifests[] = [];
  for (const path of new Set(paths)) {
    const found: Manifests[] = [];
    if (path === '-') found.push(parseBytes('-', await standardInput(stdin)));
    else
      for (const entry of await filesOf(path, (each) => isLeftOut(each, path)))
        found.push('path' in entry ? await readOne(entry.path) : { manifests: [], unreadable: [entry.unreadable] });
    extend(parts, [...found, { manifests: [], unreadable: emptyInput(path, found) }]);
  }
  return {
    manifests: parts.flatMap(({ manifests }) => manifests),
    unreadable: await summariseCharts(parts.flatMap((part) => part.unreadable)),
  };
}
