import { stalledBy } from '../api/common.ts';
import { commanded, journalLost, type Returned } from '../api/mesh-migration-status.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { counted, listed } from '../base/counted.ts';
import { memoize, memoizeLast } from '../base/memoize.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isOf, journalOn, type Journal } from './journal.ts';
import { noApprovals, notApproved, type Approvals } from './approval.ts';
import { isForHbone, isSelected, type Scope } from './scope.ts';
import { notBegun, noWaves, slotsFor, waveOf, type Waves } from './waves.ts';

/**
 * Why a namespace under way holds no slot: it waits for other namespaces, or for a person (`Stalled`), or it could go
 * on and wants a slot again.
 */
export type Parked = 'Waits' | 'Stalled' | 'WantsSlot';

/** Namespaces of one migration that are under way and hold no slot. */
export type Parking = ReadonlyMap<string, Parked>;

const nobody: Parking = new Map();

/**
 * Whether the namespace has been touched and is not at the end: it takes a slot. For pods that only their owner can
 * replace none is kept.
 */
export function isInFlight({ status }: Pick<NamespaceMigration, 'status'>): boolean {
  return status?.direction !== undefined && status.writtenPhase !== 'Migrated' && status.writtenPhase !== 'Incomplete';
}

/** Whether it is back because all went back: it starts again by itself, unlike what failed or was commanded back. */
export function isBackWithAll({ status = {} }: Pick<NamespaceMigration, 'status'>): boolean {
  return status.writtenPhase === 'RolledBack' && status.failure === undefined && status.command === undefined;
}

/**
 * May be started, as far as its own record says: one that was not looked at yet, and one that is to start again,
 * included.
 */
function isCandidate({ status = {} }: NamespaceMigration): boolean {
  const { direction, conditions, writtenPhase: phase } = status;
  if (direction !== undefined || heldUp.includes(stalledBy(conditions)?.reason ?? '')) return false;
  return isBackWithAll({ status }) || startable.includes(phase);
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
const journalsOf = memoizeLast(
  (
    { metadata, spec }: MeshMigration,
    namespaces: readonly NamespaceView[],
  ): readonly { readonly namespace: NamespaceView; readonly journal: Journal }[] =>
    namespaces
      .filter(({ terminating }) => !terminating)
      .flatMap((namespace) => {
        const journal = journalOn(namespace);
        return isOf(journal, metadata.name, spec) ? [{ namespace, journal }] : [];
      }),
);

/** Whether a namespace in `status.returned` is there because its attempt failed. */
function isFailure({ reason }: Returned): boolean {
  return reason !== commanded && reason !== journalLost;
}

/**
 * The namespaces that count against the failure budget, by name: the attempt at them failed, rolled back since or not,
 * to move them or to restart them for HBONE. What has left the scope since is nobody's to repair any more. Whoever
 * counts failures, or names them, asks here.
 */
export const failedIn = memoizeLast(
  (migration: MeshMigration, namespaces: readonly NamespaceView[]): readonly string[] => {
    const returned = new Set((migration.status?.returned ?? []).filter(isFailure).map(({ namespace }) => namespace));
    const failing = new Set(
      journalsOf(migration, namespaces)
        .filter(({ journal }) => journal.failure !== undefined)
        .map(({ namespace }) => namespace.name),
    );
    return namespaces
      .filter((namespace) => returned.has(namespace.name) || failing.has(namespace.name))
      .filter((namespace) => isSelected(migration, namespace) || isForHbone(migration, namespace))
      .map(({ name }) => name)
      .sort();
  },
);

/** Whether so many failed that no further namespace is started. */
export function isBudgetSpent({ failureBudget }: MeshMigrationSpec, failed: number): boolean {
  return failed > failureBudget.namespaces;
}

/** Counts the namespaces of a migration. */
export function progressOf(
  migration: MeshMigration,
  namespaces: readonly NamespaceView[],
  parking: Parking = nobody,
): Progress {
  const inFlight = journalsOf(migration, namespaces).filter(
    ({ namespace, journal }) => journal.arrived !== true && !parking.has(namespace.name),
  ).length;
  return {
    inFlight,
    failed: failedIn(migration, namespaces).length,
    ...(parking.size > 0 && { wanting: countOf(parking, 'WantsSlot'), stalled: countOf(parking, 'Stalled') }),
  };
}

function countOf(parking: Parking, state: 'Stalled' | 'WantsSlot'): number {
  return [...parking.values()].filter((each) => each === state).length;
}

/** What limits the start of namespaces. */
export interface Limits {
  readonly spec: MeshMigrationSpec;
  readonly slots: number;
  readonly scope: Pick<Scope, 'namespaces'> & Partial<Pick<Scope, 'hbone'>>;
  /** Default: there are none. */
  readonly waves?: Waves;
  /** Default: none is needed. */
  readonly approvals?: Approvals;
  /** Why none is started now, whichever it is (`start-hold.ts`). */
  readonly hold?: string | undefined;
}

function isBefore(one: string, other: string, waves: Waves): boolean {
  const [place, beside] = [waveOf(one, waves), waveOf(other, waves)];
  return place === beside ? one < other : place < beside;
}

/**
 * The namespaces to which slots go, in the order of their waves and names, without those of waves that have not begun
 * and those whose plans nobody has approved of: computed from the same picture by everyone, so no two decisions hand
 * out one slot twice.
 */
const inLine = memoizeLast(
  (
    records: readonly NamespaceMigration[],
    inScope: ReadonlySet<string>,
    waves: Waves,
    approvals: Approvals,
  ): readonly string[] =>
    records
      .filter(isCandidate)
      .filter(
        ({ metadata, status }) => notApproved(metadata.namespace ?? '', status?.planDigest, approvals) === undefined,
      )
      .map(({ metadata }) => metadata.namespace ?? '')
      .filter((name) => inScope.has(name) && notBegun(name, waves) === undefined)
      .sort((one, other) => (isBefore(one, other, waves) ? -1 : 1)),
);

const namesIn = memoize(
  ({ namespaces, hbone = [] }: Limits['scope']): ReadonlySet<string> => new Set([...namespaces, ...hbone]),
);

/** Why no further namespace is started, whichever it is; undefined if the next one may. */
export function brakeOn(
  { failed, stalled = 0 }: Progress,
  { spec, slots, hold }: Pick<Limits, 'spec' | 'slots' | 'hold'>,
): string | undefined {
  if (isBudgetSpent(spec, failed)) {
    return `${counted(failed, 'namespace')} failed and spec.failureBudget.namespaces is ${spec.failureBudget.namespaces}: no further namespace is started`;
  }
  // What stalls one after the other may have one cause: it must not leave the whole cluster half-way, slot after slot.
  return stalled >= mostStalled(slots)
    ? `${stalled} namespaces are under way and Stalled: no further namespace is started before some of them go on, or back`
    : hold;
}

function freeSlots({ inFlight, wanting = 0 }: Progress, slots: number): number {
  return Math.max(0, slots - inFlight - wanting);
}

/** It says nothing that others change: who waits is not looked at each time that they do. */
function turn(slots: number): string {
  return `${counted(slots, 'namespace')} may be under way at once`;
}

/**
 * Why the namespace may not start yet; undefined if it may. What is not in the scope never starts. A blocked namespace
 * is no candidate and so gives its slot back.
 */
export function notAdmitted(
  name: string,
  records: readonly NamespaceMigration[],
  progress: Progress,
  limits: Limits,
): string | undefined {
  const inScope = namesIn(limits.scope);
  if (!inScope.has(name)) return 'it is not in the scope of the MeshMigration any more';
  const brake = brakeOn(progress, limits);
  if (brake !== undefined) return brake;
  const { waves = noWaves, approvals = noApprovals, spec } = limits;
  const early = notBegun(name, waves);
  if (early !== undefined) return early;
  const ahead = inLine(records, inScope, waves, approvals).filter((other) => isBefore(other, name, waves)).length;
  const slots = slotsFor(name, waves, spec, limits.slots);
  return ahead < freeSlots(progress, slots) ? undefined : `waits for its turn: ${turn(slots)}`;
}

/**
 * The namespaces in line that may start now: as many as there are free slots, and nobody that `notAdmitted` would send
 * away.
 */
export function admitted(
  records: readonly NamespaceMigration[],
  progress: Progress,
  limits: Limits,
): readonly string[] {
  if (brakeOn(progress, limits) !== undefined) return [];
  const { scope, slots, spec, waves = noWaves, approvals = noApprovals } = limits;
  if (freeSlots(progress, slots) === 0) return [];
  return inLine(records, namesIn(scope), waves, approvals).filter(
    (name, ahead) => ahead < freeSlots(progress, slotsFor(name, waves, spec, slots)),
  );
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
 * The namespaces at rest to which the slots for going back go, in the order of their names: by the journals, so that
 * nobody in a namespace can jump the queue, or hold it up.
 */
function atRest({ migration, namespaces, parking = nobody }: Return): readonly string[] {
  return journalsOf(migration, namespaces)
    .filter(({ journal }) => journal.direction === 'Forward' && journal.arrived === true)
    .map(({ namespace }) => namespace.name)
    .filter((name) => !parking.has(name))
    .sort();
}

/** Why a namespace at rest may not go back yet; undefined if it may. */
export function notTurned(name: string, all: Return, progress: Progress): string | undefined {
  const ahead = atRest(all).filter((other) => other < name).length;
  return ahead < freeSlots(progress, all.slots) ? undefined : `waits for its turn to go back: ${turn(all.slots)}`;
}

/** The namespaces that are half-way, parked ones too. */
function halfWay({ migration, namespaces }: Return): readonly string[] {
  return journalsOf(migration, namespaces)
    .filter(({ journal }) => journal.arrived !== true)
    .map(({ namespace }) => namespace.name);
}

/**
 * Why a namespace at rest may not be left as it is yet, when a migration is deleted and leaves what it can; undefined
 * if it may. Somebody that is half-way goes back first: one who calls it may have to take it along, and what is left as
 * it is has no way back any more.
 */
export function notLeft(all: Return): string | undefined {
  const names = halfWay(all);
  return names.length === 0 ? undefined : `stays as it is; waits until ${listed(names, 3)} went back`;
}

/** The namespaces at rest that may be left as they are now. */
export function leaving(all: Return): readonly string[] {
  return halfWay(all).length === 0 ? atRest(all) : [];
}

/**
 * The namespaces at rest that may go back now: as many as there are free slots. What is parked has its own time to be
 * tried again.
 */
export function turning(all: Return, progress: Progress): readonly string[] {
  const free = freeSlots(progress, all.slots);
  return free === 0 ? [] : atRest(all).slice(0, free);
}

/**
 * Why a namespace that gave its slot back may not take one again; undefined if it may, or never gave it back. It comes
 * before those that are not started, because it is nearer to its end: bound to its waypoint already, for example.
 */
export function noSlot(name: string, { inFlight }: Progress, slots: number, parking: Parking): string | undefined {
  if (!parking.has(name)) return undefined;
  const ahead = [...parking].filter(([other, state]) => state === 'WantsSlot' && other < name).length;
  return inFlight + ahead < slots ? undefined : `waits for its turn again: ${turn(slots)}`;
}
