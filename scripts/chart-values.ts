import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** What of a JSON schema the chart uses. */
export interface ValueSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly items?: ValueSchema;
  readonly additionalProperties?: boolean | ValueSchema;
}

const schemaFile = join(import.meta.dirname, '..', 'deploy', 'helm', 'values.schema.json');

/** deploy/helm/values.schema.json, from which values and their reference are made. */
export function valuesSchema(): ValueSchema {
  return JSON.parse(readFileSync(schemaFile, 'utf8')) as ValueSchema;
}

/** A group of values has no default of its own. */
function isGroup({ default: fallback, properties }: ValueSchema): boolean {
  return fallback === undefined && properties !== undefined;
}

function yamlLines(schema: ValueSchema, indent: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const comment = `${indent}# ${field.description ?? ''}`;
    if (isGroup(field)) return [comment, `${indent}${name}:`, ...yamlLines(field, `${indent}  `)];
    // Without a default it is nothing that a user sets.
    return field.default === undefined ? [] : [comment, `${indent}${stringify({ [name]: field.default }).trimEnd()}`];
  });
}

/** deploy/helm/values.yaml: every default, with its description. */
export function valuesYaml(schema: ValueSchema): string {
  const title = '# Generated from values.schema.json by `npm run generate`: do not edit.';
  return `${[title, ...yamlLines(schema, '')].join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

function typeName({ type, enum: values }: ValueSchema): string {
  if (values !== undefined) return values.map((value) => (value === '' ? 'empty' : `\`${value}\``)).join(', ');
  return String(type ?? '');
}

function rows(schema: ValueSchema, prefix: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    if (isGroup(field)) return rows(field, `${path}.`);
    if (field.default === undefined) return [];
    const fallback = `\`${JSON.stringify(field.default)}\``;
    return [`| \`${path}\` | ${cell(typeName(field))} | ${fallback} | ${cell(field.description ?? '')} |`];
  });
}

/** docs/reference/helm.md: every value of the chart. */
export function valuesReference(schema: ValueSchema): string {
  return [
    '# Values of the chart',
    '',
    '<!-- Generated from deploy/helm/values.schema.json by `npm run generate`: do not edit. -->',
    '',
    'How to use them is in [Install](../guides/install.md). Helm refuses a value that is not here.',
    '',
    '| Value | Type | Default | Meaning |',
    '|---|---|---|---|',
    ...rows(schema, ''),
    '',
  ].join('\n');
}
