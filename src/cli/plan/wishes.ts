import { MeshMigrationSpec } from '../../api/mesh-migration-spec.ts';
import { group, type MeshMigration } from '../../api/resources.ts';
import type { NamespaceView } from '../../mesh/views.ts';
import { scopeOf } from '../../plan/scope.ts';
import type { Manifest, Unreadable } from '../manifests/manifest.ts';

/** What the user wants, as far as MeshMigrations among the manifests say it. */
export interface Wishes {
  readonly migrations: readonly MeshMigration[];
  /** MeshMigrations that the API server would refuse. */
  readonly unreadable: readonly Unreadable[];
}

/** For namespaces that no MeshMigration has in scope. */
const defaults = MeshMigrationSpec.parse({ from: 'IstioSidecar', to: 'IstioAmbient', namespaces: { names: ['any'] } });

/** The MeshMigrations from sidecars to ambient. */
export function wishesOf(manifests: readonly Manifest[]): Wishes {
  const migrations: MeshMigration[] = [];
  const unreadable: Unreadable[] = [];
  for (const { object, source } of manifests.filter(
    (manifest) => manifest.group === group && manifest.kind === 'MeshMigration',
  )) {
    const { data, error } = MeshMigrationSpec.safeParse(object['spec']);
    const [issue] = error?.issues ?? [];
    if (data === undefined)
      unreadable.push({
        ...source,
        reason: `MeshMigration ${object.metadata.name}: spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
      });
    else if (data.from === 'IstioSidecar' && data.to === 'IstioAmbient') migrations.push({ ...object, spec: data });
  }
  return { migrations, unreadable };
}

/** The settings for a namespace: those of the first MeshMigration that has it in scope. */
export function specFor(namespace: NamespaceView, { migrations }: Wishes, rootNamespace: string): MeshMigrationSpec {
  return (
    migrations.find((migration) => scopeOf(migration, [], [namespace], [rootNamespace]).namespaces.length > 0)?.spec ??
    defaults
  );
}
