import { apiVersionOf, type KubeObject } from '../../../src/api/object.ts';
import { SimStatusError } from '../sim-api.ts';
import { badRequest } from './errors.ts';
import { printPath } from './field-set.ts';
import { isAssociative, memberType, plain, type FieldType } from './field-type.ts';
import { asArray, asString, at, isObject, type JsonObject } from './json.ts';
import type { ServedResource } from './served-resource.ts';
import { itemElement } from './typed-value.ts';

/** The first list-map or set that holds the same key twice, and that key. */
function findDuplicate(value: unknown, type: FieldType, path: readonly string[]): string | undefined {
  if (isObject(value) && type.atomic !== true) {
    for (const [key, member] of Object.entries(value)) {
      const found = findDuplicate(member, memberType(type, key), [...path, `f:${key}`]);
      if (found !== undefined) return found;
    }
  }
  if (!Array.isArray(value) || !isAssociative(type)) return undefined;
  const elements = asArray(value).map((item) => itemElement(type, item));
  const repeated = elements.find((element, index) => elements.indexOf(element) !== index);
  if (repeated !== undefined) return `${printPath(path)}: duplicate entries for key ${printPath([repeated])}`;
  return asArray(value)
    .map((item, index) => findDuplicate(item, type.items ?? plain, [...path, elements[index] ?? '']))
    .find((found) => found !== undefined);
}

function untyped(served: ServedResource, config: JsonObject, reason: string): SimStatusError {
  const place = `${asString(at(config, 'metadata', 'namespace'))}/${asString(at(config, 'metadata', 'name'))}`;
  return new SimStatusError(
    500,
    '',
    `failed to create typed patch object (${place}; ${apiVersionOf(served.resource)}, Kind=${served.resource.kind}): ${reason}`,
  );
}

/**
 * Refuses a configuration that cannot be applied at all: another version, another name, unknown fields, doubled keys.
 */
export function checkConfig(served: ServedResource, name: string, config: JsonObject): void {
  const wanted = apiVersionOf(served.resource);
  if (config['apiVersion'] !== wanted)
    throw badRequest(`invalid object type: ${asString(config['apiVersion'])}, Kind=${asString(config['kind'])}`);
  if (at(config, 'metadata', 'managedFields') !== undefined) throw badRequest('metadata.managedFields must be nil');
  const given = asString(at(config, 'metadata', 'name'));
  if (given !== '' && given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  const [unknown] = served.strategy.decode(config as unknown as KubeObject).unknownFields;
  if (unknown !== undefined) throw untyped(served, config, `.${unknown}: field not declared in schema`);
  const duplicate = findDuplicate(config, served.strategy.fieldType, []);
  if (duplicate !== undefined) throw untyped(served, config, duplicate);
}
