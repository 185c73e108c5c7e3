import { timestamp } from '../../../src/base/clock.ts';
import { apiVersionOf, type KubeObject, type ManagedFieldsEntry } from '../../../src/api/object.ts';
import { checkConfig } from './apply-config.ts';
import { createObject } from './create.ts';
import { applyConflict, badRequest, conflict, type StatusCause } from './errors.ts';
import { difference, emptySet, intersection, isEmpty, pathsOf, printPath, union, type FieldSet } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import { asObject, asString, at, equal, withField, type JsonObject } from './json.ts';
import {
  compareObjects,
  readOwners,
  sameWriter,
  strip,
  trackUpdate,
  writeOwners,
  type Ownership,
  type Writer,
} from './managed-fields.ts';
import type { ServedResource } from './served-resource.ts';
import type { ServerState, WriteOptions } from './server-state.ts';
import { fieldSetOf, mergeValues, removeFields, withNamedParents } from './typed-value.ts';
import { updateObject } from './update.ts';

/** How an apply is made. */
export interface ApplyOptions extends WriteOptions {
  /** Takes fields from other managers instead of failing. */
  readonly force: boolean;
}

/** What is applied to: the live object or nothing, and its place. */
export interface ApplyTarget {
  readonly served: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly stored: KubeObject | undefined;
}

/** Server-side apply (PATCH with application/apply-patch+yaml): creates the object when it is absent. */
export function applyObject(
  state: ServerState,
  target: ApplyTarget,
  config: JsonObject,
  options: ApplyOptions,
): KubeObject {
  const { served, stored } = target;
  checkConfig(served, target.name, config);
  const writer: Writer = {
    manager: options.manager,
    operation: 'Apply',
    apiVersion: apiVersionOf(served.resource),
    subresource: options.subresource,
  };
  if (stored === undefined) {
    if (at(config, 'metadata', 'name') === undefined) {
      throw badRequest(
        `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
      );
    }
    const uid = asString(at(config, 'metadata', 'uid'));
    if (uid !== '')
      throw conflict(
        served.resource,
        target.name,
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      );
    const set = appliedSet(served, config, options);
    const managedFields =
      writeOwners([{ writer, set: strip(set), time: timestamp(state.clock.now()), entry: undefined }]) ?? [];
    return createObject(state, served, target.namespace, config, { ...options, managedFields });
  }
  const live = served.toVersion(stored);
  const { object, managedFields } = merge(served, live, config, writer, options, state);
  return updateObject(state, served, stored, object, { ...options, managedFields });
}

/** The paths that the configuration claims; the status belongs to its subresource alone, and nothing else does. */
function appliedSet(served: ServedResource, config: JsonObject, options: ApplyOptions): FieldSet {
  const withoutStatus = served.status ? withField(config, ['status'], undefined) : config;
  const relevant = options.subresource === 'status' ? { status: config['status'] } : withoutStatus;
  return fieldSetOf(relevant, served.strategy.fieldType);
}

interface Merged {
  readonly object: JsonObject;
  readonly managedFields: readonly ManagedFieldsEntry[];
}

function merge(
  served: ServedResource,
  live: KubeObject,
  config: JsonObject,
  writer: Writer,
  options: ApplyOptions,
  state: ServerState,
): Merged {
  const type = served.strategy.fieldType;
  const owners = trackedOwners(served, live, state);
  const own = owners.find((owner) => sameWriter(owner.writer, writer));
  const others = owners.filter((owner) => owner !== own);
  const set = appliedSet(served, config, options);
  const merged = mergeValues(withField(live, ['metadata', 'managedFields'], undefined), config, type);
  const claimed = others.reduce((sum, owner) => union(sum, owner.set), set);
  const pruned = asObject(prune(merged, own?.set ?? emptySet, claimed, type));
  const next = withField(
    pruned,
    ['metadata', 'resourceVersion'],
    at(config, 'metadata', 'resourceVersion') ?? live.metadata.resourceVersion,
  ) as unknown as KubeObject;
  const { added, modified, removed } = compareObjects(served, live, next);
  const changed = union(added, modified);
  const conflicts = others
    .map((owner) => ({ owner, set: intersection(owner.set, changed) }))
    .filter((found) => !isEmpty(found.set));
  if (conflicts.length > 0 && !options.force) throw conflictError(conflicts);
  const lost = union(changed, removed);
  const same = equal(next, withField(live, ['metadata', 'managedFields'], undefined));
  const time = same ? own?.time : timestamp(state.clock.now());
  const remaining = others.map((owner) => ({ ...owner, set: difference(owner.set, lost) }));
  return {
    object: next,
    managedFields: writeOwners([...remaining, { writer, set: strip(set), time, entry: own?.entry }]) ?? [],
  };
}

/** Owners of an object that was never tracked: everything in it belongs to `before-first-apply`. */
function trackedOwners(served: ServedResource, live: KubeObject, state: ServerState): readonly Ownership[] {
  const owners = readOwners(live.metadata.managedFields);
  if (owners.length > 0) return owners;
  return readOwners(trackUpdate(served, undefined, live, { manager: 'before-first-apply' }, state.clock));
}

/** Removes what the manager applied last time, does not apply now, and nobody else claims (merge.Updater.prune). */
function prune(merged: unknown, last: FieldSet, claimed: FieldSet, type: FieldType): unknown {
  if (isEmpty(last)) return merged;
  const setIn = (value: unknown): FieldSet => withNamedParents(fieldSetOf(value, type), type);
  const lastWithParents = withNamedParents(last, type);
  const all = setIn(merged);
  const without = removeFields(merged, lastWithParents, type);
  const claimedBack = removeFields(
    merged,
    difference(all, union(setIn(without), withNamedParents(claimed, type))),
    type,
  );
  return removeFields(merged, intersection(difference(all, setIn(claimedBack)), lastWithParents), type);
}

interface Conflict {
  readonly owner: Ownership;
  readonly set: FieldSet;
}

function describeOwner({ writer }: Ownership): string {
  const named = `${JSON.stringify(writer.manager)}${writer.subresource === undefined ? '' : ` with subresource ${JSON.stringify(writer.subresource)}`}`;
  if (writer.operation === 'Apply') return named;
  return `${named} using ${writer.apiVersion}`;
}

function conflictError(conflicts: readonly Conflict[]): Error {
  const found = conflicts
    .map(({ owner, set }) => ({ manager: describeOwner(owner), paths: pathsOf(set).map(printPath) }))
    .sort((a, b) => (a.manager < b.manager ? -1 : 1));
  const causes = found.flatMap(({ manager, paths }) =>
    paths.map((field): StatusCause => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field })),
  );
  const [first] = found;
  if (causes.length === 1 && first !== undefined) {
    return applyConflict(
      `Apply failed with 1 conflict: conflict with ${first.manager}: ${String(first.paths[0])}`,
      causes,
    );
  }
  const lines = found.flatMap(({ manager, paths }) => [
    `conflicts with ${manager}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  return applyConflict(`Apply failed with ${String(causes.length)} conflicts: ${lines.join('\n')}`, causes);
}
