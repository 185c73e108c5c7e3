import { commanded, journalLost, mostReturned, type Returned } from '../api/mesh-migration-status.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { timestamp } from '../base/clock.ts';
import { hasLostJournal } from './lost-journal.ts';
import { isLate, isOf, journalOn, type Journal } from '../plan/journal.ts';
import type { Unnoted } from './situation.ts';

interface Facts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly object: MeshMigration;
  readonly children: readonly NamespaceMigration[];
  readonly homes: readonly NamespaceView[];
  /** Whether the labels of a namespace are those of the new data plane, and of that alone. */
  readonly isThere: (namespace: NamespaceView) => boolean;
}

/** What a journal that goes back says about its end; undefined when the migration as a whole goes back. */
function entryOf({ name, uid }: NamespaceView, { attempt, direction, failure, by }: Journal): Returned | undefined {
  if (direction !== 'Backward') return undefined;
  if (by !== undefined)
    return { namespace: name, uid, attempt, reason: failure?.reason ?? commanded, at: by.at, by: by.name };
  return failure && { namespace: name, uid, attempt, reason: failure.reason, at: failure.at };
}

/**
 * Whether a journal is of the attempt that an entry is about, or of one before it: only a later one tells of another
 * start.
 */
function isStill({ attempt, over }: Returned, journal: Journal): boolean {
  if (journal.direction === 'Backward') return journal.attempt === attempt;
  return over !== true && journal.attempt <= attempt;
}

function isEnd({ attempt }: Returned, journal: Journal): boolean {
  return journal.direction === 'Backward' && journal.attempt === attempt && journal.arrived === true;
}

function as({ over: _over, ...entry }: Returned, isOver: boolean): Returned {
  return { ...entry, ...(isOver && { over: true }) };
}

/**
 * The namespaces that are not started again by themselves. An entry is there before the journal leaves its namespace,
 * so there is no instant at which nobody knows; it goes when a person asks for another start, or with its namespace.
 */
export function returnedNow({ now, object, children, homes, isThere }: Facts): readonly Returned[] {
  const { metadata, spec, status } = object;
  const journals = new Map(homes.map((home) => [home.name, journalOn(home)]));
  const uids = new Map(homes.map(({ name, uid }) => [name, uid]));
  const asked = new Set(
    children
      .filter((child) => child.status?.command?.action === 'Migrate')
      .map((child) => child.metadata.namespace ?? ''),
  );
  const byName = new Map(homes.map((home) => [home.name, home]));
  const recorded = new Set(children.map((child) => child.metadata.namespace));
  // Whoever deletes the record while the labels are still those of the new data plane keeps these.
  const isKept = ({ namespace, reason }: Returned): boolean => {
    const home = byName.get(namespace);
    return reason === journalLost && !recorded.has(namespace) && home !== undefined && isThere(home);
  };
  const ended = new Set(
    children.filter((child) => child.status?.writtenPhase === 'RolledBack').map((child) => child.metadata.namespace),
  );
  const kept = (status?.returned ?? []).flatMap((entry): readonly Returned[] => {
    const { namespace, uid, reason } = entry;
    const journal = journals.get(namespace);
    if (uids.get(namespace) !== uid) return [];
    if (isOf(journal, metadata.name, spec) && !isLate(journal, entry))
      return isStill(entry, journal) ? [as(entry, isEnd(entry, journal))] : [];
    if (metadata.deletionTimestamp !== undefined || asked.has(namespace) || isKept(entry)) return [];
    // Without a journal it is over where nothing was found to be left: the record then says so.
    return [as(entry, entry.over === true || (reason !== journalLost && ended.has(namespace)))];
  });
  const lost =
    metadata.deletionTimestamp === undefined
      ? new Set(
          children
            .filter((child) => hasLostJournal(child) && child.spec.from === spec.from && child.spec.to === spec.to)
            .map((child) => child.metadata.namespace ?? ''),
        )
      : new Set();
  const known = new Set(kept.map(({ namespace }) => namespace));
  const fresh = homes.flatMap((home) => {
    const journal = journals.get(home.name);
    if (known.has(home.name)) return [];
    // No journal has attempt 0: one that is put back from a backup is never taken for a late one.
    if (lost.has(home.name) && !asked.has(home.name))
      return [{ namespace: home.name, uid: home.uid, attempt: 0, reason: journalLost, at: timestamp(now) }];
    const entry = isOf(journal, metadata.name, spec) ? entryOf(home, journal) : undefined;
    return entry === undefined ? [] : [entry];
  });
  return [...kept, ...fresh].slice(0, mostReturned);
}

/** Why nothing more is noted of a namespace, where there is no room for it. */
export function noRoomFor(namespace: string, { status }: MeshMigration): Unnoted | undefined {
  const { returned = [] } = status ?? {};
  const isFull = returned.length >= mostReturned && !returned.some((entry) => entry.namespace === namespace);
  return isFull ? { kind: 'Full', entries: returned.length } : undefined;
}
