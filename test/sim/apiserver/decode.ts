import { apiVersionOf, type KubeObject } from '../../../src/api/object.ts';
import { badRequest, invalidPatch } from './errors.ts';
import { asObject, asString, at, compact, isObject, omit, withField, type JsonObject } from './json.ts';
import type { ServedResource } from './served-resource.ts';
import type { WriteOptions } from './server-state.ts';

/** JSON text as an object; a 400 otherwise. */
export function parseJson(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isObject(value))
    throw badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal into a struct");
  return value;
}

/** The strict decoder's message for unknown fields. */
function unknownFieldsMessage(fields: readonly string[]): string {
  return fields.map((field) => `unknown field "${field}"`).join(', ');
}

const nullableMetadata = [
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
  'managedFields',
  'creationTimestamp',
  'deletionTimestamp',
];

function cleanMetadata(metadata: JsonObject): JsonObject {
  const nulls = nullableMetadata.filter((field) => metadata[field] === null);
  const empty = ['labels', 'annotations'].filter(
    (field) => isObject(metadata[field]) && Object.keys(asObject(metadata[field])).length === 0,
  );
  const emptyLists = ['finalizers', 'ownerReferences'].filter(
    (field) => Array.isArray(metadata[field]) && metadata[field].length === 0,
  );
  return compact(omit(metadata, ...nulls, ...empty, ...emptyLists, 'selfLink'));
}

/** A pod template has the same ObjectMeta as the object itself: an emptied map of annotations is as good as none. */
function cleanTemplate<T extends object>(body: T): T {
  const template = at(body, 'spec', 'template', 'metadata');
  return isObject(template) ? withField(body, ['spec', 'template', 'metadata'], cleanMetadata(template)) : body;
}

/**
 * An object as the resource's version reads it: the right apiVersion and kind, no nulls or empty maps where Go would
 * drop them (omitempty), unknown fields pruned, reported or refused as `fieldValidation` says.
 */
export function decodeObject(served: ServedResource, body: JsonObject, options: WriteOptions): KubeObject {
  const apiVersion = apiVersionOf(served.resource);
  const { kind } = served.resource;
  const given = { apiVersion: asString(body['apiVersion'] ?? apiVersion), kind: asString(body['kind'] ?? kind) };
  if (given.apiVersion !== apiVersion || given.kind !== kind) {
    throw badRequest(
      given.kind === kind
        ? `the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion})`
        : `${given.kind} in version "${given.apiVersion}" cannot be handled as a ${kind}: unknown conversion`,
    );
  }
  const metadata = cleanMetadata(asObject(body['metadata'])) as unknown as KubeObject['metadata'];
  const whole = { ...compact(body), apiVersion, kind, metadata };
  const { object, unknownFields } = served.strategy.decode(served.custom ? whole : cleanTemplate(whole));
  if (unknownFields.length > 0) {
    if (options.fieldValidation === 'Strict') {
      if (options.patched === true)
        throw invalidPatch(body, `strict decoding error: ${unknownFieldsMessage(unknownFields)}`);
      throw badRequest(
        `${kind} in version "${served.resource.version}" cannot be handled as a ${kind}: strict decoding error: ${unknownFieldsMessage(unknownFields)}`,
      );
    }
    if (options.fieldValidation === 'Warn')
      for (const field of unknownFields) options.warn?.(`unknown field "${field}"`);
  }
  return object;
}
