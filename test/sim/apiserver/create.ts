import type { KubeObject, ObjectMeta } from '../../../src/api/object.ts';
import { timestamp } from '../../../src/base/clock.ts';
import { SimStatusError } from '../sim-api.ts';
import { decodeObject } from './decode.ts';
import { alreadyExists, badRequest, forbidden, invalid, notFound } from './errors.ts';
import { omit, withField, type JsonObject } from './json.ts';
import { trackUpdate } from './managed-fields.ts';
import { validateMetadata } from './metadata-validation.ts';
import { storeKey, type ServedResource } from './served-resource.ts';
import type { ServerState, WriteOptions } from './server-state.ts';

/** Field managers of a new object that server-side apply has already worked out. */
export interface Creation extends WriteOptions {
  readonly managedFields?: ObjectMeta['managedFields'];
}

function checkNamespace(state: ServerState, served: ServedResource, object: KubeObject): void {
  if (!served.resource.namespaced) return;
  const namespace = object.metadata.namespace ?? '';
  const found = state.store.get('namespaces', namespace);
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(
    served.resource,
    object.metadata.name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }],
  );
}

function place(served: ServedResource, namespace: string | undefined, object: KubeObject): KubeObject {
  const given = object.metadata.namespace;
  if (!served.resource.namespaced)
    return given === undefined ? object : { ...object, metadata: omit(object.metadata, 'namespace') };
  if (given !== undefined && namespace !== undefined && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const target = namespace ?? given;
  if (target === undefined || target === '') throw badRequest('an empty namespace may not be set during creation');
  return withField(object, ['metadata', 'namespace'], target);
}

/** The metadata that the server decides (rest.FillObjectMetaSystemFields and BeforeCreate). */
function stamp(state: ServerState, served: ServedResource, object: KubeObject): KubeObject {
  const { metadata } = object;
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== '') {
    throw new SimStatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  const prefix = (metadata as { readonly generateName?: string }).generateName ?? '';
  const name = (metadata.name as string | undefined) ?? '';
  const kept = omit(
    metadata,
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'resourceVersion',
    'managedFields',
  );
  return {
    ...object,
    metadata: {
      ...kept,
      name: name === '' && prefix !== '' ? `${prefix.slice(0, 58)}${state.identity.suffix()}` : name,
      uid: state.identity.uid(),
      creationTimestamp: timestamp(state.clock.now()),
      ...(served.strategy.generation === 'None' ? {} : { generation: 1 }),
    },
  };
}

/** POST. Returns the object as stored, in the version of `served`. */
export function createObject(
  state: ServerState,
  served: ServedResource,
  namespace: string | undefined,
  body: JsonObject,
  options: Creation,
): KubeObject {
  const decoded = served.strategy.default(decodeObject(served, body, options));
  const stamped = stamp(state, served, place(served, namespace, decoded));
  checkNamespace(state, served, stamped);
  const admitted = state.admissions.reduce((object, admission) => admission(served.resource, object), stamped);
  const prepared = served.strategy.prepareForCreate(served.strategy.default(admitted));
  const causes = [...validateMetadata(served, prepared, undefined), ...served.strategy.validate(prepared, undefined)];
  if (causes.length > 0) throw invalid(served.resource, prepared.metadata.name, causes);
  for (const validation of state.validations) validation(served.resource, prepared, undefined);
  const managedFields = options.managedFields ?? trackUpdate(served, undefined, decoded, options, state.clock);
  return commitNew(state, served, withField(prepared, ['metadata', 'managedFields'], managedFields), options);
}

function commitNew(state: ServerState, served: ServedResource, object: KubeObject, options: WriteOptions): KubeObject {
  const key = storeKey(served, object.metadata.namespace, object.metadata.name);
  if (state.store.get(served.storageKey, key) !== undefined) throw alreadyExists(served.resource, object.metadata.name);
  if (options.dryRun === true) return object;
  const stored = state.store.put(served.storageKey, key, (resourceVersion) =>
    served.toStorage({ ...object, metadata: { ...object.metadata, resourceVersion } }),
  );
  return served.toVersion(stored);
}
