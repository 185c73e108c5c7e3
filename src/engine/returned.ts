import { commanded, type Returned } from '../api/mesh-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isLate, isOf, journalOn, type Journal } from '../plan/journal.ts';

/** As many as the API admits. */
const maxReturned = 1000;

interface Facts {
  readonly object: MeshMigration;
  readonly children: readonly NamespaceMigration[];
  readonly homes: readonly NamespaceView[];
}

/** What a journal that goes back says about its end; undefined when the migration as a whole goes back. */
function entryOf({ name, uid }: NamespaceView, { attempt, direction, failure, by }: Journal): Returned | undefined {
  if (direction !== 'Backward') return undefined;
  if (by !== undefined) return { namespace: name, uid, attempt, reason: failure?.reason ?? commanded, at: by.at, by: by.name };
  return failure && { namespace: name, uid, attempt, reason: failure.reason, at: failure.at };
}

/**
 * The namespaces that are not started again by themselves. An entry is there before the journal leaves its namespace, so there
 * is no instant at which nobody knows; it goes when a person asks for another start, or with its namespace.
 */
export function returnedNow({ object, children, homes }: Facts): readonly Returned[] {
  const { metadata, spec, status } = object;
  const journals = new Map(homes.map((home) => [home.name, journalOn(home)]));
  const uids = new Map(homes.map(({ name, uid }) => [name, uid]));
  const asked = new Set(children.filter((child) => child.status?.command?.action === 'Migrate').map((child) => child.metadata.namespace ?? ''));
  const kept = (status?.returned ?? []).filter((entry) => {
    const { namespace, uid, attempt } = entry;
    const journal = journals.get(namespace);
    if (uids.get(namespace) !== uid) return false;
    return isOf(journal, metadata.name, spec) && !isLate(journal, entry) ? journal.attempt === attempt && journal.direction === 'Backward' : metadata.deletionTimestamp === undefined && !asked.has(namespace);
  });
  const known = new Set(kept.map(({ namespace }) => namespace));
  const fresh = homes.flatMap((home) => {
    const journal = journals.get(home.name);
    const entry = isOf(journal, metadata.name, spec) && !known.has(home.name) ? entryOf(home, journal) : undefined;
    return entry === undefined ? [] : [entry];
  });
  return [...kept, ...fresh].slice(0, maxReturned);
}
