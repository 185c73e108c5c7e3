import { asArray, asObject, equal, isObject, omit, type JsonObject } from './json.ts';

/** Merge keys of lists by field name (patchMergeKey tags of k8s.io/api); `ports` depends on what its items have. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  conditions: 'type',
  ownerReferences: 'uid',
  addresses: 'type',
  secrets: 'name',
  podIPs: 'ip',
  webhooks: 'name',
  resourceClaims: 'name',
  schedulingGates: 'name',
  taints: 'key',
};

/** Lists of scalars that are merged as sets. */
const mergedSets: readonly string[] = ['finalizers'];

const setOrder = '$setElementOrder/';
const deleteScalars = '$deleteFromPrimitiveList/';

function mergeKey(field: string, items: readonly unknown[]): string | undefined {
  if (field === 'ports')
    return items.some((item) => asObject(item)['containerPort'] !== undefined) ? 'containerPort' : 'port';
  return mergeKeys[field];
}

/** Items of the patch laid over those of the target that have the same key, and what the patch deletes. */
function mergeItems(
  key: string,
  target: readonly unknown[],
  patch: readonly unknown[],
  order: readonly unknown[],
): readonly unknown[] {
  const directives = patch.map(asObject);
  if (directives.some((item) => item['$patch'] === 'replace'))
    return directives.filter((item) => item['$patch'] !== 'replace');
  const same =
    (item: unknown) =>
    (other: unknown): boolean =>
      equal(asObject(item)[key], asObject(other)[key]);
  const deleted = directives.filter((item) => item['$patch'] === 'delete');
  const changes = directives.filter((item) => item['$patch'] !== 'delete');
  const kept = target.filter((item) => !deleted.some(same(item)));
  const patched = changes.map((item) => applyStrategicMerge(asObject(kept.find(same(item))), item));
  const others = kept.filter((item) => !changes.some(same(item)));
  const known = [...patched, ...others.filter((item) => order.some(same(item)))];
  const unknown = others.filter((item) => !order.some(same(item)));
  const ranked =
    order.length === 0 ? known : known.toSorted((a, b) => order.findIndex(same(a)) - order.findIndex(same(b)));
  return interleave(unknown, ranked, (item) => target.findIndex(same(item)));
}

/**
 * Puts the items that the client did not mention between those it did: one goes first only when both stood in the
 * target and it stood before (strategicpatch mergeSortedSlice).
 */
function interleave(
  unmentioned: readonly unknown[],
  mentioned: readonly unknown[],
  position: (item: unknown) => number,
): readonly unknown[] {
  const merged: unknown[] = [];
  const waiting = [...unmentioned];
  for (const item of mentioned) {
    while (waiting.length > 0 && position(item) !== -1 && position(waiting[0]) < position(item))
      merged.push(waiting.shift());
    merged.push(item);
  }
  return [...merged, ...waiting];
}

function mergeList(
  field: string,
  target: unknown,
  patch: readonly unknown[],
  order: readonly unknown[],
): readonly unknown[] {
  const existing = asArray(target);
  if (mergedSets.includes(field))
    return [...existing, ...patch.filter((item) => !existing.some((old) => equal(old, item)))];
  const key = mergeKey(field, [...patch, ...existing]);
  return key === undefined || !patch.every(isObject) ? patch : mergeItems(key, existing, patch, order);
}

function applyMember(merged: Record<string, unknown>, field: string, value: unknown, order: readonly unknown[]): void {
  if (value === null) {
    Reflect.deleteProperty(merged, field);
  } else if (Array.isArray(value)) {
    merged[field] = mergeList(field, merged[field], asArray(value), order);
  } else {
    merged[field] = isObject(value) ? applyStrategicMerge(asObject(merged[field]), value) : value;
  }
}

/**
 * Applies a strategic merge patch as far as clients of the model send one: lists of the merge key table item by item,
 * other lists whole, and the directives `$patch`, `$retainKeys`, `$setElementOrder` and `$deleteFromPrimitiveList`.
 */
export function applyStrategicMerge(target: JsonObject, patch: JsonObject): JsonObject {
  if (patch['$patch'] === 'replace') return omit(patch, '$patch');
  if (patch['$patch'] === 'delete') return {};
  const retained = patch['$retainKeys'];
  const base = Array.isArray(retained)
    ? Object.fromEntries(Object.entries(target).filter(([key]) => retained.includes(key)))
    : target;
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(patch)) {
    if (!field.startsWith('$')) applyMember(merged, field, value, asArray(patch[`${setOrder}${field}`]));
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(deleteScalars)) {
      const name = field.slice(deleteScalars.length);
      const removed = asArray(value);
      merged[name] = asArray(merged[name]).filter((item) => !removed.some((gone) => equal(gone, item)));
    }
  }
  return merged;
}
