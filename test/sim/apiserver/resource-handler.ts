import type { HttpRequest, HttpResponse } from '../../../src/kube/transport.ts';
import { SimStatusError } from '../sim-api.ts';
import { createObject } from './create.ts';
import { parseJson } from './decode.ts';
import { deleteObject } from './delete.ts';
import { invalid, methodNotAllowed, notSupported, pathNotFound, type StatusCause } from './errors.ts';
import { reply, replyError, replyJson, replyStream, warningHeaders } from './http-reply.ts';
import type { JsonObject } from './json.ts';
import { listObjects, selectionOf } from './list.ts';
import { patchObject } from './patch.ts';
import { representationFor, type IncludeObject } from './representation.ts';
import type { RequestInfo, ResourcePath } from './request-info.ts';
import { storeKey, type FieldValidation } from './served-resource.ts';
import type { ServerState, WriteOptions } from './server-state.ts';
import { handleSubresource } from './subresource-handler.ts';
import { updateObject } from './update.ts';
import { watchObjects } from './watch.ts';
import { type ResourceRequest, storedObject, answer, deleteOptions } from './resource-request.ts';

function managerOf(request: HttpRequest, query: URLSearchParams): string {
  const named = query.get('fieldManager') ?? '';
  return named === ''
    ? ((request.headers['user-agent'] ?? 'unknown').split('/')[0]?.slice(0, 128) ?? 'unknown')
    : named;
}

const validations: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];

const optionKinds: Readonly<Record<HttpRequest['method'], string>> = {
  GET: 'GetOptions',
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

function invalidOptions(request: HttpRequest, cause: StatusCause): SimStatusError {
  return invalid({ group: 'meta.k8s.io', plural: '', kind: optionKinds[request.method] }, '', [cause]);
}

function writeOptions(request: HttpRequest, query: URLSearchParams, warnings: string[]): WriteOptions {
  const dryRun = query.get('dryRun');
  if (dryRun !== null && dryRun !== '' && dryRun !== 'All')
    throw invalidOptions(request, notSupported('dryRun', [dryRun], ['All']));
  const validation = query.get('fieldValidation') ?? '';
  if (!validations.includes(validation))
    throw invalidOptions(request, notSupported('fieldValidation', validation, validations));
  return {
    manager: managerOf(request, query),
    dryRun: dryRun === 'All',
    // Warn is the default since Kubernetes 1.27.
    fieldValidation: (validation === '' ? 'Warn' : validation) as FieldValidation,
    warn: (message) => {
      warnings.push(message);
    },
  };
}

/** Built-in groups answer with a Status, everything else with plain text. */
function unknownResource({ registry }: ServerState, { group, version }: ResourcePath): SimStatusError {
  const known = registry
    .all()
    .some(({ custom, resource }) => !custom && resource.group === group && resource.version === version);
  return known
    ? new SimStatusError(404, 'NotFound', 'the server could not find the requested resource', {})
    : pathNotFound();
}

function prepare(state: ServerState, request: HttpRequest, info: RequestInfo, path: ResourcePath): ResourceRequest {
  const { query } = info;
  const served = state.registry.find(path.group, path.version, path.plural);
  if (served === undefined) throw unknownResource(state, path);
  // A collection of a namespaced resource may be read across namespaces; a cluster-scoped one has no place in a
  // namespace.
  if (path.namespace !== undefined && !served.resource.namespaced) throw pathNotFound();
  if (path.namespace === undefined && served.resource.namespaced && path.name !== undefined) throw pathNotFound();
  const include = (query.get('includeObject') ?? 'Metadata') as IncludeObject;
  const representation = representationFor(request.headers['accept'] ?? '', served, () => state.clock.now(), include);
  if (representation === undefined) {
    throw new SimStatusError(
      406,
      'NotAcceptable',
      'only the following media types are accepted: application/json, application/yaml',
      {},
    );
  }
  const warnings: string[] = [];
  return {
    state,
    request,
    query,
    path,
    served,
    representation,
    options: writeOptions(request, query, warnings),
    warnings,
  };
}

function bodyOf(request: HttpRequest): JsonObject {
  return request.body === undefined || request.body === '' ? {} : parseJson(request.body);
}

function read(call: ResourceRequest): HttpResponse {
  const { state, served, path, query, representation, request } = call;
  const watching = ['true', '1'].includes(query.get('watch') ?? '');
  if (path.name !== undefined && !watching) return answer(call, 200, served.toVersion(storedObject(call)));
  const selection = selectionOf(served, path.namespace, query);
  if (watching) {
    const named =
      path.name === undefined
        ? selection
        : {
            ...selection,
            fields: [...selection.fields, { path: ['metadata', 'name'], equal: true, value: path.name }],
          };
    return replyStream(
      watchObjects(state, { served, selection: named, representation, query, signal: request.signal }),
    );
  }
  const page = listObjects(state, served, selection, query);
  return reply(200, representation.list(page.objects, page.meta));
}

function remove(call: ResourceRequest): HttpResponse {
  const { state, served, path, query, options } = call;
  const wanted = deleteOptions(bodyOf(call.request), query, options.dryRun === true);
  if (path.name === undefined) {
    const page = listObjects(state, served, selectionOf(served, path.namespace, query), new URLSearchParams());
    for (const object of page.objects) {
      const stored = state.store.get(
        served.storageKey,
        storeKey(served, object.metadata.namespace, object.metadata.name),
      );
      if (stored !== undefined) deleteObject(state, served, stored, wanted);
    }
    return reply(200, call.representation.list(page.objects, page.meta));
  }
  const { object, gone } = deleteObject(state, served, storedObject(call), wanted);
  if (!gone || served.storageKey === 'pods') return answer(call, 200, object);
  const { group, plural } = served.resource;
  return replyJson(200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: object.metadata.name, ...(group === '' ? {} : { group }), kind: plural, uid: object.metadata.uid },
  });
}

function change(call: ResourceRequest): HttpResponse {
  const { state, served, path, options, request, query } = call;
  if (path.name === undefined) throw methodNotAllowed();
  const stored = state.store.get(served.storageKey, storeKey(served, path.namespace, path.name));
  if (request.method === 'PUT') {
    if (stored === undefined && served.strategy.createOnUpdate)
      return answer(call, 201, createObject(state, served, path.namespace, bodyOf(request), options));
    return answer(call, 200, updateObject(state, served, storedObject(call), bodyOf(request), options));
  }
  const target = { served, namespace: path.namespace, name: path.name, stored };
  const object = patchObject(state, target, request.body ?? '', {
    ...options,
    contentType: request.headers['content-type'] ?? '',
    force: query.get('force') === 'true',
    managerNamed: (query.get('fieldManager') ?? '') !== '',
  });
  return answer(call, stored === undefined ? 201 : 200, object);
}

/** Carries out a request about a resource. */
export function handleResource(
  state: ServerState,
  request: HttpRequest,
  info: RequestInfo,
  path: ResourcePath,
): HttpResponse {
  const call = prepare(state, request, info, path);
  try {
    return dispatch(call, path);
  } catch (error) {
    const refused = replyError(error);
    return { ...refused, headers: { ...refused.headers, ...warningHeaders(call.warnings) } };
  }
}

function dispatch(call: ResourceRequest, path: ResourcePath): HttpResponse {
  const { state, request } = call;
  if (path.subresource !== undefined)
    return handleSubresource({ ...call, path: { ...path, subresource: path.subresource } });
  switch (request.method) {
    case 'GET':
      return read(call);
    case 'DELETE':
      return remove(call);
    case 'PUT':
    case 'PATCH':
      return change(call);
    case 'POST': {
      if (path.name !== undefined) throw methodNotAllowed();
      if (path.namespace === undefined && call.served.resource.namespaced)
        throw call.served.custom ? pathNotFound() : methodNotAllowed();
      return answer(call, 201, createObject(state, call.served, path.namespace, bodyOf(request), call.options));
    }
  }
}
