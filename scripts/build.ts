import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packagesIn, thirdPartyLicenses } from './licenses.ts';

/**
 * `npm run build` makes the contents of the image: the operator and the command line, a file to run of each with its
 * source map, the licences of what is in them, an SBOM.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** Packages in CommonJS call `require` for Node's own modules; an ES module has none unless it is made. */
const requireForCommonJs =
  'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);';

interface Program {
  readonly entry: string;
  readonly file: string;
  readonly target: string;
}

/** The image has its own Node.js; the command line runs on that of whoever installs it (`engines` in package.json). */
const programs: readonly Program[] = [
  { entry: 'src/operator/main.ts', file: 'operator.mjs', target: 'node24' },
  { entry: 'src/cli/main.ts', file: 'mesh-migration.mjs', target: 'node22' },
];

/** Makes one file of a program, and returns the folders of the packages in it. */
async function bundled({ entry, file, target }: Program): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(dist, file),
    bundle: true,
    platform: 'node',
    target,
    format: 'esm',
    sourcemap: true,
    keepNames: true,
    metafile: true,
    logLevel: 'warning',
    banner: { js: requireForCommonJs },
  });
  await chmod(join(dist, file), 0o755);
  return packagesIn(metafile);
}

async function main(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const packages = await Promise.all(programs.map(bundled));
  await writeFile(
    join(dist, 'THIRD_PARTY_LICENSES.txt'),
    await thirdPartyLicenses(root, [...new Set(packages.flat())].sort()),
  );
  await writeFile(
    join(dist, 'sbom.cdx.json'),
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], { cwd: root, maxBuffer: 2 ** 26 }),
  );
  process.stdout.write(`built ${dist}\n`);
}

await main();
