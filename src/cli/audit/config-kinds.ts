import type { KubeObject, Resource } from '../../api/object.ts';
import { namespaces } from '../../engine/resources.ts';
import type { MeshAdapter } from '../../mesh/adapter.ts';
import { kindsOf } from '../../mesh/kinds.ts';
import type { WatchedKind } from '../../mesh/watched-kind.ts';
import type { Manifest } from '../manifests/manifest.ts';

/** A kind of configuration that checks read, by its name in the table as views and findings have it. */
export type ConfigKind = Pick<WatchedKind, 'kind' | 'resource' | 'keep'>;

/** What checks of manifests read besides: the operator does not watch it. */
const besides: readonly ConfigKind[] = [
  {
    kind: 'Gateway.networking.istio.io',
    resource: { group: 'networking.istio.io', version: 'v1', kind: 'Gateway', plural: 'gateways', namespaced: true },
  },
];

/** Those of a mesh: what the operator watches for it, and what checks of manifests read besides. */
export function configKindsOf({ watched }: Pick<MeshAdapter, 'watched'>): readonly ConfigKind[] {
  return [...watched, ...besides];
}

/** Manifests name no plural: within a group the kind is one's own as well. */
function keyOf({ group, kind }: Pick<Resource, 'group' | 'kind'>): string {
  return `${group}/${kind}`;
}

/** Which row of a table a manifest is of. */
export interface Stated {
  readonly names: ReadonlyMap<string, ConfigKind>;
  /** Undefined for kinds that no check reads, and for those of another group by the same name. */
  readonly rowOf: (manifest: Manifest) => ConfigKind | undefined;
  /** The object in its namespace; without one of its own it is in `namespace`. */
  readonly placed: (manifest: Manifest, namespace: string) => KubeObject;
}

/** A table as manifests are looked up in it; see {@link kindsOf} for what it may not have. */
export function statedIn(table: readonly ConfigKind[]): Stated {
  const names = kindsOf(table);
  const rows = new Map(table.map((row) => [keyOf(row.resource), row]));
  const rowOf = ({ group, kind }: Manifest): ConfigKind | undefined => rows.get(keyOf({ group, kind }));
  function placed(manifest: Manifest, namespace: string): KubeObject {
    const { object } = manifest;
    if (keyOf(manifest) === keyOf(namespaces) || rowOf(manifest)?.resource.namespaced === false) return object;
    return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } };
  }
  return { names, rowOf, placed };
}
