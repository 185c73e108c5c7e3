import type { ManagedFieldsEntry } from '../api/object.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import { managerName } from '../api/managers.ts';
import type { MeshMigration } from '../api/resources.ts';
import { record } from '../mesh/json.ts';

/** What kubectl and Argo CD note of the manifest that they have applied last (kubectl/pkg/util/apply.go). */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Who applies manifests without server-side apply, by the name of the field manager: `kubectl apply`, Argo CD
 * (common.ArgoCDSSAManager in argo-cd, also for updates), Helm and the controllers of Flux.
 */
const appliers =
  /^(?:kubectl-client-side-apply|argocd-[\w-]+|helm|Helm|helm-controller|kustomize-controller|flux[\w-]*)$/;

/** A field of the spec, and whether it says anything but what the API server fills in. */
export interface StatedField {
  readonly name: keyof MeshMigrationSpec;
  readonly isSaid: (spec: MeshMigrationSpec) => boolean;
}

/** Where approvals stand. */
export const approvalField: StatedField = {
  name: 'approval',
  isSaid: ({ approval: { mode, plans } }) => mode !== 'Auto' || plans.length > 0,
};

/** Whether a field is among those of an entry: `f:` stands before each name (fieldpath in structured-merge-diff). */
function has({ fieldsV1 }: ManagedFieldsEntry, { name }: StatedField): boolean {
  return record(record(fieldsV1)['f:spec'])[`f:${name}`] !== undefined;
}

function manifestOf({ metadata }: MeshMigration): unknown {
  try {
    return JSON.parse(metadata.annotations?.[lastApplied] ?? '');
  } catch {
    return undefined;
  }
}

/**
 * Whoever creates an object without server-side apply owns what the API server fills in as well: what he stated, the
 * manifest tells that is noted beside it; without one, what is other than filled in.
 */
function isInManifest(migration: MeshMigration, { name, isSaid }: StatedField): boolean {
  const manifest = manifestOf(migration);
  return manifest === undefined ? isSaid(migration.spec) : record(record(manifest)['spec'])[name] !== undefined;
}

/**
 * Who states a field of the spec by a manifest of his, as field managers are named: what is changed beside that manifest
 * he does not know of, and may set back.
 */
export function statersOf(migration: MeshMigration, field: StatedField): readonly string[] {
  const owners = (migration.metadata.managedFields ?? []).filter(
    (entry) => (entry.subresource ?? '') === '' && has(entry, field),
  );
  const stating = owners.filter(
    ({ operation, manager = '' }) =>
      operation === 'Apply' || (appliers.test(manager) && isInManifest(migration, field)),
  );
  return [...new Set(stating.map(managerName))];
}
