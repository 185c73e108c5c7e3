import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { goModule } from '../test/cluster/binaries.ts';

/**
 * `npm run schemas` takes the schemas of Istio's and the Gateway API's CRDs over into test/sim/schemas, from the Go
 * modules that ring 3 is built of. Needs Go.
 */
const target = join(import.meta.dirname, '..', 'test', 'sim', 'schemas');

/** Where the CRDs are, and whose work they are. */
const sources = [
  { path: 'istio.io/istio', folder: 'manifests/charts/base/files', authors: 'Istio Authors' },
  { path: 'sigs.k8s.io/gateway-api', folder: 'config/crd/standard', authors: 'The Kubernetes Authors' },
] as const;

interface Definition {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames?: readonly string[] };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: object };
    }[];
  };
}

/** `properties` is a map: what is called `description` there is a field. */
function withoutDescriptions(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutDescriptions(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => isMap || key !== 'description')
      .map(([key, member]) => [key, withoutDescriptions(member, key === 'properties' && !isMap)]),
  );
}

async function definitionsIn(folder: string): Promise<readonly Definition[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => document.toJS() as Definition | null)
    .filter((object) => object !== null)
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
}

/** All served versions of a kind have one schema, in both projects; `source` is its module and version. */
function compact({ metadata, spec }: Definition, source: string): string {
  const { group, scope, names } = spec;
  const served = spec.versions.filter((version) => version.served);
  const [schema, ...others] = served.map((version) => withoutDescriptions(version.schema.openAPIV3Schema));
  if (!others.every((other) => isDeepStrictEqual(other, schema)))
    throw new Error(`the versions of ${metadata.name} have different schemas: keep one for each version`);
  const { kind, plural, shortNames } = names;
  const versions = served.map(({ name }) => name);
  const head = JSON.stringify({ source, group, kind, plural, shortNames, scope, versions });
  return `${head.slice(0, -1)},\n"schema":${JSON.stringify(schema)}}\n`;
}

function notice(versions: readonly string[]): string {
  return [
    'The JSON files of this folder are made of CustomResourceDefinitions of other projects by `npm run schemas`:',
    'descriptions and what is not about the form of objects are left out.',
    '',
    ...sources.map(({ path, authors }, index) => `${path} ${versions[index] ?? ''}, Copyright ${authors}`),
    '',
    'Both are licensed under the Apache License, Version 2.0; its text is in the file LICENSE of this repository.',
    '',
  ].join('\n');
}

async function main(signal: AbortSignal): Promise<void> {
  const modules = await Promise.all(sources.map(({ path }) => goModule('istio', path, signal)));
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  for (const [index, { path, folder }] of sources.entries()) {
    const { Dir = '', Version = '' } = modules[index] ?? {};
    for (const definition of await definitionsIn(join(Dir, folder)))
      await writeFile(join(target, `${definition.metadata.name}.json`), compact(definition, `${path} ${Version}`));
  }
  await writeFile(join(target, 'NOTICE'), notice(modules.map(({ Version }) => Version)));
}

await main(new AbortController().signal);
