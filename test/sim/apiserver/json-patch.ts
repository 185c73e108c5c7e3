import { badRequest, unprocessable } from './errors.ts';
import { asString, equal, isObject, type JsonObject } from './json.ts';

type Operation = 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';

const names: readonly Operation[] = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** Changes what stands at `key` of a container; returns the new container. */
type Edit = (container: JsonObject | readonly unknown[], key: string) => unknown;

function segments(pointer: unknown): readonly string[] {
  const text = asString(pointer);
  if (!text.startsWith('/')) throw unprocessable();
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(container: JsonObject | readonly unknown[], key: string): unknown {
  return isList(container) ? container[indexOf(container, key, false)] : container[key];
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** A list index; `-` and the length mean the end where something may be added. */
function indexOf(list: readonly unknown[], key: string, mayAppend: boolean): number {
  if (key === '-' && mayAppend) return list.length;
  const index = /^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : NaN;
  if (!(index < list.length) && !(mayAppend && index === list.length)) throw unprocessable();
  return index;
}

/** Walks to the container that holds the last segment; every container on the way must exist. */
function edit(document: unknown, path: readonly string[], change: Edit): unknown {
  const [key, ...rest] = path;
  if (key === undefined || !(isObject(document) || isList(document))) throw unprocessable();
  if (rest.length === 0) return change(document, key);
  const changed = edit(child(document, key), rest, change);
  return isList(document) ? document.with(indexOf(document, key, false), changed) : { ...document, [key]: changed };
}

function read(document: unknown, path: readonly string[]): unknown {
  return path.reduce((value, key) => {
    if (!(isObject(value) || isList(value))) throw unprocessable();
    return child(value, key);
  }, document);
}

function add(value: unknown): Edit {
  return (container, key) =>
    isList(container) ? container.toSpliced(indexOf(container, key, true), 0, value) : { ...container, [key]: value };
}

const remove: Edit = (container, key) => {
  if (isList(container)) return container.toSpliced(indexOf(container, key, false), 1);
  if (!(key in container)) throw unprocessable();
  const { [key]: _removed, ...others } = container;
  return others;
};

/** Replacing an absent member adds it (evanphx/json-patch v4, as kube-apiserver uses it), unlike RFC 6902. */
function replace(value: unknown): Edit {
  return (container, key) => {
    if (isList(container)) return container.with(indexOf(container, key, false), value);
    return { ...container, [key]: value };
  };
}

/** An absent member equals null; an absent parent fails (evanphx/json-patch v4, as kube-apiserver uses it). */
function test(document: unknown, path: readonly string[], value: unknown): void {
  if (!equal(read(document, path) ?? null, value ?? null)) throw unprocessable();
}

function applyOne(document: unknown, operation: JsonObject, misspelt: ReadonlySet<unknown>): unknown {
  const name = names.find((known) => known === operation['op']);
  if (name === undefined) throw unprocessable();
  const path = segments(operation['path']);
  switch (name) {
    case 'add':
      return edit(document, path, add(operation['value'] ?? null));
    case 'remove':
      return edit(document, path, remove);
    case 'replace':
      return edit(document, path, replace(operation['value'] ?? null));
    case 'copy':
      return edit(document, path, add(read(document, segments(operation['from']))));
    case 'move': {
      const from = segments(operation['from']);
      const value = read(document, from);
      return edit(edit(document, from, remove), path, add(value));
    }
    case 'test':
      if (misspelt.has(operation)) throw unprocessable();
      test(document, path, operation['value']);
      return document;
  }
}

/**
 * Applies an RFC 6902 patch; a 422 as soon as one operation fails, and then nothing of it counts. `misspelt`:
 * operations whose value is written otherwise than the server would; no test of theirs holds.
 */
export function applyJsonPatch(
  document: JsonObject,
  patch: unknown,
  misspelt: ReadonlySet<unknown> = new Set(),
): JsonObject {
  if (!isList(patch))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  const patched = patch.reduce((current: unknown, operation) => {
    if (!isObject(operation))
      throw badRequest('json: cannot unmarshal value into Go value of type jsonpatch.Operation');
    return applyOne(current, operation, misspelt);
  }, document);
  if (!isObject(patched)) throw unprocessable();
  return patched;
}
