import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packagesIn, thirdPartyLicenses } from './licenses.ts';

/**
 * `npm run build` makes the contents of the image: one file to run, its source map, the licences of what is in it, an
 * SBOM.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** Packages in CommonJS call `require` for Node's own modules; an ES module has none unless it is made. */
const requireForCommonJs =
  'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);';

async function main(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/operator/main.ts'],
    outfile: 'dist/operator.mjs',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: true,
    keepNames: true,
    metafile: true,
    logLevel: 'warning',
    banner: { js: requireForCommonJs },
  });
  await writeFile(join(dist, 'THIRD_PARTY_LICENSES.txt'), await thirdPartyLicenses(root, packagesIn(metafile)));
  await writeFile(
    join(dist, 'sbom.cdx.json'),
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], { cwd: root, maxBuffer: 2 ** 26 }),
  );
  process.stdout.write(`built ${dist}\n`);
}

await main();
