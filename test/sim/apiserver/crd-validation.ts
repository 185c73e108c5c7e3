import type { KubeObject } from '../../../src/api/object.ts';
import { definitionSpec, type DefinitionSpec, type DefinitionVersion } from './crd-types.ts';
import { invalidValue, required, type StatusCause } from './errors.ts';
import { equal } from './json.ts';
import { parseJsonPath } from './json-path.ts';
import { rulesOf } from './schema-cel.ts';
import { applyDefaults } from './schema-default.ts';
import { pruneObject } from './schema-prune.ts';
import { validateValue } from './schema-validate.ts';
import type { Schema } from './schema.ts';

function forbidden(field: string, detail: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field };
}

/** A structural schema says the type of every value, and nothing of structure inside junctors. */
function structure(schema: Schema, field: string, root: boolean): readonly StatusCause[] {
  const causes: StatusCause[] = [];
  const free = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if ((schema.type ?? '') === '' && !free)
    causes.push(required(`${field}.type`, 'must not be empty for specified object fields'));
  if (root && schema.type !== 'object')
    causes.push(invalidValue(`${field}.type`, schema.type, 'must be object at the root'));
  if (schema.type === 'array' && schema.items === undefined)
    causes.push(required(`${field}.items`, 'must be specified'));
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    causes.push(forbidden(`${field}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  }
  if (schema.default !== undefined) causes.push(...defaultCauses(schema, `${field}.default`));
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (!(root && key === 'metadata')) causes.push(...structure(property, `${field}.properties[${key}]`, false));
  }
  if (schema.items !== undefined) causes.push(...structure(schema.items, `${field}.items`, false));
  if (typeof schema.additionalProperties === 'object')
    causes.push(...structure(schema.additionalProperties, `${field}.additionalProperties`, false));
  return causes;
}

/** A default must be valid by itself, and must not contain unknown fields. */
function defaultCauses(schema: Schema, field: string): readonly StatusCause[] {
  const filled = applyDefaults(schema.default, schema);
  const { unknownFields } = pruneObject({ value: schema.default }, { properties: { value: schema } });
  const unknown = unknownFields.map((path) =>
    invalidValue(field, schema.default, `must not have unknown fields: ${path}`),
  );
  return [...unknown, ...validateValue(filled, undefined, schema, field)];
}

function validateVersion(version: DefinitionVersion, field: string, schemaField: string): readonly StatusCause[] {
  const schema = version.schema?.openAPIV3Schema;
  const path = `${schemaField}.openAPIV3Schema`;
  if (schema === undefined) return [required(path, 'schemas are required')];
  const causes = [...structure(schema, path, true)];
  for (const { path: at, message } of rulesOf(schema).errors) {
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${message}`,
      field: `${path}${at === '' ? '' : `.${at}`}.x-kubernetes-validations`,
    });
  }
  (version.additionalPrinterColumns ?? []).forEach((column, index) => {
    try {
      parseJsonPath(column.jsonPath);
    } catch (error) {
      causes.push(
        invalidValue(
          `${field}.additionalPrinterColumns[${String(index)}].jsonPath`,
          column.jsonPath,
          `is an invalid json path: ${String(error)}`,
        ),
      );
    }
  });
  return causes;
}

function validateSpec(spec: DefinitionSpec, name: string): readonly StatusCause[] {
  const causes: StatusCause[] = [];
  if (name !== `${spec.names.plural}.${spec.group}`)
    causes.push(invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  if (spec.versions.filter((version) => version.storage).length !== 1) {
    causes.push(invalidValue('spec.versions', null, 'must have exactly one version marked as storage version'));
  }
  // One schema for all versions is moved to the top of the internal form, which messages show.
  const [first, ...others] = spec.versions;
  const common = others.every((version) => equal(version.schema, first?.schema));
  spec.versions.forEach((version, index) => {
    const field = `spec.versions[${String(index)}]`;
    if (index === 0 || !common)
      causes.push(...validateVersion(version, field, common ? 'spec.validation' : `${field}.schema`));
  });
  return causes;
}

/** What is wrong with a CustomResourceDefinition: names, structural schemas, defaults, rules that do not compile. */
export function validateDefinition(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  if (object['spec'] === previous?.['spec']) return [];
  const spec = definitionSpec(object);
  const missing = ['group', 'names', 'scope', 'versions'].filter(
    (field) => (spec as unknown as Readonly<Record<string, unknown>> | undefined)?.[field] === undefined,
  );
  if (missing.length > 0) return missing.map((field) => required(`spec.${field}`));
  return validateSpec(spec, object.metadata.name);
}
