import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { NamespaceMigration } from '../api/resources.ts';
import { newsOf } from './news.ts';
import type { Context } from './reconciler.ts';

/**
 * Tells what has changed as events of the record, so that what happened to a namespace can be read where people look
 * for it.
 */
export function report(
  { log, events }: Pick<Context, 'log' | 'events'>,
  child: NamespaceMigration,
  status: NamespaceMigrationStatus,
): void {
  const { namespace, name, uid } = child.metadata;
  const regarding = {
    apiVersion: child.apiVersion ?? 'meshmigration.dev/v1alpha1',
    kind: 'NamespaceMigration',
    namespace,
    name,
    uid,
  };
  for (const news of newsOf(child.status ?? {}, status)) {
    log.info({ namespace, migration: child.spec.migration, phase: status.phase, step: status.step }, news.note);
    events.record({ regarding, ...news });
  }
}
