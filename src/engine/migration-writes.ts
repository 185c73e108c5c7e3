import type { MigrationPhase } from '../api/mesh-migration-status.ts';
import { rollbackFinalizer, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import type { Scope } from '../plan/scope.ts';
import { hasLostJournal } from './lost-journal.ts';

/** A write on our own objects. */
export type MigrationWrite =
  | { readonly kind: 'AddFinalizer' }
  | { readonly kind: 'RemoveFinalizer' }
  | { readonly kind: 'CreateChild'; readonly namespace: string }
  | {
      readonly kind: 'DeleteChild';
      readonly namespace: string;
      readonly uid: string;
      readonly resourceVersion: string;
    };

/** What is to be written, the most urgent first, and the records that are to go. */
export interface Wishes {
  readonly writes: readonly MigrationWrite[];
  readonly unwanted: readonly NamespaceMigration[];
}

/** What the writes of a migration follow from. */
export interface Records {
  readonly object: MeshMigration;
  readonly scope: Scope;
  readonly children: readonly NamespaceMigration[];
  readonly outdated?: readonly NamespaceMigration[];
  readonly lateForMs?: number;
}

/**
 * One write is one for as long as it is about the same place: a record that somebody makes anew each time is deleted
 * less and less often.
 */
export function nameOf(write: MigrationWrite): string {
  switch (write.kind) {
    case 'AddFinalizer':
    case 'RemoveFinalizer':
      return write.kind;
    case 'CreateChild':
    case 'DeleteChild':
      return `${write.kind} ${write.namespace}`;
  }
}

/** Whether the finalizer that the rollback at deletion depends on is there: nothing is started without it. */
export function isProtected({ metadata }: MeshMigration): boolean {
  return metadata.finalizers?.includes(rollbackFinalizer) === true;
}

/** One that is on its way out is not deleted again: whoever holds it by a finalizer lets it go. */
function deletions(records: readonly NamespaceMigration[]): readonly MigrationWrite[] {
  return records
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata: { namespace = '', uid = '', resourceVersion = '' } }) => ({
      kind: 'DeleteChild',
      namespace,
      uid,
      resourceVersion,
    }));
}

function creations(namespaces: readonly string[]): readonly MigrationWrite[] {
  return namespaces.map((namespace) => ({ kind: 'CreateChild', namespace }));
}

/**
 * Finalized is final; what tells alone what a namespace was stays until a person deletes it, found to be so or not
 * looked at yet.
 */
function isKept(child: NamespaceMigration): boolean {
  const { writtenPhase, original } = child.status ?? {};
  return (
    writtenPhase === 'Finalized' || (writtenPhase === undefined && original !== undefined) || hasLostJournal(child)
  );
}

/**
 * F: what is started goes back first, then our records go, our finalizer last. Dying in between: the same again. As
 * long as a write may still arrive somebody has to be there who sweeps what it leaves. Where somebody took the journal
 * away, the record stays until a person deletes it: it alone says what the labels were.
 */
function maySayGoodbye({ object, scope, children, lateForMs = 0 }: Records): boolean {
  if (lateForMs > 0 && object.status?.startedAt !== undefined) return false;
  return (
    isProtected(object) &&
    scope.changed.length === 0 &&
    !children.some((child) => child.status?.writtenPhase === undefined || hasLostJournal(child))
  );
}

function lettingGo(records: Records, first: Wishes): Wishes {
  const { children, outdated = [] } = records;
  if (!maySayGoodbye(records)) return first;
  const last: readonly MigrationWrite[] =
    [...children, ...outdated].length === 0 ? [{ kind: 'RemoveFinalizer' }] : deletions(children);
  return { writes: [...first.writes, ...last], unwanted: [...first.unwanted, ...children] };
}

/**
 * All that is to be written now, so that what one object is refused keeps no other waiting.
 *
 * Safe in any order: records are deleted by uid and resourceVersion, and what was begun stands on the namespace; none
 * is made where one of another way is in the place. Dying before: sent again; after: the name is free, or the record
 * there.
 */
export function wishesOf(records: Records, phase: MigrationPhase): Wishes {
  const { object, scope, children, outdated = [] } = records;
  const taken = new Set([...children, ...outdated].map(({ metadata }) => metadata.namespace));
  // The record of a changed namespace was deleted by hand: without it nobody would ever put the namespace back.
  const lost = isProtected(object) ? creations(scope.changed.filter((name) => !taken.has(name))) : [];
  const first: Wishes = { writes: [...deletions(outdated), ...lost], unwanted: outdated };
  if (object.metadata.deletionTimestamp !== undefined) return lettingGo(records, first);
  const inScope = new Set([...scope.namespaces, ...scope.hbone]);
  // Neither started nor to be started: whatever was said of it is over, unless it alone tells what was.
  const strays = children.filter(
    (child) => child.status?.direction === undefined && !isKept(child) && !inScope.has(child.metadata.namespace ?? ''),
  );
  const tidied: Wishes = { writes: [...first.writes, ...deletions(strays)], unwanted: [...outdated, ...strays] };
  const isWrong = scope.findings.some(({ severity }) => severity === 'Critical');
  // What was begun has its way back at a deletion, however wrong the selection has become since.
  const isAtStake = scope.changed.length > 0 || children.some(hasLostJournal);
  if (phase === 'Finalized' || (isWrong && (isProtected(object) || !isAtStake))) return tidied;
  if (!isProtected(object)) return { ...tidied, writes: [...tidied.writes, { kind: 'AddFinalizer' }] };
  const changed = new Set(scope.changed);
  const missing = creations([...inScope].filter((name) => !taken.has(name) && !changed.has(name)));
  return { ...tidied, writes: [...tidied.writes, ...missing] };
}
