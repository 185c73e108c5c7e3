import { namespaceMigrations, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import { answeredOtherWay } from '../engine/other-way.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isBehind, storeStatus, type Context, type Result } from './reconciler.ts';
import { touchedFor } from './touched.ts';

/**
 * On a record that no migration acts upon a command is answered, and nothing else done. Safe: changes only what a
 * person has written into the status, under uid and resourceVersion. Dying before: answered at the next look; after:
 * the phase is the operator's again, and nothing is left to answer.
 */
export async function answer(
  context: Context,
  child: NamespaceMigration,
  migration: MeshMigration | undefined,
  home: NamespaceView,
  signal: AbortSignal,
): Promise<Result> {
  const status = answeredOtherWay(child, migration, home, context.clock.now());
  if (status === undefined) return { kind: 'Idle' };
  if (isBehind(context, touchedFor(context, child))) return { kind: 'Stale' };
  await storeStatus(context, namespaceMigrations, child, status, signal);
  return { kind: 'Idle' };
}
