import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { NamespaceMigration } from '../api/resources.ts';
import { newsOf, type News } from './news.ts';
import type { Context } from './reconciler.ts';

/** A Warning that has come while the namespace rests: nothing else would say that something is new. */
function newsOfWarning({ id, object, message }: Finding): News {
  return { type: 'Warning', reason: id, action: 'Check', note: `${object}: ${message}` };
}

/**
 * Tells what has changed as events of the record, so that what happened to a namespace can be read where people look
 * for it.
 */
export function report(
  { log, events }: Pick<Context, 'log' | 'events'>,
  child: NamespaceMigration,
  status: NamespaceMigrationStatus,
  warnings: readonly Finding[] = [],
): void {
  const { namespace, name, uid } = child.metadata;
  const regarding = {
    apiVersion: child.apiVersion ?? 'meshmigration.dev/v1alpha1',
    kind: 'NamespaceMigration',
    namespace,
    name,
    uid,
  };
  for (const news of [...newsOf(child.status ?? {}, status), ...warnings.map(newsOfWarning)]) {
    log.info({ namespace, migration: child.spec.migration, phase: status.phase, step: status.step }, news.note);
    events.record({ regarding, ...news });
  }
}
