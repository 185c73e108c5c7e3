import type { KubeObject } from '../../../src/api/object.ts';
import { SimStatusError } from '../sim-api.ts';
import { badRequest, expired, invalid } from './errors.ts';
import { matchesFields, parseFieldSelector, type FieldSelector } from './field-selector.ts';
import { asNumber, asString, isObject } from './json.ts';
import { matchesLabels, parseLabelSelector, type LabelSelector } from './label-selector.ts';
import type { ListMeta } from './representation.ts';
import { storeKey, type ServedResource } from './served-resource.ts';
import type { ServerState } from './server-state.ts';

/** Which objects of a resource a request is about. */
export interface Selection {
  readonly namespace: string | undefined;
  /** A single name in the URL of a watch. */
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
}

/** The selection of a request's query. */
export function selectionOf(served: ServedResource, namespace: string | undefined, query: URLSearchParams): Selection {
  return {
    namespace,
    labels: parseLabelSelector(query.get('labelSelector') ?? ''),
    fields: parseFieldSelector(query.get('fieldSelector') ?? '', served),
  };
}

/** Whether the object belongs to the selection. */
export function selects(selection: Selection, object: KubeObject): boolean {
  return (
    (selection.namespace === undefined || object.metadata.namespace === selection.namespace) &&
    matchesLabels(selection.labels, object.metadata.labels) &&
    matchesFields(selection.fields, object)
  );
}

/** The key prefix that narrows a selection to its namespace. */
export function prefixOf(served: ServedResource, namespace: string | undefined): string {
  return served.resource.namespaced && namespace !== undefined ? `${namespace}/` : '';
}

/** A page of a list. */
export interface Page {
  readonly objects: readonly KubeObject[];
  readonly meta: ListMeta;
}

interface Continuation {
  readonly revision: number;
  readonly after: string;
}

const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the ' +
  'continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were ' +
  'created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

function encode(continuation: Continuation): string {
  const token = JSON.stringify({
    v: 'meta.k8s.io/v1',
    rv: continuation.revision,
    start: `${continuation.after}\u0000`,
  });
  return Buffer.from(token).toString('base64url');
}

function decode(token: string): Continuation {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (isObject(value) && typeof value['rv'] === 'number')
      return { revision: value['rv'], after: asString(value['start']).replace('\u0000', '') };
  } catch {
    // Falls through to the one answer for every malformed token.
  }
  throw badRequest('invalid continue token: continue key is not valid: illegal base64 data');
}

/** 504 when the client asks for a version that does not exist yet; upstream waits three seconds for it first. */
function checkNotFuture(state: ServerState, revision: number): void {
  if (revision <= state.store.revision) return;
  throw new SimStatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${String(revision)}, current: ${String(state.store.revision)}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );
}

/** A resourceVersion parameter as a number. */
export function parseRevision(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text))
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  return Number(text);
}

/** What the parameters of a list or watch forbid each other (metainternalversion validation). */
export function checkListOptions(query: URLSearchParams, watching: boolean): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = query.get('sendInitialEvents') ?? '';
  if (!watching && initial !== '')
    throw forbiddenOption('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  if (watching && initial !== '' && match !== 'NotOlderThan') {
    throw forbiddenOption(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  if (watching && initial === '' && match !== '')
    throw forbiddenOption(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  if (!watching && match !== '' && (query.get('resourceVersion') ?? '') === '') {
    throw forbiddenOption(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
}

function forbiddenOption(field: string, detail: string): SimStatusError {
  return invalid({ group: 'meta.k8s.io', plural: '', kind: 'ListOptions' }, '', [
    { reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field },
  ]);
}

function revisionOf(state: ServerState, query: URLSearchParams, continuation: Continuation | undefined): number {
  if (continuation !== undefined) {
    if (continuation.revision < state.store.compacted) throw expired(tooOld);
    return continuation.revision;
  }
  const requested = parseRevision(query.get('resourceVersion')) ?? 0;
  checkNotFuture(state, requested);
  if (query.get('resourceVersionMatch') !== 'Exact') return state.store.revision;
  if (requested < state.store.compacted) throw expired(`The resourceVersion for the provided list is too old.`);
  return requested;
}

/** GET of a collection. All pages of one list show the same revision. */
export function listObjects(
  state: ServerState,
  served: ServedResource,
  selection: Selection,
  query: URLSearchParams,
): Page {
  checkListOptions(query, false);
  const token = query.get('continue') ?? '';
  const continuation = token === '' ? undefined : decode(token);
  const revision = revisionOf(state, query, continuation);
  const prefix = prefixOf(served, selection.namespace);
  const stored =
    revision === state.store.revision
      ? state.store.list(served.storageKey, prefix)
      : state.store.listAt(served.storageKey, revision, prefix);
  const keyOf = (object: KubeObject): string => storeKey(served, object.metadata.namespace, object.metadata.name);
  const matching = stored.map(served.toVersion).filter((object) => selects(selection, object));
  const rest = continuation === undefined ? matching : matching.filter((object) => keyOf(object) > continuation.after);
  const limit = asNumber(Number(query.get('limit') ?? 0), 0);
  const objects = limit > 0 ? rest.slice(0, limit) : rest;
  const last = objects.at(-1);
  if (last === undefined || objects.length === rest.length)
    return { objects, meta: { resourceVersion: String(revision) } };
  const exact = selection.labels.length === 0 && selection.fields.length === 0;
  return {
    objects,
    meta: {
      resourceVersion: String(revision),
      continue: encode({ revision, after: keyOf(last) }),
      ...(exact ? { remainingItemCount: rest.length - objects.length } : {}),
    },
  };
}
