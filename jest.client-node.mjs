import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;

/** What `src/kube` imports of the library; types need not be said. */
const names = [
  'CoordinationV1Api',
  'EventsV1Api',
  'EventsV1Event',
  'KubeConfig',
  'ResponseContext',
  'ServerConfiguration',
  'V1Lease',
  'V1LeaseSpec',
  'V1MicroTime',
  'V1ObjectMeta',
  'V1ObjectReference',
  'createConfiguration',
  'wrapHttpLibrary',
];

/** Packages in CommonJS call `require` for Node's own modules; an ES module has none unless it is made. */
const requireForCommonJs =
  'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);';

/**
 * The path of @kubernetes/client-node as one file, made when it is not there yet. The library is a thousand modules,
 * and Jest loads modules anew for each test file: a third of the time of a small one.
 */
export async function clientNode() {
  const library = await readFile(join(root, 'node_modules/@kubernetes/client-node/package.json'), 'utf8');
  const key = createHash('sha256')
    .update(JSON.stringify([library, names, requireForCommonJs]))
    .digest('hex')
    .slice(0, 16);
  const file = join(root, `node_modules/.cache/mesh-migration-operator/client-node-${key}.mjs`);
  if (existsSync(file)) return file;
  const unfinished = `${file}.${process.pid}`;
  await mkdir(join(file, '..'), { recursive: true });
  await build({
    absWorkingDir: root,
    stdin: { contents: `export { ${names.join(', ')} } from '@kubernetes/client-node';`, resolveDir: root },
    outfile: unfinished,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    keepNames: true,
    logLevel: 'warning',
    banner: { js: requireForCommonJs },
  });
  await rename(unfinished, file);
  return file;
}
