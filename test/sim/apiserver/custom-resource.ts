import type { KubeObject } from '../../../src/api/object.ts';
import type { DefinitionSpec, DefinitionVersion } from './crd-types.ts';
import { customColumns } from './custom-columns.ts';
import type { StatusCause } from './errors.ts';
import { freeze, omit, type JsonObject } from './json.ts';
import { memoize } from '../../../src/base/memoize.ts';
import { rulesOf } from './schema-cel.ts';
import { applyDefaults } from './schema-default.ts';
import { customFieldType } from './schema-field-type.ts';
import { pruneObject } from './schema-prune.ts';
import { validateListKeys } from './schema-list-keys.ts';
import { validateValue } from './schema-validate.ts';
import type { Schema } from './schema.ts';
import type { ServedResource, Strategy, Subresource } from './served-resource.ts';

const readWrite = ['get', 'patch', 'update'];

function fieldsOf(path: string): readonly string[] {
  return path.split('.').filter((part) => part !== '');
}

const unchecked: StatusCause = {
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** After one of these, rules could fail to evaluate, so they are not tried (hasBlockingErr upstream). */
const blocking = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];

function validator(schema: Schema): Strategy['validate'] {
  const rules = rulesOf(schema);
  return (object, previous) => {
    const structural = [
      ...validateValue(object, previous, schema, ''),
      ...validateListKeys(object, previous, schema, ''),
    ];
    if (structural.some((cause) => blocking.includes(cause.reason)))
      return rules.present ? [...structural, unchecked] : structural;
    return [...structural, ...rules.validate(object, previous)];
  };
}

function strategy(version: DefinitionVersion): Strategy {
  const schema = version.schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const hasStatus = version.subresources?.status !== undefined;
  return {
    generation: 'Everything',
    unconditionalUpdate: false,
    createOnUpdate: false,
    fieldType: customFieldType(schema),
    decode(object) {
      const { value, unknownFields } = pruneObject(object, schema);
      return { object: value as KubeObject, unknownFields };
    },
    default: (object) => applyDefaults(object, schema) as KubeObject,
    prepareForCreate: (object) => (hasStatus ? omit(object, 'status') : object),
    prepareForUpdate: (object) => object,
    validate: validator(schema),
  };
}

function subresources(version: DefinitionVersion, kind: string): readonly Subresource[] {
  const { status, scale } = version.subresources ?? {};
  return [
    ...(status === undefined ? [] : [{ name: 'status', kind, verbs: readWrite }]),
    ...(scale === undefined
      ? []
      : [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: readWrite }]),
  ];
}

/**
 * One served version of a definition. Versions differ in nothing but apiVersion and schema (conversion strategy None).
 */
export function customResource(spec: DefinitionSpec, version: DefinitionVersion): ServedResource {
  const { group, names, scope } = spec;
  const own = strategy(version);
  const apiVersion = `${group}/${version.name}`;
  const storage = spec.versions.find((candidate) => candidate.storage)?.name ?? version.name;
  const scale = version.subresources?.scale;
  return {
    resource: {
      group,
      version: version.name,
      kind: names.kind,
      plural: names.plural,
      namespaced: scope === 'Namespaced',
    },
    storageKey: `${names.plural}.${group}`,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    custom: true,
    status: version.subresources?.status !== undefined,
    scale:
      scale === undefined
        ? undefined
        : {
            specReplicas: fieldsOf(scale.specReplicasPath),
            statusReplicas: fieldsOf(scale.statusReplicasPath),
            selector: fieldsOf(scale.labelSelectorPath ?? ''),
          },
    subresources: subresources(version, names.kind),
    strategy: own,
    columns: customColumns(version.additionalPrinterColumns),
    nameRule: 'Subdomain',
    // Defaults are filled in on reading, too: an object may be older than its definition.
    toVersion: memoize((stored: KubeObject) => {
      const filled = own.default(stored);
      return freeze(filled.apiVersion === apiVersion ? filled : { ...filled, apiVersion });
    }),
    toStorage: (object) => ({ ...object, apiVersion: `${group}/${storage}` }),
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    openapi: (version.schema?.openAPIV3Schema ?? { type: 'object' }) as JsonObject,
  };
}
