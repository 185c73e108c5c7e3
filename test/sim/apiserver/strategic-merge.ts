import { asArray, asObject, equal, isObject, omit, type JsonObject } from './json.ts';

/** Merge keys of lists by field name (patchMergeKey tags of k8s.io/api); `ports` depends on what its items have. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name', initContainers: 'name', ephemeralContainers: 'name', env: 'name', volumes: 'name', volumeMounts: 'mountPath',
  volumeDevices: 'devicePath', imagePullSecrets: 'name', hostAliases: 'ip', topologySpreadConstraints: 'topologyKey', conditions: 'type',
  ownerReferences: 'uid', addresses: 'type', secrets: 'name', podIPs: 'ip', webhooks: 'name', resourceClaims: 'name', schedulingGates: 'name',
  taints: 'key',
};

/** Lists of scalars that are merged as sets. */
const mergedSets: readonly string[] = ['finalizers'];

const setOrder = '$setElementOrder/';
const deleteScalars = '$deleteFromPrimitiveList/';

function mergeKey(field: string, items: readonly unknown[]): string | undefined {
  if (field === 'ports') return items.some((item) => asObject(item)['containerPort'] !== undefined) ? 'containerPort' : 'port';
  return mergeKeys[field];
}

function mergeItems(key: string, target: readonly unknown[], patch: readonly unknown[]): readonly unknown[] {
  const directives = patch.map(asObject);
  if (directives.some((item) => item['$patch'] === 'replace')) return directives.filter((item) => item['$patch'] !== 'replace');
  let merged = [...target];
  for (const item of directives) {
    const index = merged.findIndex((existing) => equal(asObject(existing)[key], item[key]));
    if (item['$patch'] === 'delete') merged = merged.filter((existing) => !equal(asObject(existing)[key], item[key]));
    else if (index === -1) merged.push(applyStrategicMerge({}, item));
    else merged[index] = applyStrategicMerge(asObject(merged[index]), item);
  }
  return merged;
}

/** Puts the items in the order that the client saw; items that it did not know of keep their place behind their neighbour. */
function reorder(list: readonly unknown[], order: readonly unknown[], key: string | undefined): readonly unknown[] {
  const keyOf = (item: unknown): unknown => (key === undefined ? item : asObject(item)[key]);
  const rank = (item: unknown): number => order.findIndex((wanted) => equal(keyOf(wanted), keyOf(item)));
  const known = list.filter((item) => rank(item) !== -1).sort((a, b) => rank(a) - rank(b));
  return list.map((item) => (rank(item) === -1 ? item : known.shift()));
}

function mergeList(field: string, target: unknown, patch: readonly unknown[]): readonly unknown[] {
  const existing = asArray(target);
  if (mergedSets.includes(field)) return [...existing, ...patch.filter((item) => !existing.some((old) => equal(old, item)))];
  const key = mergeKey(field, [...patch, ...existing]);
  return key === undefined || !patch.every(isObject) ? patch : mergeItems(key, existing, patch);
}

function applyMember(merged: Record<string, unknown>, field: string, value: unknown): void {
  if (value === null) {
    Reflect.deleteProperty(merged, field);
  } else if (Array.isArray(value)) {
    merged[field] = mergeList(field, merged[field], asArray(value));
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
  const base = Array.isArray(retained) ? Object.fromEntries(Object.entries(target).filter(([key]) => retained.includes(key))) : target;
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(patch)) {
    if (!field.startsWith('$')) applyMember(merged, field, value);
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(deleteScalars)) {
      const name = field.slice(deleteScalars.length);
      const removed = asArray(value);
      merged[name] = asArray(merged[name]).filter((item) => !removed.some((gone) => equal(gone, item)));
    }
    if (field.startsWith(setOrder)) {
      const name = field.slice(setOrder.length);
      const list = asArray(merged[name]);
      if (list.length > 0) merged[name] = reorder(list, asArray(value), mergedSets.includes(name) ? undefined : mergeKey(name, [...list, ...asArray(value)]));
    }
  }
  return merged;
}
