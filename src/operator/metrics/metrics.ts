import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Step } from '../../api/namespace-migration.ts';
import { version } from '../../base/version.ts';
import type { Write } from '../../engine/situation.ts';
import type { Look, Observer, Stored } from './observer.ts';
import type { Source } from './source.ts';
import { stateGauges } from './state.ts';

/** controller-runtime's names for what follows from a look (pkg/internal/controller/controller.go). */
const results: Readonly<Record<Look['result'], string>> = {
  Again: 'requeue',
  Stale: 'requeue',
  After: 'requeue_after',
  Idle: 'success',
  Gone: 'success',
  Failed: 'error',
};

/** As controller-runtime names a controller: the kind in lower case. */
const controllers: Readonly<Record<Look['kind'], string>> = {
  Migration: 'meshmigration',
  Namespace: 'namespacemigration',
};

/** How often the lag of the event loop is looked at: a process at rest is woken as often. */
const lagPrecisionMs = 100;

/** Writes by which pods are made anew. */
const restarts: ReadonlySet<Write['kind']> = new Set(['PatchTemplate', 'Evict']);

/** Seconds. A look takes milliseconds. */
const lookBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds, as client-go has them (tools/metrics in component-base). */
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30];
/** Seconds. A step takes as long as the workloads of its namespace. */
const stepBuckets = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600];

function lookMetrics(registers: Registry[]): Pick<Observer, 'looked'> {
  const labelNames = ['controller'];
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Looks at an object, by what follows from them.',
    labelNames: [...labelNames, 'result'],
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Looks that failed and are tried again.',
    labelNames,
    registers,
  });
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'How long a look takes, its write included.',
    labelNames,
    buckets: lookBuckets,
    registers,
  });
  // So that the first is an increase, and not the beginning of a series.
  for (const controller of Object.values(controllers)) errors.inc({ controller }, 0);
  return {
    looked: ({ kind, result, seconds }) => {
      const controller = controllers[kind];
      total.inc({ controller, result: results[result] });
      if (result === 'Failed') errors.inc({ controller });
      time.observe({ controller }, seconds);
    },
  };
}

function requestMetrics(registers: Registry[]): Pick<Observer, 'exchanged'> {
  const total = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by method and answer; <error> where there was none.',
    labelNames: ['method', 'code'],
    registers,
  });
  const time = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'How long the API server takes to begin its answer.',
    labelNames: ['verb'],
    buckets: requestBuckets,
    registers,
  });
  return {
    exchanged: ({ method, status, seconds }) => {
      total.inc({ method, code: status === undefined ? '<error>' : String(status) });
      time.observe({ verb: method }, seconds);
    },
  };
}

/** A step that was seen to be reached. */
export interface ReachedStep {
  readonly step: string;
  readonly seconds: number;
}

/** Steps that are reached in the later status and were not in the earlier one, each with the seconds that it took. */
export function stepsReached(before: readonly Step[] = [], after: readonly Step[] = []): readonly ReachedStep[] {
  const known = new Set(before.filter(({ completedAt }) => completedAt !== undefined).map(stepKey));
  return after.flatMap((step) => {
    if (step.completedAt === undefined || known.has(stepKey(step))) return [];
    const seconds = (Date.parse(step.completedAt) - Date.parse(step.startedAt)) / 1000;
    return Number.isFinite(seconds) ? [{ step: step.name, seconds: Math.max(0, seconds) }] : [];
  });
}

function stepKey({ name, startedAt }: Step): string {
  return `${name} ${startedAt}`;
}

function progressMetrics(registers: Registry[]): Pick<Observer, 'stored' | 'wrote'> {
  const phases = new Counter({
    name: 'mesh_migration_phase_changes_total',
    help: 'How often a NamespaceMigration (object="Namespace") or a MeshMigration (object="Migration") came to a phase.',
    labelNames: ['object', 'phase'],
    registers,
  });
  const failures = new Counter({
    name: 'mesh_migration_failures_total',
    help: 'Attempts to migrate a namespace that failed, by reason (docs/runbook.md).',
    labelNames: ['reason'],
    registers,
  });
  const steps = new Histogram({
    name: 'mesh_migration_step_duration_seconds',
    help: 'How long a step of a namespace took from its beginning until it was seen to be reached.',
    labelNames: ['step'],
    buckets: stepBuckets,
    registers,
  });
  const writes = new Counter({
    name: 'mesh_migration_writes_total',
    help: 'Changes that were made to namespaces and what is in them, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const restarted = new Counter({
    name: 'mesh_migration_restarts_total',
    help: 'Restarts of workloads, and evictions where a workload replaces no pods by itself.',
    labelNames: ['by'],
    registers,
  });
  function stored({ kind, before, after }: Stored): void {
    const phase = after.writtenPhase ?? after.phase;
    if (phase !== undefined && phase !== before.writtenPhase) phases.inc({ object: kind, phase });
    if (kind === 'Migration') return;
    const { failure } = after;
    if (failure !== undefined && failure.at !== before.failure?.at) failures.inc({ reason: failure.reason });
    for (const { step, seconds } of stepsReached(before.steps, after.steps)) steps.observe({ step }, seconds);
  }
  return {
    stored,
    wrote: ({ kind }) => {
      writes.inc({ kind });
      if (restarts.has(kind)) restarted.inc({ by: kind });
    },
  };
}

function sourceGauges(source: Source, registers: Registry[]): void {
  new Gauge({
    name: 'leader_election_master_status',
    help: '1 on the replica that leads, 0 on the others.',
    labelNames: ['name'],
    registers,
    collect() {
      this.set({ name: 'mesh-migration-operator' }, source.isLeader() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'workqueue_depth',
    help: 'Objects that wait to be looked at now.',
    labelNames: ['name'],
    registers,
    collect() {
      this.set({ name: 'mesh-migration-operator' }, source.queued());
    },
  });
  for (const { name, help, labels, samples } of stateGauges)
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers,
      collect() {
        this.reset();
        if (!source.isLeader()) return;
        for (const sample of samples(source.state())) this.set(sample.labels, sample.value);
      },
    });
}

/** Everything that is measured, in a registry of its own. */
export class Metrics {
  readonly registry = new Registry();
  readonly observer: Observer;
  #source: Source | undefined;

  constructor() {
    const registers = [this.registry];
    this.observer = { ...lookMetrics(registers), ...requestMetrics(registers), ...progressMetrics(registers) };
    new Gauge({
      name: 'mesh_migration_build_info',
      help: 'The version of the operator: 1.',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);
  }

  /** From now on gauges are read from there. */
  readFrom(source: Source): void {
    if (this.#source !== undefined) throw new RangeError('metrics are read from one operator only');
    this.#source = source;
    sourceGauges(source, [this.registry]);
  }

  /** What Node.js knows of this process: CPU, memory, and how late its event loop is. */
  addProcess(): void {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: lagPrecisionMs });
  }

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    return await this.registry.metrics();
  }
}
