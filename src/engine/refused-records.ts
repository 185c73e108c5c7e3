import { stalledBy, type Condition } from '../api/common.ts';
import type { KubeObject } from '../api/object.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { least } from '../base/lists.ts';
import { nameOf, type MigrationWrite, type Wishes } from './migration-writes.ts';
import { refusalsToReport } from './situation.ts';
import { messageWithWayOut, type StalledReason } from './ways-out.ts';
import { otherWriters } from './writers.ts';

/** What became of a write to one of our own objects that was not carried out. */
export interface RefusedWrite {
  /** How often the API server has refused it in a row. */
  readonly count: number;
  /** What it said last. */
  readonly message: string;
  /** Milliseconds until it is to be tried again; negative for as long as it could have been. */
  readonly waitMs: number;
  /**
   * For how many milliseconds more it counts as what was carried out again and again and did not last; 0 if it does
   * not.
   */
  readonly undoneForMs: number;
}

/** By the name of the write. */
export type RefusedWrites = ReadonlyMap<string, RefusedWrite>;

/** What the API server keeps refusing, of the objects of one migration. */
export interface RefusedObjects {
  /** By namespace, in words. */
  readonly records: ReadonlyMap<string, string>;
  /** About the MeshMigration itself. */
  readonly own: string | undefined;
}

const reason: StalledReason = 'RecordRefused';

/** As many characters of a refusal as leave room for the way out in a message of a namespace. */
const most = 640;

/**
 * Why the record of a namespace cannot be what it is to be; undefined if it can. Said of the picture only, or stored in
 * the record of who waits for the status of the MeshMigration.
 */
export function refusedBy({ status }: NamespaceMigration): string | undefined {
  const found = stalledBy(status?.conditions);
  return found?.reason === reason ? found.message : undefined;
}

/**
 * A record as it counts while the API server refuses what is to become of it: a person is needed, and it keeps nothing
 * from others.
 */
export function refusedRecord(record: NamespaceMigration, words: string): NamespaceMigration {
  const {
    status = {},
    metadata: { name, creationTimestamp = '' },
  } = record;
  const message = words.slice(0, most);
  const stalled: Condition = {
    type: 'Stalled',
    status: 'True',
    reason,
    message,
    lastTransitionTime: creationTimestamp,
  };
  const phase = status.writtenPhase ?? 'Pending';
  return {
    ...record,
    status: {
      ...status,
      phase,
      writtenPhase: phase,
      message: messageWithWayOut(reason, message, { name }),
      conditions: [...(status.conditions ?? []).filter(({ type }) => type !== 'Stalled'), stalled],
    },
  };
}

/** The garbage collector's own, which it takes away itself. */
const passing: readonly string[] = ['foregroundDeletion', 'orphan'];

function heldBy({ metadata: { deletionTimestamp, finalizers = [] } }: NamespaceMigration): readonly string[] {
  return deletionTimestamp === undefined ? [] : finalizers.filter((finalizer) => !passing.includes(finalizer));
}

const verbs: Readonly<Record<MigrationWrite['kind'], string>> = {
  AddFinalizer: 'its finalizer cannot be added',
  RemoveFinalizer: 'its finalizer cannot be removed',
  CreateChild: 'cannot be created',
  DeleteChild: 'cannot be deleted',
};

/** What somebody does to what was carried out. */
const undoings: Readonly<Record<MigrationWrite['kind'], string>> = {
  AddFinalizer: 'its finalizer is taken off again and again',
  RemoveFinalizer: 'its finalizer is put back again and again',
  CreateChild: 'is deleted again and again',
  DeleteChild: 'is made anew again and again',
};

function byWhom(title: string, object: Pick<KubeObject, 'metadata'> | undefined): string {
  const { names } = otherWriters(object ?? { metadata: { name: '' } });
  return names.length === 0 ? '' : `: ${title} is also written by ${names.join(', ')}`;
}

/**
 * What does not last, whether it is as it should be at this moment or not: of a record that is deleted nobody knows by
 * whom.
 */
function undone(
  object: MeshMigration,
  { unwanted }: Wishes,
  refused: RefusedWrites,
  say: (namespace: string | undefined, words: string) => void,
): void {
  for (const [write, { undoneForMs }] of refused) {
    if (undoneForMs <= 0) continue;
    const [kind, namespace] = write.split(' ') as [MigrationWrite['kind'], string | undefined];
    if (namespace === undefined) say(namespace, `${undoings[kind]}${byWhom('the MeshMigration', object)}`);
    else
      say(
        namespace,
        `its NamespaceMigration ${object.metadata.name} ${undoings[kind]}${byWhom(
          'it',
          unwanted.find(({ metadata }) => metadata.namespace === namespace),
        )}`,
      );
  }
}

function inWords(name: string, kind: MigrationWrite['kind'], message: string): string {
  return `its NamespaceMigration ${name} ${verbs[kind]}: ${message}`;
}

/**
 * What is refused of that which is to be written now: what was refused and is not wanted any more is nobody's trouble.
 */
export function refusedObjects(object: MeshMigration, wishes: Wishes, refused: RefusedWrites): RefusedObjects {
  const { writes, unwanted } = wishes;
  const { name } = object.metadata;
  const records = new Map<string, string>();
  let own: string | undefined;
  undone(object, wishes, refused, (namespace, words) => {
    if (namespace === undefined) own = words;
    else records.set(namespace, words);
  });
  for (const record of unwanted) {
    const finalizers = heldBy(record);
    if (finalizers.length > 0)
      records.set(
        record.metadata.namespace ?? '',
        `its NamespaceMigration ${name} is being deleted and held by its finalizers: ${finalizers.join(', ')}`,
      );
  }
  for (const write of writes) {
    const found = refused.get(nameOf(write));
    if (found === undefined || found.count < refusalsToReport) continue;
    if ('namespace' in write) records.set(write.namespace, inWords(name, write.kind, found.message));
    else own = `${verbs[write.kind]}: ${found.message}`;
  }
  return { records, own };
}

/** Namespaces whose record cannot be made, and why: whatever stands on them, nobody takes them further meanwhile. */
export function unmadeIn({ metadata: { name } }: MeshMigration, refused: RefusedWrites): ReadonlyMap<string, string> {
  const start = nameOf({ kind: 'CreateChild', namespace: '' });
  const unmade = [...refused].filter(([write, { count }]) => write.startsWith(start) && count >= refusalsToReport);
  return new Map(
    unmade.map(([write, { message }]) => [write.slice(start.length), inWords(name, 'CreateChild', message)]),
  );
}

/** Everybody, with what is refused: also those of whom there is no record, because it cannot be made. */
export function withRefused(
  everyone: readonly NamespaceMigration[],
  { records }: Pick<RefusedObjects, 'records'>,
  { metadata: { name }, spec: { from, to } }: MeshMigration,
): readonly NamespaceMigration[] {
  if (records.size === 0) return everyone;
  const known = new Set(everyone.map(({ metadata }) => metadata.namespace));
  const unmade = [...records.keys()]
    .filter((namespace) => !known.has(namespace))
    .map((namespace): NamespaceMigration => ({ metadata: { name, namespace }, spec: { migration: name, from, to } }));
  return [...everyone, ...unmade].map((record) => {
    const words = records.get(record.metadata.namespace ?? '');
    return words === undefined ? record : refusedRecord(record, words);
  });
}

/**
 * The write that is to be tried now, or how long none is. One that was refused comes after all that were not, and the
 * one first that has waited longest: refusals may take their time, and the first would be due again before the last was
 * tried.
 */
export function nextOf(
  { writes }: Wishes,
  refused: RefusedWrites,
): { readonly write: MigrationWrite | undefined; readonly waitMs?: number } {
  const waits = writes.map((write) => refused.get(nameOf(write))?.waitMs ?? -Infinity);
  const waitMs = least(waits);
  if (waits.length === 0 || waitMs <= 0) return { write: writes[waits.indexOf(waitMs)] };
  return { write: undefined, waitMs };
}
