import { parse as parseYaml } from 'yaml';
import type { KubeObject } from '../../../src/api/object.ts';
import { SimStatusError } from '../sim-api.ts';
import { applyObject, type ApplyTarget } from './apply.ts';
import { badRequest, invalid, invalidValue, notFound } from './errors.ts';
import { at, isObject, type JsonObject } from './json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import type { ServerState, WriteOptions } from './server-state.ts';
import { applyStrategicMerge } from './strategic-merge.ts';
import { updateObject } from './update.ts';

/** How a patch is made. */
export interface PatchOptions extends WriteOptions {
  readonly contentType: string;
  readonly force: boolean;
  /** Whether the request named a field manager itself; an apply must. */
  readonly managerNamed: boolean;
}

/** Turns the text of a patch into the whole wanted object. */
type Patcher = (current: KubeObject, text: string) => JsonObject;

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function objectPatch(text: string): JsonObject {
  const patch = parsePatch(text);
  if (!isObject(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}');
  return patch;
}

/**
 * The text of a string as it stood in the body. Node.js has it, and the types of the language do not know yet (proposal
 * JSON.parse source text access).
 */
interface Source {
  readonly source?: string;
}

/**
 * The operations of a JSON patch, and those whose value is not written as Go would have: the API server compares texts
 * in a `test` (evanphx/json-patch v4), and its own side was written by Go.
 */
function jsonPatch(current: KubeObject, text: string): JsonObject {
  const misspelt = new Set<unknown>();
  const patch = JSON.parse(
    text,
    function reviver(this: unknown, key: string, value: unknown, ...rest: readonly unknown[]) {
      const { source } = (rest[0] ?? {}) as Source;
      if (key === 'value' && typeof value === 'string' && source !== undefined && source !== asGo(value))
        misspelt.add(this);
      return value;
    },
  ) as unknown;
  return applyJsonPatch(current, patch, misspelt);
}

/** Written out here, because the client has the same rule and is what is tried. */
function asGo(value: string): string {
  return JSON.stringify(value)
    .split('&')
    .join('\\u0026')
    .split('<')
    .join('\\u003c')
    .split('>')
    .join('\\u003e')
    .split('\u2028')
    .join('\\u2028')
    .split('\u2029')
    .join('\\u2029');
}

const patchers: Readonly<Record<string, Patcher>> = {
  'application/json-patch+json': (current, text) => {
    parsePatch(text);
    return jsonPatch(current, text);
  },
  'application/merge-patch+json': (current, text) => applyMergePatch(current, objectPatch(text)),
  'application/strategic-merge-patch+json': (current, text) => applyStrategicMerge(current, objectPatch(text)),
};

const applyType = 'application/apply-patch+yaml';

function unsupported(accepted: readonly string[]): SimStatusError {
  const generic = accepted.length === 0;
  return new SimStatusError(
    415,
    'UnsupportedMediaType',
    generic
      ? '415: Unsupported Media Type'
      : `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    {},
  );
}

function parseConfig(text: string): JsonObject {
  let config: unknown;
  try {
    config = text.trimStart().startsWith('{') ? JSON.parse(text) : parseYaml(text);
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(config)) throw badRequest('error decoding YAML: not an object');
  return config;
}

/** A patch that changes the uid is invalid, while a PUT for another uid is a conflict. */
function checkUid({ served, name, stored }: ApplyTarget, wanted: JsonObject): void {
  const uid = at(wanted, 'metadata', 'uid');
  if (uid !== stored?.metadata.uid)
    throw invalid(served.resource, name, [invalidValue('metadata.uid', uid, 'field is immutable')]);
}

/** PATCH in any of the four media types. Custom resources have no strategic merge patch. */
export function patchObject(state: ServerState, target: ApplyTarget, text: string, options: PatchOptions): KubeObject {
  const { served, stored } = target;
  const contentType = options.contentType.split(';')[0]?.trim() ?? '';
  const accepted = Object.keys(patchers).filter((type) => !served.custom || !type.includes('strategic'));
  if (contentType === applyType) {
    if (!options.managerNamed) {
      throw new SimStatusError(
        422,
        'Invalid',
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        {
          group: 'meta.k8s.io',
          kind: 'PatchOptions',
          causes: [
            {
              reason: 'FieldValueRequired',
              message: 'Required value: is required for apply patch',
              field: 'fieldManager',
            },
          ],
        },
      );
    }
    return applyObject(state, target, parseConfig(text), options);
  }
  const patcher = accepted.includes(contentType) ? patchers[contentType] : undefined;
  if (patcher === undefined) throw unsupported(served.custom ? [...accepted, applyType] : []);
  if (stored === undefined) throw notFound(served.resource, target.name);
  const wanted = patcher(served.toVersion(stored), text);
  checkUid(target, wanted);
  return updateObject(state, served, stored, wanted, { ...options, lenient: true, patched: true });
}
