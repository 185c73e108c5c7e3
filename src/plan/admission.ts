import { stalledBy } from '../api/common.ts';
import { isFailure, type MeshMigrationSpec } from '../api/mesh-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { counted } from '../base/counted.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isOf, journalOn, type Journal } from './journal.ts';
import { isForHbone, isSelected, type Scope } from './scope.ts';

/** Why a namespace under way holds no slot: it waits for other namespaces, or for a person (`Stalled`), or it could go on and wants a slot again. */
export type Parked = 'Waits' | 'Stalled' | 'WantsSlot';

/** Namespaces of one migration that are under way and hold no slot. */
export type Parking = ReadonlyMap<string, Parked>;

const nobody: Parking = new Map();

/** Whether the namespace has been touched and is not at the end: it takes a slot. For pods that only their owner can replace none is kept. */
export function isInFlight({ status }: NamespaceMigration): boolean {
  return status?.direction !== undefined && status.writtenPhase !== 'Migrated' && status.writtenPhase !== 'Incomplete';
}

/** May be started, as far as its own record says: one that was not looked at yet, and one that is to start again, included. */
function isCandidate({ status = {} }: NamespaceMigration): boolean {
  const { direction, conditions, writtenPhase: phase, failure, command } = status;
  if (direction !== undefined || heldUp.includes(stalledBy(conditions)?.reason ?? '')) return false;
  return phase === 'RolledBack' ? failure === undefined && command === undefined : startable.includes(phase);
}

/** Whose journal or record cannot be written is tried again, and holds nobody up meanwhile. */
const heldUp: readonly string[] = ['WriteRefused', 'RecordRefused'];

const startable: readonly (string | undefined)[] = [undefined, 'Pending', 'Planned', 'Migrating'];

/** How far a migration is, by what stands where no namespace editor can write: the journals and the MeshMigration. */
export interface Progress {
  /** Namespaces that take a slot. */
  readonly inFlight: number;
  /** Namespaces whose attempt failed, rolled back since or not. */
  readonly failed: number;
  /** Namespaces that gave their slot back and want one again. */
  readonly wanting?: number;
  /** Namespaces that gave their slot back because they wait for a person. */
  readonly stalled?: number;
}

/** The journals of a migration on namespaces that stay. */
function journalsOf({ metadata, spec }: MeshMigration, namespaces: readonly NamespaceView[]): readonly { readonly namespace: NamespaceView; readonly journal: Journal }[] {
  return namespaces.filter(({ terminating }) => !terminating).flatMap((namespace) => {
    const journal = journalOn(namespace);
    return isOf(journal, metadata.name, spec) ? [{ namespace, journal }] : [];
  });
}

/**
 * The namespaces that count against the failure budget, by name: the attempt at them failed, rolled back since or not, to move them or to restart them for
 * HBONE. What has left the scope since is nobody's to repair any more. Whoever counts failures, or names them, asks here.
 */
export function failedIn(migration: MeshMigration, namespaces: readonly NamespaceView[]): readonly string[] {
  const returned = new Set((migration.status?.returned ?? []).filter(isFailure).map(({ namespace }) => namespace));
  const failing = new Set(journalsOf(migration, namespaces).filter(({ journal }) => journal.failure !== undefined).map(({ namespace }) => namespace.name));
  return namespaces.filter((namespace) => returned.has(namespace.name) || failing.has(namespace.name))
    .filter((namespace) => isSelected(migration.spec, namespace) || isForHbone(migration, namespace)).map(({ name }) => name).sort();
}

/** Whether so many failed that no further namespace is started. */
export function isBudgetSpent({ failureBudget }: MeshMigrationSpec, failed: number): boolean {
  return failed > failureBudget.namespaces;
}

/** Counts the namespaces of a migration. */
export function progressOf(migration: MeshMigration, namespaces: readonly NamespaceView[], parking: Parking = nobody): Progress {
  const inFlight = journalsOf(migration, namespaces).filter(({ namespace, journal }) => journal.arrived !== true && !parking.has(namespace.name)).length;
  return { inFlight, failed: failedIn(migration, namespaces).length, ...(parking.size > 0 && { wanting: countOf(parking, 'WantsSlot'), stalled: countOf(parking, 'Stalled') }) };
}

function countOf(parking: Parking, state: 'Stalled' | 'WantsSlot'): number {
  return [...parking.values()].filter((each) => each === state).length;
}

/** What limits the start of namespaces. */
export interface Limits {
  readonly spec: MeshMigrationSpec;
  readonly slots: number;
  readonly scope: Pick<Scope, 'namespaces'> & Partial<Pick<Scope, 'hbone'>>;
}

/**
 * Why the namespace may not start yet; undefined if it may. What is not in the scope never starts. Slots go to candidates in
 * the order of their names, computed from the same picture by everyone, so no two decisions hand out one slot twice. A blocked
 * namespace is no candidate and so gives its slot back.
 */
export function notAdmitted(name: string, records: readonly NamespaceMigration[], { inFlight, failed, wanting = 0, stalled = 0 }: Progress, { spec, slots, scope }: Limits): string | undefined {
  const inScope = new Set([...scope.namespaces, ...scope.hbone ?? []]);
  if (!inScope.has(name)) return 'it is not in the scope of the MeshMigration any more';
  if (isBudgetSpent(spec, failed)) {
    return `${counted(failed, 'namespace')} failed and spec.failureBudget.namespaces is ${spec.failureBudget.namespaces}: no further namespace is started`;
  }
  // What stalls one after the other may have one cause: it must not leave the whole cluster half-way, slot after slot.
  if (stalled >= mostStalled(slots)) return `${stalled} namespaces are under way and Stalled: no further namespace is started before some of them go on, or back`;
  const ahead = wanting + records.filter((record) => isCandidate(record) && inScope.has(record.metadata.namespace ?? '') && (record.metadata.namespace ?? '') < name).length;
  return inFlight + ahead < slots ? undefined : `waits for its turn: ${inFlight} namespaces are under way, ${slots} may be`;
}

/** As many namespaces as may be Stalled, each with its slot given back, before no further one is started. */
function mostStalled(slots: number): number {
  return 2 * slots;
}

/** What limits how many go back at once when a migration goes back as a whole. */
export interface Return {
  readonly migration: MeshMigration;
  readonly namespaces: readonly NamespaceView[];
  readonly slots: number;
  /** Namespaces that hold no slot: they do not go before anybody either. */
  readonly parking?: Parking;
}

/**
 * Why a namespace at rest may not go back yet; undefined if it may. Slots go by name among those that are still at rest, by the journals and so the
 * same for everyone: nobody in a namespace can jump the queue, or hold it up.
 */
export function notTurned(name: string, { migration: { metadata, spec }, namespaces, slots, parking = nobody }: Return, { inFlight, wanting = 0 }: Progress): string | undefined {
  const isResting = (namespace: NamespaceView): boolean => {
    const journal = journalOn(namespace);
    return isOf(journal, metadata.name, spec) && journal.direction === 'Forward' && journal.arrived === true && !namespace.terminating;
  };
  const ahead = wanting + namespaces.filter((namespace) => namespace.name < name && !parking.has(namespace.name) && isResting(namespace)).length;
  return inFlight + ahead < slots ? undefined : `waits for its turn to go back: ${inFlight} namespaces are under way, ${slots} may be`;
}

/**
 * Why a namespace that gave its slot back may not take one again; undefined if it may, or never gave it back. It comes before those that are not
 * started, because it is nearer to its end: bound to its waypoint already, for example.
 */
export function noSlot(name: string, { inFlight }: Progress, slots: number, parking: Parking): string | undefined {
  if (!parking.has(name)) return undefined;
  const ahead = [...parking].filter(([other, state]) => state === 'WantsSlot' && other < name).length;
  return inFlight + ahead < slots ? undefined : `waits for its turn again: ${inFlight} namespaces are under way, ${slots} may be`;
}
