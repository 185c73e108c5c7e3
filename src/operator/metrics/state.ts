import { stalledBy } from '../../api/common.ts';
import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';

/** What is known of the migrations at this moment. */
export interface State {
  readonly migrations: readonly MeshMigration[];
  readonly records: readonly NamespaceMigration[];
}

/** One line of a gauge. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A gauge that is made from the state. None has a label with the name of a namespace: a cluster has thousands. */
export interface StateGauge {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (state: State) => readonly Sample[];
}

const separator = '\u0000';

/** How often, or how much, by each combination of label values. */
class Tally {
  readonly #labels: readonly string[];
  readonly #sums = new Map<string, number>();

  constructor(labels: readonly string[]) {
    this.#labels = labels;
  }

  add(values: readonly string[], amount = 1): void {
    const key = values.join(separator);
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + amount);
  }

  samples(): readonly Sample[] {
    return [...this.#sums].map(([key, value]) => {
      const values = key.split(separator);
      return { labels: Object.fromEntries(this.#labels.map((label, at) => [label, values[at] ?? ''])), value };
    });
  }
}

/** A gauge that adds up what `count` says of each migration and record. */
function tallied(
  name: string,
  help: string,
  labels: readonly string[],
  count: (state: State, tally: Tally) => void,
): StateGauge {
  return {
    name,
    help,
    labels,
    samples: (state) => {
      const tally = new Tally(labels);
      count(state, tally);
      return tally.samples();
    },
  };
}

/** In seconds; undefined for what is no time. */
function seconds(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/**
 * What can be read from the migrations and their records. Phases are those that the operator wrote: an edit of a person
 * is a command and no phase yet.
 */
export const stateGauges: readonly StateGauge[] = [
  tallied(
    'mesh_migration_phase',
    'The phase in which a MeshMigration is: 1.',
    ['migration', 'phase'],
    ({ migrations }, tally) => {
      for (const { metadata, status } of migrations) tally.add([metadata.name, status?.writtenPhase ?? 'Planning']);
    },
  ),
  tallied(
    'mesh_migration_condition',
    'The conditions of a MeshMigration as they are: 1.',
    ['migration', 'type', 'status', 'reason'],
    ({ migrations }, tally) => {
      for (const { metadata, status } of migrations)
        for (const { type, status: is, reason } of status?.conditions ?? [])
          tally.add([metadata.name, type, is, reason]);
    },
  ),
  tallied(
    'mesh_migration_namespaces',
    'Namespaces of a MeshMigration by the phase of their NamespaceMigration.',
    ['migration', 'phase'],
    ({ records }, tally) => {
      for (const { spec, status } of records) tally.add([spec.migration, status?.writtenPhase ?? 'Pending']);
    },
  ),
  tallied(
    'mesh_migration_namespaces_stalled',
    'Namespaces of a MeshMigration that need a person, by the reason of their condition Stalled.',
    ['migration', 'reason'],
    ({ records }, tally) => {
      for (const { spec, status } of records) {
        const stalled = stalledBy(status?.conditions);
        if (stalled !== undefined) tally.add([spec.migration, stalled.reason]);
      }
    },
  ),
  tallied(
    'mesh_migration_namespaces_failed',
    'Namespaces of a MeshMigration whose last attempt failed, rolled back since or not, by the reason of the failure.',
    ['migration', 'reason'],
    ({ records }, tally) => {
      for (const { spec, status } of records)
        if (status?.failure !== undefined) tally.add([spec.migration, status.failure.reason]);
    },
  ),
  tallied(
    'mesh_migration_gates',
    'Namespaces of a MeshMigration by what each gate of spec.gates said last of them.',
    ['migration', 'gate', 'verdict'],
    ({ records }, tally) => {
      for (const { spec, status } of records)
        for (const { name, verdict } of status?.gates ?? []) tally.add([spec.migration, name, verdict]);
    },
  ),
  tallied(
    'mesh_migration_pods',
    'Pods by mode as counted last: in namespaces under way as they are now, in others as they were at the end.',
    ['migration', 'mode'],
    ({ records }, tally) => {
      for (const { spec, status } of records)
        for (const [mode, count] of Object.entries(status?.pods ?? {})) tally.add([spec.migration, mode], count);
    },
  ),
  tallied(
    'mesh_migration_findings',
    'Findings in the NamespaceMigrations and in the MeshMigration itself (docs/findings.md).',
    ['migration', 'id', 'severity'],
    ({ migrations, records }, tally) => {
      const all = [
        ...migrations.map(({ metadata, status }) => ({ name: metadata.name, status })),
        ...records.map(({ spec, status }) => ({ name: spec.migration, status })),
      ];
      for (const { name, status } of all)
        for (const { id, severity } of status?.findings ?? []) tally.add([name, id, severity]);
    },
  ),
  tallied(
    'mesh_migration_started_timestamp_seconds',
    'When the first namespace of a MeshMigration was started, in seconds since 1970.',
    ['migration'],
    ({ migrations }, tally) => {
      for (const { metadata, status } of migrations) {
        const at = seconds(status?.startedAt);
        if (at !== undefined) tally.add([metadata.name], at);
      }
    },
  ),
];
