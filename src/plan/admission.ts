import type { MeshMigrationSpec } from '../api/mesh-migration.ts';
import type { NamespaceMigration } from '../api/resources.ts';

/** Whether the namespace has been touched and is not at the end: it takes a slot. For pods that only their owner can replace none is kept. */
export function isInFlight({ status }: NamespaceMigration): boolean {
  return status?.direction !== undefined && status.writtenPhase !== 'Migrated' && status.writtenPhase !== 'Incomplete';
}

/** Whether the attempt at the namespace failed, rolled back since or not. */
export function hasFailed({ status }: NamespaceMigration): boolean {
  return status?.failure !== undefined;
}

/** May be started, as far as its own record says: one that was not looked at yet, and one that is to start again, included. */
function isCandidate({ status }: NamespaceMigration): boolean {
  if (status?.direction !== undefined) return false;
  const startsAgain = status?.writtenPhase === 'RolledBack' && status.failure === undefined && status.command === undefined;
  return startsAgain || status?.writtenPhase === undefined || status.writtenPhase === 'Pending' || status.writtenPhase === 'Planned';
}

/**
 * Why the namespace may not start yet; undefined if it may. Slots go to candidates in the order of their names, computed
 * from the same picture by everyone, so no two decisions hand out one slot twice. A blocked namespace is no candidate and
 * so gives its slot back.
 */
export function notAdmitted(self: NamespaceMigration, siblings: readonly NamespaceMigration[], spec: MeshMigrationSpec, slots: number): string | undefined {
  const failed = siblings.filter(hasFailed).length;
  if (failed > spec.failureBudget.namespaces) {
    return `${failed} namespaces failed and spec.failureBudget.namespaces is ${spec.failureBudget.namespaces}: no further namespace is started`;
  }
  const inFlight = siblings.filter(isInFlight).length;
  const name = self.metadata.namespace ?? '';
  const ahead = siblings.filter((sibling) => isCandidate(sibling) && (sibling.metadata.namespace ?? '') < name).length;
  return inFlight + ahead < slots ? undefined : `waits for its turn: ${inFlight} namespaces are under way, ${slots} may be`;
}
