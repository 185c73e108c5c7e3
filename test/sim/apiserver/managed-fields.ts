import { timestamp, type Clock } from '../../../src/base/clock.ts';
import { apiVersionOf, type KubeObject, type ManagedFieldsEntry } from '../../../src/api/object.ts';
import { difference, emptySet, fromFieldsV1, isEmpty, sameSet, toFieldsV1, union, type FieldSet } from './field-set.ts';
import { withField } from './json.ts';
import { memoize } from '../../../src/base/memoize.ts';
import type { ServedResource } from './served-resource.ts';
import { compareValues, type Comparison } from './typed-value.ts';

/** Who writes: one manager has an entry for each way it writes. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string | undefined;
}

/** What one writer owns. */
export interface Ownership {
  readonly writer: Writer;
  readonly set: FieldSet;
  readonly time: string | undefined;
  /** The entry this was read from, kept as it is while nothing changes. */
  readonly entry: ManagedFieldsEntry | undefined;
}

/** Never owned by anybody (stripMetaManager upstream). */
const unowned = fromFieldsV1({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:clusterName': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
});

/** Structs that are always present in a Go object, so that nobody owns their existence. */
const builtinSkeleton = {
  metadata: {},
  status: {},
  spec: {
    containers: null,
    template: { metadata: {}, spec: { containers: null } },
    strategy: {},
    updateStrategy: {},
    names: {},
    scaleTargetRef: {},
    jobTemplate: { metadata: {}, spec: { template: { metadata: {}, spec: { containers: null } } } },
  },
};

const setOf = memoize((fields: Readonly<Record<string, unknown>>) => fromFieldsV1(fields));

/** The owners that an object names. */
export function readOwners(entries: readonly ManagedFieldsEntry[] | undefined): readonly Ownership[] {
  return (entries ?? []).map((entry) => ({
    writer: {
      manager: entry.manager ?? '',
      operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion: (entry as { readonly apiVersion?: string }).apiVersion ?? '',
      subresource: entry.subresource,
    },
    set: setOf(entry.fieldsV1 ?? {}),
    time: entry.time,
    entry,
  }));
}

/** The owners as an object carries them, sorted as upstream sorts them; undefined when there is none. */
export function writeOwners(owners: readonly Ownership[]): readonly ManagedFieldsEntry[] | undefined {
  const kept = owners.filter((owner) => !isEmpty(owner.set));
  if (kept.length === 0) return undefined;
  return kept.map(entryOf).sort(compareEntries);
}

function entryOf(owner: Ownership): ManagedFieldsEntry {
  const { entry, writer, time, set } = owner;
  if (entry !== undefined && entry.time === time && sameSet(setOf(entry.fieldsV1 ?? {}), set)) return entry;
  return {
    manager: writer.manager,
    operation: writer.operation,
    apiVersion: writer.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(set),
    ...(writer.subresource === undefined ? {} : { subresource: writer.subresource }),
  } as ManagedFieldsEntry;
}

function compareEntries(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  const key = (entry: ManagedFieldsEntry): readonly string[] => [
    entry.operation ?? '',
    entry.time ?? '',
    entry.manager ?? '',
    entry.subresource ?? '',
  ];
  const [left, right] = [key(a), key(b)];
  const index = left.findIndex((part, position) => part !== right[position]);
  const [before = '', after = ''] = [left[index], right[index]];
  return Number(before > after) - Number(before < after);
}

/** Whether two writers share an entry. */
export function sameWriter(a: Writer, b: Writer): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.apiVersion === b.apiVersion &&
    a.subresource === b.subresource
  );
}

/** Removes what nobody may own. */
export function strip(set: FieldSet): FieldSet {
  return difference(set, unowned);
}

/** What changed between two versions of an object, as their kind sees it. */
export function compareObjects(served: ServedResource, previous: KubeObject | undefined, next: KubeObject): Comparison {
  const base = previous ?? (served.custom ? { metadata: {} } : builtinSkeleton);
  return compareValues(
    withField(base, ['metadata', 'managedFields'], undefined),
    withField(next, ['metadata', 'managedFields'], undefined),
    served.strategy.fieldType,
  );
}

/** The other owners after a change: what was changed or removed is theirs no longer. */
function yieldFields(owners: readonly Ownership[], lost: FieldSet): readonly Ownership[] {
  return owners.map((owner) => ({ ...owner, set: difference(owner.set, lost) }));
}

/**
 * managedFields after a write that is not an apply: the writer owns what it added or changed, everybody else loses it
 * (merge.Updater.Update). An object that has lost all its entries is not tracked again until somebody applies.
 */
export function trackUpdate(
  served: ServedResource,
  previous: KubeObject | undefined,
  next: KubeObject,
  options: { readonly manager: string; readonly subresource?: string },
  clock: Clock,
  requested?: readonly ManagedFieldsEntry[],
): readonly ManagedFieldsEntry[] | undefined {
  const base = (requested ?? previous?.metadata.managedFields)?.filter((entry) => entry.fieldsV1 !== undefined);
  if (previous !== undefined && (base === undefined || base.length === 0)) return undefined;
  const subject = previous === undefined && served.status ? withField(next, ['status'], undefined) : next;
  const { added, modified, removed } = compareObjects(served, previous, subject);
  const taken = strip(union(added, modified));
  const owners = yieldFields(readOwners(base), union(union(added, modified), removed));
  if (isEmpty(taken)) return writeOwners(owners);
  const writer: Writer = {
    manager: options.manager,
    operation: 'Update',
    apiVersion: apiVersionOf(served.resource),
    subresource: options.subresource,
  };
  const own = owners.find((owner) => sameWriter(owner.writer, writer));
  const others = owners.filter((owner) => owner !== own);
  // Upstream's scale handler moves entries without giving them a time.
  const time = options.subresource === 'scale' ? undefined : timestamp(clock.now());
  return writeOwners([...others, { writer, set: union(own?.set ?? emptySet, taken), time, entry: own?.entry }]);
}
