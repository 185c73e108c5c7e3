import type { KubeObject, ObjectMeta } from '../../../src/api/object.ts';
import { decodeObject } from './decode.ts';
import { badRequest, conflict, invalid, invalidValue, staleVersion } from './errors.ts';
import { asArray, at, compact, equal, omit, share, withField, type JsonObject } from './json.ts';
import { trackUpdate } from './managed-fields.ts';
import { validateMetadata } from './metadata-validation.ts';
import { storeKey, type ServedResource } from './served-resource.ts';
import type { ServerState, WriteOptions } from './server-state.ts';

/** Field managers that server-side apply has already worked out. */
export interface Change extends WriteOptions {
  readonly managedFields?: ObjectMeta['managedFields'];
}

const systemMetadata = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
  'namespace',
  'name',
] as const;

function checkPreconditions(
  served: ServedResource,
  current: KubeObject,
  next: KubeObject,
  options: WriteOptions,
): void {
  const { name } = current.metadata;
  const { uid, resourceVersion = '', namespace } = next.metadata;
  if (next.metadata.name !== name) {
    throw badRequest(`the name of the object (${next.metadata.name}) does not match the name on the URL (${name})`);
  }
  if (namespace !== undefined && namespace !== current.metadata.namespace && served.resource.namespaced) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (uid !== undefined && uid !== '' && uid !== current.metadata.uid) {
    throw conflict(
      served.resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${String(current.metadata.uid)}`,
    );
  }
  if (resourceVersion === '') {
    if (served.strategy.unconditionalUpdate || options.lenient === true) return;
    throw invalid({ ...served.resource, kind: served.resource.plural }, name, [
      invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  if (resourceVersion !== current.metadata.resourceVersion) throw conflict(served.resource, name, staleVersion);
}

/** Metadata as the client sends it, except for what only the server sets. */
function mergeMetadata(current: KubeObject, next: KubeObject): KubeObject {
  const own: JsonObject = { ...current.metadata };
  const kept = compact(Object.fromEntries(systemMetadata.map((field) => [field, own[field]])));
  return { ...next, metadata: { ...omit(next.metadata, ...systemMetadata, 'managedFields'), ...kept } };
}

/**
 * What the subresource lets through: the status strategy changes nothing else of a custom resource, and no spec of a
 * built-in one.
 */
function restrict(served: ServedResource, current: KubeObject, next: KubeObject, options: WriteOptions): KubeObject {
  if (options.subresource === 'finalize') return withField(next, ['status'], current['status']);
  if (options.subresource === 'status') {
    const status = next['status'];
    if (served.custom) return withField(current, ['status'], status);
    const { annotations, finalizers } = next.metadata;
    const labels = served.resource.kind === 'Deployment' ? current.metadata.labels : next.metadata.labels;
    const metadata = {
      ...omit(current.metadata, 'labels', 'annotations', 'finalizers'),
      ...compact({ labels, annotations, finalizers }),
    };
    return withField({ ...current, metadata }, ['status'], status);
  }
  return served.status ? withField(next, ['status'], current['status']) : next;
}

function bumps(served: ServedResource, current: KubeObject, next: KubeObject, options: WriteOptions): boolean {
  if (options.subresource === 'status' || options.subresource === 'finalize') return false;
  switch (served.strategy.generation) {
    case 'None':
      return false;
    case 'Spec':
      return next['spec'] !== current['spec'];
    case 'SpecAndAnnotations':
      return next['spec'] !== current['spec'] || next.metadata.annotations !== current.metadata.annotations;
    case 'Everything': {
      const ignored = served.status ? ['metadata', 'status', 'apiVersion', 'kind'] : ['metadata', 'apiVersion', 'kind'];
      return !equal(omit(current, ...ignored), omit(next, ...ignored));
    }
  }
}

/** Whether nothing holds a deleted object back any more. */
export function isGone(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  const grace = at(object.metadata, 'deletionGracePeriodSeconds');
  if (deletionTimestamp === undefined || finalizers.length > 0) return false;
  if (object.kind === 'Namespace' && object.apiVersion === 'v1')
    return asArray(at(object, 'spec', 'finalizers')).length === 0;
  return grace === undefined || grace === 0;
}

/** PUT, and the end of every kind of patch: `body` is the whole wanted object in the version of `served`. */
export function updateObject(
  state: ServerState,
  served: ServedResource,
  stored: KubeObject,
  body: JsonObject,
  options: Change,
): KubeObject {
  const current = served.toVersion(stored);
  const decoded = decodeObject(served, body, options);
  checkPreconditions(served, current, decoded, options);
  const allowed = restrict(served, current, mergeMetadata(current, decoded), options);
  const defaulted = options.subresource === 'status' ? allowed : served.strategy.default(allowed);
  const prepared = options.subresource === undefined ? served.strategy.prepareForUpdate(defaulted, current) : defaulted;
  const shared = share(current, withField(prepared, ['metadata', 'resourceVersion'], current.metadata.resourceVersion));
  const next = bumps(served, current, shared, options)
    ? withField(shared, ['metadata', 'generation'], (current.metadata.generation ?? 0) + 1)
    : shared;
  const causes = [...validateMetadata(served, next, current), ...served.strategy.validate(next, current)];
  if (causes.length > 0) throw invalid(served.resource, next.metadata.name, causes);
  for (const validation of state.validations) validation(served.resource, next, current);
  const requested = options.subresource === undefined ? decoded.metadata.managedFields : undefined;
  const managedFields = options.managedFields ?? trackUpdate(served, current, next, options, state.clock, requested);
  return commitChange(
    state,
    served,
    stored,
    share(current, withField(next, ['metadata', 'managedFields'], managedFields)),
    options,
  );
}

/**
 * Stores a changed object, or removes it when the change was the last thing that held it. A change of nothing stores
 * nothing.
 */
export function commitChange(
  state: ServerState,
  served: ServedResource,
  stored: KubeObject,
  next: KubeObject,
  options: Pick<WriteOptions, 'dryRun'>,
): KubeObject {
  const current = served.toVersion(stored);
  if (equal(current, next)) return current;
  if (options.dryRun === true) return next;
  const key = storeKey(served, next.metadata.namespace, next.metadata.name);
  const build = (resourceVersion: string): KubeObject =>
    served.toStorage(withField(next, ['metadata', 'resourceVersion'], resourceVersion));
  return served.toVersion(
    isGone(next) ? state.store.remove(served.storageKey, key, build) : state.store.put(served.storageKey, key, build),
  );
}
