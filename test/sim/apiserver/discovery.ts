import { apiVersionOf } from '../../../src/api/object.ts';
import { compact, type JsonObject } from './json.ts';
import type { Registry } from './registry.ts';
import type { ServedResource } from './served-resource.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

interface GroupVersions {
  readonly group: string;
  readonly versions: readonly string[];
}

function versionRank(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [3, 0, 0];
  const stabilities: readonly (string | undefined)[] = [undefined, 'beta', 'alpha'];
  return [stabilities.indexOf(match[2]), -Number(match[1]), -Number(match[3] ?? 0)];
}

/** Stable versions first, then the newest (apimachinery version.CompareKubeAwareVersionStrings). */
function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  const index = left.findIndex((part, position) => part !== right[position]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

function groups(registry: Registry): readonly GroupVersions[] {
  const found = new Map<string, Set<string>>();
  for (const { resource } of registry.all()) {
    const versions = found.get(resource.group) ?? new Set<string>();
    versions.add(resource.version);
    found.set(resource.group, versions);
  }
  return [...found]
    .filter(([group]) => group !== '')
    .map(([group, versions]) => ({ group, versions: [...versions].sort(compareVersions) }));
}

function describeGroup({ group, versions }: GroupVersions): JsonObject {
  const listed = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: listed, preferredVersion: listed[0] };
}

/** `/api`. */
export function coreVersions(): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
  };
}

/** `/apis`. */
export function groupList(registry: Registry): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(registry).map(describeGroup) };
}

/** `/apis/GROUP`. */
export function groupOf(registry: Registry, name: string): JsonObject | undefined {
  const found = groups(registry).find(({ group }) => group === name);
  return found === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(found) };
}

function inVersion(registry: Registry, group: string, version: string): readonly ServedResource[] {
  return registry.all().filter(({ resource }) => resource.group === group && resource.version === version);
}

function describeResource(served: ServedResource): readonly JsonObject[] {
  const { resource } = served;
  const own = compact({
    name: resource.plural,
    singularName: served.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs,
    shortNames: served.shortNames.length === 0 ? undefined : served.shortNames,
    categories: served.categories.length === 0 ? undefined : served.categories,
    storageVersionHash: Buffer.from(served.storageKey).toString('base64').slice(0, 12),
  });
  const below = served.subresources.map((subresource) =>
    compact({
      name: `${resource.plural}/${subresource.name}`,
      singularName: '',
      namespaced: resource.namespaced,
      group: subresource.group,
      version: subresource.version,
      kind: subresource.kind,
      verbs: subresource.verbs,
    }),
  );
  return [own, ...below];
}

/** `/api/v1` and `/apis/GROUP/VERSION`. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const served = inVersion(registry, group, version);
  if (served.length === 0) return undefined;
  const [first] = served;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: first === undefined ? version : apiVersionOf(first.resource),
    resources: served.flatMap(describeResource),
  };
}

function aggregatedResource(served: ServedResource): JsonObject {
  const { group, version, kind, plural, namespaced } = served.resource;
  return compact({
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: served.singular,
    verbs,
    shortNames: served.shortNames.length === 0 ? undefined : served.shortNames,
    categories: served.categories.length === 0 ? undefined : served.categories,
    subresources:
      served.subresources.length === 0
        ? undefined
        : served.subresources.map((subresource) => ({
            subresource: subresource.name,
            verbs: subresource.verbs,
            responseKind: {
              group: subresource.group ?? group,
              version: subresource.version ?? version,
              kind: subresource.kind,
            },
          })),
  });
}

/** `/api` or `/apis` as APIGroupDiscoveryList: every resource in one answer. */
export function aggregatedDiscovery(registry: Registry, core: boolean): JsonObject {
  const listed = core ? [{ group: '', versions: ['v1'] }] : groups(registry);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: listed.map(({ group, versions }) => ({
      metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versions.map((version) => ({
        version,
        freshness: 'Current',
        resources: inVersion(registry, group, version).map(aggregatedResource),
      })),
    })),
  };
}
