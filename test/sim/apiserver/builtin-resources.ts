import { apiVersionOf, type KubeObject } from '../../../src/api/object.ts';
import { builtinColumns } from './builtin-columns.ts';
import { builtinStrategy } from './builtin-strategy.ts';
import { builtinTable, type BuiltinRow } from './builtin-table.ts';
import { eventFromStorage, eventToStorage } from './event-conversion.ts';
import { freeze } from './json.ts';
import { memoize } from '../../../src/base/memoize.ts';
import type { ServedResource, Subresource } from './served-resource.ts';

const readWrite = ['get', 'patch', 'update'];
const scaleOf = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: readWrite };

const extraSubresources: Readonly<Record<string, readonly Subresource[]>> = {
  'Namespace.': [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  'Pod.': [
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
  ],
};

function identity(object: KubeObject): KubeObject {
  return object;
}

function serve(row: BuiltinRow, allocateClusterIp: () => string): ServedResource {
  const { group, version, kind, plural } = row;
  const resource = { group, version, kind, plural, namespaced: row.clusterScoped !== true };
  const converted = row.storedAs !== undefined;
  return {
    resource,
    storageKey: row.storedAs ?? (group === '' ? plural : `${plural}.${group}`),
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    shortNames: row.shortNames ?? [],
    categories: row.all === true ? ['all'] : [],
    custom: false,
    status: row.status === true,
    scale:
      row.scale === true
        ? { specReplicas: ['spec', 'replicas'], statusReplicas: ['status', 'replicas'], selector: ['spec', 'selector'] }
        : undefined,
    subresources: [
      ...(row.status === true ? [{ name: 'status', kind, verbs: readWrite }] : []),
      ...(row.scale === true ? [scaleOf] : []),
      ...(extraSubresources[`${kind}.${group}`] ?? []),
    ],
    strategy: builtinStrategy(row, allocateClusterIp),
    columns: builtinColumns(group, kind),
    nameRule: row.nameRule ?? 'Subdomain',
    toVersion: converted ? memoize((stored: KubeObject) => freeze(eventFromStorage(stored))) : identity,
    toStorage: converted ? eventToStorage : identity,
    selectableFields: row.selectableFields ?? [],
    openapi: {
      type: 'object',
      description: `${kind} (${apiVersionOf(resource)}); its fields are not described here.`,
      'x-kubernetes-preserve-unknown-fields': true,
    },
  };
}

/** All built-in resources. */
export function builtinResources(allocateClusterIp: () => string): readonly ServedResource[] {
  return builtinTable.map((row) => serve(row, allocateClusterIp));
}
