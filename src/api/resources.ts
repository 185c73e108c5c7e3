import type { KubeObject, Resource } from './object.ts';
import type { MeshMigrationStatus } from './mesh-migration-status.ts';
import type { MeshMigrationSpec } from './mesh-migration-spec.ts';
import type { NamespaceMigrationSpec, NamespaceMigrationStatus } from './namespace-migration.ts';

/** API group of all our kinds, labels and annotations. */
export const group = 'meshmigration.dev';

export const meshMigrations: Resource = {
  group,
  version: 'v1alpha1',
  kind: 'MeshMigration',
  plural: 'meshmigrations',
  namespaced: false,
};
export const namespaceMigrations: Resource = {
  group,
  version: 'v1alpha1',
  kind: 'NamespaceMigration',
  plural: 'namespacemigrations',
  namespaced: true,
};

/** A MeshMigration as the API server hands it out (defaults filled in by the server). */
export interface MeshMigration extends KubeObject {
  readonly spec: MeshMigrationSpec;
  readonly status?: MeshMigrationStatus;
}

/** A NamespaceMigration as the API server hands it out. */
export interface NamespaceMigration extends KubeObject {
  readonly spec: NamespaceMigrationSpec;
  readonly status?: NamespaceMigrationStatus;
}

/** Under which name the API server records what the operator sets. */
export const fieldManager = 'mesh-migration';

/** On every NamespaceMigration: the MeshMigration it belongs to (shortened when the name is too long for a label). */
export const migrationLabel = `${group}/migration`;

/**
 * On every MeshMigration that started something: holds its deletion until the rollback is done. Never on other objects.
 */
export const rollbackFinalizer = `${group}/rollback`;

/**
 * On a Service from its first changed label until it is back: the labels before the change, as JSON. Written in the
 * same patch as the change.
 */
export const originalLabelsAnnotation = `${group}/original-labels`;

/**
 * On every object that the operator makes in a user's namespace, with the value `managedBy`: whose they are, and that
 * they may be deleted.
 */
export const managedByLabel = `${group}/managed-by`;
export const managedBy = 'mesh-migration';

/** On the same objects: the step that made them. */
export const stepLabel = `${group}/step`;

/**
 * On the same objects: a digest of what the operator applied last. Equal to the wanted one although the object differs:
 * somebody else changed it.
 */
export const appliedAnnotation = `${group}/applied`;

/**
 * In the pod template of a restarted workload; its value names the restart, so that a restart is recognised after a
 * crash.
 */
export const restartAnnotation = `${group}/restart`;

/**
 * On a namespace from before anything of it or in it is changed until all of it is back, or Finalized: what the
 * operator believes, as JSON (src/plan/journal.ts). Without it nothing was started, whatever a status says.
 */
export const journalAnnotation = `${group}/journal`;

/**
 * Given by people: on a MeshMigration none of its namespaces is started while it is there, on a Namespace not that one.
 * Its value is the reason, whatever it says.
 */
export const freezeAnnotation = `${group}/freeze`;
