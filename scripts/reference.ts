import type { KindDefinition } from '../src/api/kinds.ts';
import { objectSchema } from '../src/api/crd.ts';
import type { StructuralSchema } from '../src/api/structural-schema.ts';

/** The schema of what a field holds one level down: the items of a list, the values of a map, or the field itself. */
function content(schema: StructuralSchema): StructuralSchema {
  return schema.items ?? schema.additionalProperties ?? schema;
}

function typeName(schema: StructuralSchema): string {
  if (schema.items !== undefined) return `${typeName(schema.items)}[]`;
  if (schema.additionalProperties !== undefined) return `map of ${typeName(schema.additionalProperties)}`;
  if (schema['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  return schema.format === 'date-time' ? 'time' : (schema.type ?? '');
}

/** Each bound of a schema in words; a bound that says nothing new is left out. */
const bounds: readonly ((schema: StructuralSchema) => string | undefined)[] = [
  ({ minimum }) => (minimum === undefined ? undefined : `at least ${String(minimum)}`),
  ({ maximum }) => (maximum === undefined ? undefined : `at most ${String(maximum)}`),
  ({ maxItems }) => (maxItems === undefined ? undefined : `at most ${String(maxItems)} items`),
  ({ maxProperties }) => (maxProperties === undefined ? undefined : `at most ${String(maxProperties)} entries`),
  ({ pattern }) => (pattern === undefined ? undefined : `matches \`${pattern}\``),
  ({ maxLength, enum: values }) =>
    maxLength === undefined || values !== undefined ? undefined : `at most ${String(maxLength)} characters`,
];

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

function row(name: string, field: StructuralSchema, parent: StructuralSchema): string {
  const inner = content(field);
  const nested = inner.properties !== undefined;
  const required = parent.required?.includes(name) === true ? 'required' : '';
  const fallback = field.default === undefined || nested ? required : `\`${JSON.stringify(field.default)}\``;
  const limits = [...new Set([field, inner].flatMap((schema) => bounds.map((bound) => bound(schema))))].filter(
    (text) => text !== undefined,
  );
  const description = [field.description ?? '', limits.length === 0 ? '' : `(${limits.join('; ')})`].join(' ').trim();
  return `| \`${name}\` | ${cell(typeName(field))} | ${cell(fallback)} | ${cell(description)} |`;
}

function rules(schema: StructuralSchema): readonly string[] {
  const messages = (schema['x-kubernetes-validations'] ?? []).map((rule) => `- ${rule.message}`);
  return messages.length === 0 ? [] : ['Refused, with this message:', '', ...messages, ''];
}

/** One table per object, the outer ones first. */
function sections(path: string, schema: StructuralSchema): readonly string[] {
  const properties = Object.entries(schema.properties ?? {});
  return [
    `### ${path}`,
    '',
    ...(schema.description === undefined ? [] : [schema.description, '']),
    '| field | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...properties.map(([name, field]) => row(name, field, schema)),
    '',
    ...rules(schema),
    ...properties
      .filter(([, field]) => content(field).properties !== undefined)
      .flatMap(([name, field]) =>
        sections(`${path}.${name}${field.items === undefined ? '' : '[]'}`, {
          ...content(field),
          ...(field.description !== undefined && { description: field.description }),
        }),
      ),
  ];
}

function kindSections(definition: KindDefinition): readonly string[] {
  const { kind, plural, group, version, namespaced } = definition.resource;
  const schema = objectSchema(definition);
  return [
    `## ${kind}`,
    '',
    definition.description,
    '',
    `\`${plural}.${group}\`, \`${group}/${version}\`, ${namespaced ? 'namespaced' : 'cluster-scoped'}, short name \`${definition.shortName}\`, category \`mesh-migration\`. \`status\` is a subresource.`,
    '',
    ...rules(schema),
    ...sections('spec', schema.properties?.['spec'] ?? {}),
    ...sections('status', schema.properties?.['status'] ?? {}),
  ];
}

/** docs/reference/api.md: every field of every kind, in tables. */
export function apiReference(kinds: readonly KindDefinition[]): string {
  return [
    '# API reference',
    '',
    'Generated from the schemas in `src/api` by `npm run generate`; `kubectl explain` says the same. A field is optional unless the column *default* says required.',
    '',
    ...kinds.flatMap(kindSections),
  ].join('\n');
}
