import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Thrown while building when a bundled package carries no licence text: the image must not be shipped without it. */
export class MissingLicenseError extends Error {
  override readonly name = 'MissingLicenseError';
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

const packageFolder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** The folders of the packages whose files are in a bundle, sorted. */
export function packagesIn(metafile: Metafile): readonly string[] {
  const folders = Object.keys(metafile.inputs)
    .map((file) => packageFolder.exec(file)?.[1])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)].sort();
}

/**
 * The licence file of a package, or, where it has none, its declaration in package.json: that too is what its author
 * gave.
 */
async function licenseText(folder: string, { name, license }: PackageJson): Promise<string> {
  const file = (await readdir(folder)).sort().find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (file !== undefined) return await readFile(join(folder, file), 'utf8');
  if (license !== undefined) return `Declared in package.json: ${license}`;
  throw new MissingLicenseError(`${name} has neither a licence file nor a licence in its package.json`);
}

async function section(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageJson;
  return `${manifest.name} ${manifest.version}\n\n${(await licenseText(folder, manifest)).trim()}\n`;
}

/** One text with the licences of all these packages (folders relative to `root`). */
export async function thirdPartyLicenses(root: string, folders: readonly string[]): Promise<string> {
  const sections = await Promise.all(folders.map((folder) => section(join(root, folder))));
  return sections.join(`\n${'-'.repeat(80)}\n\n`);
}
