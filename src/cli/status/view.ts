import { stalledBy, standing, type PodCounts } from '../../api/common.ts';
import type { NamespaceTotals } from '../../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus } from '../../api/namespace-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import type { WaveStatus } from '../../api/waves.ts';
import { cutText } from '../../base/cut-text.ts';
import { isEdited } from '../../engine/commands.ts';
import { waveOf, wavesOf } from '../../plan/waves.ts';
import type { Seen } from './seen.ts';

/** Where something stands, as kstatus reads conditions: what is not known is in progress, never done. */
export type State = 'Done' | 'Stalled' | 'InProgress';

interface Reason {
  readonly reason: string;
  readonly message: string;
}

interface Standing {
  readonly state: State;
  readonly phase: string;
  readonly message: string;
  /** Why a person is needed, and what leads out. */
  readonly stalled?: Reason;
  /** Why the last command was not carried out. */
  readonly rejected?: string;
  /** A command that the operator has not taken yet. */
  readonly asked?: string;
}

/** Why a namespace goes back, or has gone back: what its attempt failed of, or which field manager commanded it. */
type Cause = Reason | { readonly commandedBy: string };

/** One namespace of a migration. */
export interface NamespaceRow extends Standing {
  readonly namespace: string;
  readonly migration: string;
  readonly step?: string;
  readonly itinerary?: string;
  /** Workloads whose restart has begun, and of those the ones that are through. */
  readonly restarts?: { readonly begun: number; readonly done: number };
  readonly pods?: PodCounts;
  /** Absent where it goes forward, and where the whole migration goes back. */
  readonly because?: Cause;
}

/** One wave with its namespaces. */
export interface WaveView {
  readonly name: string;
  readonly state?: WaveStatus['state'];
  readonly total?: number;
  readonly migrated?: number;
  readonly unfinished?: number;
  readonly namespaces: readonly NamespaceRow[];
}

/** One migration with all that belongs to it. */
export interface MigrationView extends Standing {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly action: string;
  readonly totals?: NamespaceTotals;
  readonly waves: readonly WaveView[];
  /** Those that belong to no wave, or of which nobody may tell to which. */
  readonly namespaces: readonly NamespaceRow[];
}

/** All that `status` shows, and the one document of `-o json`. */
export interface StatusView {
  readonly migrations: readonly MigrationView[];
  /** Where only one namespace is asked about: what migrations have there. */
  readonly namespaces: readonly NamespaceRow[];
}

/** As much as a condition has room for. */
const longest = 2048;

function stateOf({ metadata, status }: MeshMigration | NamespaceMigration): State {
  const hasCommand: boolean = isEdited(status);
  if (status?.writtenPhase === undefined || hasCommand) return 'InProgress';
  if (status.observedGeneration !== metadata.generation) return 'InProgress';
  if (stalledBy(status.conditions) !== undefined) return 'Stalled';
  return status.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') === true
    ? 'Done'
    : 'InProgress';
}

function standingOf(object: MeshMigration | NamespaceMigration): Standing {
  const { status } = object;
  const stalled = stalledBy(status?.conditions);
  const rejected = status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message;
  return {
    state: stateOf(object),
    phase: status?.writtenPhase ?? '',
    message: standing({ conditions: status?.conditions }),
    ...(stalled !== undefined && {
      stalled: { reason: stalled.reason, message: cutText(stalled.message, longest) },
    }),
    ...(rejected !== undefined && { rejected: cutText(rejected, longest) }),
    ...(isEdited(status) && { asked: status.phase ?? '' }),
  };
}

function causeOf({ failure, direction, command }: NamespaceMigrationStatus): Cause | undefined {
  if (direction !== 'Backward') return undefined;
  if (failure !== undefined) return { reason: failure.reason, message: cutText(failure.message, longest) };
  return command?.action === 'Rollback' ? { commandedBy: command.by } : undefined;
}

function rowOf(record: NamespaceMigration): NamespaceRow {
  const { metadata, spec, status } = record;
  const { workloads = [], step, itinerary, pods } = status ?? {};
  const because = causeOf(status ?? {});
  const done = workloads.filter(({ completedAt }) => completedAt !== undefined).length;
  return {
    namespace: metadata.namespace ?? '',
    migration: spec.migration,
    ...standingOf(record),
    ...(step !== undefined && { step }),
    ...(itinerary !== undefined && { itinerary }),
    ...(workloads.length > 0 && { restarts: { begun: workloads.length, done } }),
    ...(pods !== undefined && { pods }),
    ...(because !== undefined && { because }),
  };
}

function byNamespace(one: NamespaceRow, other: NamespaceRow): number {
  return one.namespace < other.namespace ? -1 : 1;
}

function wavesIn(
  migration: MeshMigration,
  rows: readonly NamespaceRow[],
  homes: Seen['homes'],
): Pick<MigrationView, 'waves' | 'namespaces'> {
  if (migration.spec.waves.length === 0) return { waves: [], namespaces: rows };
  const waves = wavesOf(migration, homes ?? []);
  const told = new Map((migration.status?.waves ?? []).map((wave) => [wave.name, wave]));
  const placeOf = ({ namespace }: NamespaceRow): number => waveOf(namespace, waves);
  return {
    waves: waves.names.map((name, place) => {
      const { state, total, migrated, unfinished } = told.get(name) ?? {};
      const counts = state === undefined ? {} : { state, total, migrated, unfinished };
      return { name, ...counts, namespaces: rows.filter((row) => placeOf(row) === place) } as WaveView;
    }),
    namespaces: rows.filter((row) => placeOf(row) < 0),
  };
}

function migrationView(migration: MeshMigration, { records, homes }: Seen): MigrationView {
  const { metadata, spec, status } = migration;
  const rows = records.filter((record) => record.spec.migration === metadata.name).map(rowOf);
  return {
    name: metadata.name,
    from: spec.from,
    to: spec.to,
    action: spec.action,
    ...standingOf(migration),
    ...(status?.namespaces && { totals: status.namespaces }),
    ...wavesIn(migration, rows.toSorted(byNamespace), homes),
  };
}

/** What is shown of what was seen. */
export function viewOf(seen: Seen): StatusView {
  const migrations = seen.migrations.map((migration) => migrationView(migration, seen));
  const namespaces = migrations.length === 0 ? seen.records.map(rowOf).toSorted(byNamespace) : [];
  return { migrations, namespaces };
}

/** Where all of it stands together. */
export function stateOfAll({ migrations, namespaces }: StatusView): State {
  const states = [...migrations, ...namespaces].map(({ state }) => state);
  if (states.includes('Stalled')) return 'Stalled';
  return states.length > 0 && states.every((state) => state === 'Done') ? 'Done' : 'InProgress';
}

/** Every namespace of a migration, in the order in which they are shown. */
export function rowsOf({ waves, namespaces }: MigrationView): readonly NamespaceRow[] {
  return [...waves.flatMap((wave) => wave.namespaces), ...namespaces];
}
