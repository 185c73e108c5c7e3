import { stalledBy } from '../api/common.ts';
import { isFailure, type MeshMigrationSpec } from '../api/mesh-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isOf, journalOn } from './journal.ts';
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

/** Whether the attempt at the namespace failed, rolled back since or not. */
export function hasFailed({ status }: NamespaceMigration): boolean {
  return status?.failure !== undefined;
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

/** Counts the namespaces of a migration. */
export function progressOf({ metadata, spec, status }: MeshMigration, namespaces: readonly NamespaceView[], parking: Parking = nobody): Progress {
  const journals = namespaces.filter(({ terminating }) => !terminating).map((namespace) => ({ namespace: namespace.name, journal: journalOn(namespace) })).filter(({ journal }) => isOf(journal, metadata.name, spec));
  const inFlight = journals.filter(({ journal }) => journal?.arrived !== true).filter(({ namespace }) => !parking.has(namespace)).length;
  // What has left the scope since is nobody's to repair any more, under way still or back.
  const scope = new Set(namespaces.filter((namespace) => isSelected(spec, namespace) || isForHbone({ metadata, spec }, namespace)).map(({ name }) => name));
  const returned = (status?.returned ?? []).filter(isFailure);
  const failed = new Set([...journals.filter(({ journal }) => journal?.failure !== undefined), ...returned].map(({ namespace }) => namespace).filter((name) => scope.has(name)));
  return { inFlight, failed: failed.size, ...(parking.size > 0 && { wanting: countOf(parking, 'WantsSlot'), stalled: countOf(parking, 'Stalled') }) };
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
  if (failed > spec.failureBudget.namespaces) {
    return `${failed} namespaces failed and spec.failureBudget.namespaces is ${spec.failureBudget.namespaces}: no further namespace is started`;
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
