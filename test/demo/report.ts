import type { Finding } from '../../src/api/common.ts';
import type { NamespaceMigration } from '../../src/api/resources.ts';
import type { AuditReport } from '../../src/cli/audit/report.ts';
import type { Labels, Observed } from './observe.ts';
import type { WaypointReport } from './waypoint.ts';

/** Pods by mode, in the words of the status. Those of a waypoint are in no data plane and do not count. */
export type Counts = Readonly<Record<'Sidecar' | 'Ambient' | 'None', number>>;

/** A step that was begun. */
export interface StepReport {
  readonly name: string;
  readonly startedAt: string;
  readonly completedAt?: string | undefined;
  /** The reason for it, from the plan. */
  readonly why?: string | undefined;
}

/** What `--report` says of one namespace. */
export interface NamespaceReport {
  readonly name: string;
  readonly phase: string;
  readonly itinerary?: string;
  readonly before: Counts;
  readonly after: Counts;
  readonly labelsBefore: Labels;
  readonly labelsAfter: Labels;
  readonly steps: readonly StepReport[];
  /** Names of the workloads, in the order in which they were restarted. */
  readonly restarted: readonly string[];
  readonly findings: readonly Finding[];
  readonly waypoint?: WaypointReport;
}

/** One thing that the demo promised, and whether it held. */
export interface Expectation {
  readonly what: string;
  readonly held: boolean;
}

/** What `--report` writes. */
export interface Report {
  readonly audit: AuditReport;
  readonly namespaces: readonly NamespaceReport[];
  readonly expectations: readonly Expectation[];
  readonly ok: boolean;
}

/** One namespace, from what was seen before and after and what the operator says. */
export function reportOf(
  name: string,
  before: Observed,
  after: Observed,
  child: NamespaceMigration | undefined,
  waypoint: WaypointReport | undefined,
): NamespaceReport {
  const { phase = 'absent', itinerary, steps = [], plan = [], workloads = [], findings = [] } = child?.status ?? {};
  return {
    name,
    phase,
    ...(itinerary !== undefined && { itinerary }),
    before: before.counts,
    after: after.counts,
    labelsBefore: before.labels,
    labelsAfter: after.labels,
    steps: steps.map((step) => ({ ...step, why: plan.find((planned) => planned.name === step.name)?.why })),
    restarted: workloads.map((workload) => workload.name),
    findings,
    ...(waypoint !== undefined && { waypoint }),
  };
}
