import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { customResourceDefinition } from '../src/api/crd.ts';
import { kinds } from '../src/api/kinds.ts';
import { waysOutTable } from '../src/engine/ways-out-table.ts';
import { metricsReference } from './metrics-reference.ts';
import { chartTemplates, type TextFile } from './chart.ts';
import { valuesReference, valuesSchema, valuesYaml } from './chart-values.ts';
import { apiReference } from './reference.ts';

/**
 * `npm run generate` writes what follows from src/api, from the ways out of src/engine and, for the chart, from the files
 * of kustomize; with `--check` it only names those that are stale.
 */
const root = join(import.meta.dirname, '..');

/** Go reads YAML 1.1, where more words are booleans and numbers than in 1.2: `compat` quotes those as well. */
const yamlOptions = { lineWidth: 120, compat: 'yaml-1.1' } as const;

/** The text with what is between the two marks exchanged; the rest is written by hand. */
async function withTable(path: string, table: string): Promise<TextFile> {
  const [begin, end] = ['<!-- generated: ways out -->', '<!-- end of generated -->'];
  const text = await readFile(join(root, path), 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has lost its marks ${begin} and ${end}`);
  return { path, text: `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}` };
}

async function generatedFiles(): Promise<readonly TextFile[]> {
  const crds = kinds.map((definition) => ({
    path: `crds/${definition.resource.group}_${definition.resource.plural}.yaml`,
    text: `# Generated from src/api by \`npm run generate\`: do not edit.\n${stringify(customResourceDefinition(definition), yamlOptions)}`,
  }));
  return [
    ...crds,
    { path: 'docs/reference/api.md', text: apiReference(kinds) },
    { path: 'docs/reference/metrics.md', text: metricsReference() },
    { path: 'deploy/helm/values.yaml', text: valuesYaml(valuesSchema()) },
    { path: 'docs/reference/helm.md', text: valuesReference(valuesSchema()) },
    ...chartTemplates(crds),
    await withTable('docs/runbook.md', waysOutTable()),
  ];
}

async function isStale(file: TextFile): Promise<boolean> {
  const present = await readFile(join(root, file.path), 'utf8').catch(() => undefined);
  return present !== file.text;
}

async function main(check: boolean): Promise<void> {
  for (const file of await generatedFiles()) {
    if (!(await isStale(file))) continue;
    if (check) {
      process.stderr.write(`${file.path} is stale: run \`npm run generate\`\n`);
      process.exitCode = 1;
      continue;
    }
    await mkdir(dirname(join(root, file.path)), { recursive: true });
    await writeFile(join(root, file.path), file.text);
    process.stdout.write(`wrote ${file.path}\n`);
  }
}

await main(process.argv.includes('--check'));
