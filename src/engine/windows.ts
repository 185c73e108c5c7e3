import type { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import { inMinutes } from '../base/duration.ts';
import { marginMs } from '../plan/start-hold.ts';
import type { Opening } from '../plan/windows.ts';

/** What the windows say now, for people: no namespace is started by it, or kept (`start-hold.ts`). */
export function windowsStatus(
  migration: Pick<MeshMigration, 'spec'>,
  opening: Opening | undefined,
  children: readonly NamespaceMigration[],
): Pick<MeshMigrationStatus, 'windows'> {
  if (opening === undefined) return {};
  const { state, closesAt, nextOpen } = opening;
  const margin = marginMs(migration, children);
  return {
    windows: {
      state,
      ...(closesAt !== undefined && { closesAt: timestamp(closesAt) }),
      ...(nextOpen !== undefined && { nextOpen: timestamp(nextOpen) }),
      ...(margin !== undefined && { margin: inMinutes(margin) }),
    },
  };
}
