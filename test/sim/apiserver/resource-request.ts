import type { KubeObject } from '../../../src/api/object.ts';
import type { HttpRequest, HttpResponse } from '../../../src/kube/transport.ts';
import type { DeleteOptions } from './delete.ts';
import { notFound } from './errors.ts';
import { reply, warningHeaders } from './http-reply.ts';
import { asObject, asString, type JsonObject } from './json.ts';
import type { Representation } from './representation.ts';
import type { ResourcePath } from './request-info.ts';
import { storeKey, type ServedResource } from './served-resource.ts';
import type { ServerState, WriteOptions } from './server-state.ts';

/** One request about a resource that exists, with everything its verb needs. */
export interface ResourceRequest {
  readonly state: ServerState;
  readonly request: HttpRequest;
  readonly query: URLSearchParams;
  readonly path: ResourcePath;
  readonly served: ServedResource;
  readonly representation: Representation;
  readonly options: WriteOptions;
  readonly warnings: readonly string[];
}

/** The stored object that the path names; a 404 when it is absent. */
export function storedObject({ state, served, path }: ResourceRequest): KubeObject {
  const name = path.name ?? '';
  const stored = state.store.get(served.storageKey, storeKey(served, path.namespace, name));
  if (stored === undefined) throw notFound(served.resource, name);
  return stored;
}

/** An answer with one object in the form asked for, and the warnings of the request. */
export function answer(call: ResourceRequest, status: number, object: KubeObject): HttpResponse {
  return reply(status, call.representation.object(object), warningHeaders(call.warnings));
}

/** DeleteOptions from body and query; the query wins, as upstream. */
export function deleteOptions(body: JsonObject, query: URLSearchParams, dryRun: boolean): DeleteOptions {
  const preconditions = asObject(body['preconditions']);
  const seconds = query.get('gracePeriodSeconds') ?? body['gracePeriodSeconds'];
  const orphaning = body['orphanDependents'] === true ? 'Orphan' : 'Background';
  const policy =
    query.get('propagationPolicy') ??
    body['propagationPolicy'] ??
    (body['orphanDependents'] === undefined ? undefined : orphaning);
  const bodyDryRun = Array.isArray(body['dryRun']) && body['dryRun'].includes('All');
  return {
    ...(preconditions['uid'] === undefined ? {} : { uid: asString(preconditions['uid']) }),
    ...(preconditions['resourceVersion'] === undefined
      ? {}
      : { resourceVersion: asString(preconditions['resourceVersion']) }),
    ...(seconds === undefined ? {} : { gracePeriodSeconds: Number(seconds) }),
    ...(policy === undefined ? {} : { propagationPolicy: asString(policy) }),
    dryRun: dryRun || bodyDryRun,
  };
}
