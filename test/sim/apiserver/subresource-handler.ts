import type { KubeObject } from '../../../src/api/object.ts';
import type { HttpResponse } from '../../../src/kube/transport.ts';
import { SimStatusError } from '../sim-api.ts';
import { parseJson } from './decode.ts';
import { badRequest, methodNotAllowed, pathNotFound } from './errors.ts';
import { bindPod } from './binding.ts';
import { evictPod } from './eviction.ts';
import { replyJson, warningHeaders } from './http-reply.ts';
import { asObject, at } from './json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { patchObject } from './patch.ts';
import { answer, deleteOptions, storedObject, type ResourceRequest } from './resource-request.ts';
import type { ResourcePath } from './request-info.ts';
import { scaledObject, scaleOf } from './scale.ts';
import type { WriteOptions } from './server-state.ts';
import { updateObject } from './update.ts';

/** A request about a subresource. */
export interface SubresourceRequest extends ResourceRequest {
  readonly path: ResourcePath & { readonly subresource: string };
}

type Handler = (call: SubresourceRequest) => HttpResponse;

function body(call: SubresourceRequest): Readonly<Record<string, unknown>> {
  return parseJson(call.request.body ?? '');
}

/** `status` and `finalize`: the object itself, with only a part of it writable. */
function partial(subresource: 'status' | 'finalize'): Handler {
  return (call) => {
    const { state, served, request, query, path } = call;
    const stored = storedObject(call);
    const options: WriteOptions = { ...call.options, subresource };
    switch (request.method) {
      case 'GET':
        return answer(call, 200, served.toVersion(stored));
      case 'PUT':
        return answer(call, 200, updateObject(state, served, stored, body(call), options));
      case 'PATCH': {
        const target = { served, namespace: path.namespace, name: path.name ?? '', stored };
        return answer(
          call,
          200,
          patchObject(state, target, request.body ?? '', {
            ...options,
            contentType: request.headers['content-type'] ?? '',
            force: query.get('force') === 'true',
            managerNamed: (query.get('fieldManager') ?? '') !== '',
          }),
        );
      }
      case 'POST':
      case 'DELETE':
        throw methodNotAllowed();
    }
  };
}

function wantedScale(call: SubresourceRequest, current: KubeObject): Readonly<Record<string, unknown>> {
  const { request } = call;
  const scale = scaleOf(call.served, current);
  if (request.method === 'PUT') return body(call);
  const type = request.headers['content-type'] ?? '';
  const patch: unknown = JSON.parse(request.body ?? '');
  return type.startsWith('application/json-patch')
    ? applyJsonPatch(scale, patch)
    : applyMergePatch(scale, asObject(patch));
}

const scale: Handler = (call) => {
  const { state, served, request, options } = call;
  if (served.scale === undefined) throw pathNotFound();
  const stored = storedObject(call);
  const current = served.toVersion(stored);
  if (request.method === 'GET') return replyJson(200, scaleOf(served, current));
  if (request.method !== 'PUT' && request.method !== 'PATCH') throw methodNotAllowed();
  const wanted = scaledObject(served, current, wantedScale(call, current));
  return replyJson(
    200,
    scaleOf(served, updateObject(state, served, stored, wanted, { ...options, subresource: 'scale' })),
  );
};

const eviction: Handler = (call) => {
  if (call.request.method !== 'POST') throw methodNotAllowed();
  const eviction = body(call);
  if (at(eviction, 'metadata', 'name') !== call.path.name)
    throw badRequest('name in URL does not match name in Eviction object');
  const options = deleteOptions(
    asObject(eviction['deleteOptions']),
    new URLSearchParams(),
    call.options.dryRun === true,
  );
  evictPod(call.state, call.served, storedObject(call), options);
  return replyJson(
    201,
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
    warningHeaders(call.warnings),
  );
};

const binding: Handler = (call) => {
  if (call.request.method !== 'POST') throw methodNotAllowed();
  bindPod(call.state, call.served, storedObject(call), body(call), call.options);
  return replyJson(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
};

const handlers: Readonly<Record<string, Handler>> = {
  status: partial('status'),
  finalize: partial('finalize'),
  scale,
  eviction,
  binding,
};

/** Carries out a request about a subresource that the resource has. */
export function handleSubresource(call: SubresourceRequest): HttpResponse {
  const { path, served } = call;
  const handler = handlers[path.subresource];
  if (handler === undefined || !served.subresources.some((offered) => offered.name === path.subresource)) {
    throw new SimStatusError(404, 'NotFound', 'the server could not find the requested resource', {});
  }
  return handler(call);
}
