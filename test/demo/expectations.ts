import { isDeepStrictEqual } from 'node:util';
import type { Observed } from './observe.ts';
import type { Expectation, NamespaceReport } from './report.ts';

/** What was seen of a namespace. */
export interface Seen {
  readonly report: NamespaceReport;
  readonly before: Observed;
  readonly after: Observed;
}

function total({ counts }: Observed): number {
  return counts.Sidecar + counts.Ambient + counts.None;
}

function migrated({ report, before, after }: Seen): readonly Expectation[] {
  const { name } = report;
  return [
    { what: `${name} is Migrated`, held: report.phase === 'Migrated' },
    { what: `${name}: all ${total(before)} pods had sidecars and are ambient now`, held: before.counts.Sidecar === total(before) && isDeepStrictEqual(after.counts, { Sidecar: 0, Ambient: total(before), None: 0 }) },
    { what: `${name}: new pods are created ambient`, held: after.labels['istio-injection'] === 'disabled' && after.labels['istio.io/dataplane-mode'] === 'ambient' },
    { what: `${name}: every step was completed`, held: report.steps.length > 0 && report.steps.every(({ completedAt }) => completedAt !== undefined) },
  ];
}

function untouched({ report, before, after }: Seen): readonly Expectation[] {
  const { name } = report;
  return [
    { what: `${name}: all ${total(before)} pods have their sidecars`, held: total(before) > 0 && isDeepStrictEqual(after.counts, before.counts) && after.counts.Sidecar === total(after) },
    { what: `${name}: labels are as they were`, held: isDeepStrictEqual(after.labels, before.labels) },
    { what: `${name}: pod templates are as they were`, held: isDeepStrictEqual(after.templates, before.templates) },
  ];
}

function blocked(seen: Seen): readonly Expectation[] {
  const { name, phase, findings } = seen.report;
  return [
    { what: `${name} is Blocked`, held: phase === 'Blocked' },
    { what: `${name}: the finding names AuthorizationPolicy ${name}/read-only`, held: findings.some(({ id, severity, object }) => id === 'MM020' && severity === 'Critical' && object === `AuthorizationPolicy ${name}/read-only`) },
    ...untouched(seen),
  ];
}

function rolledBack(seen: Seen): readonly Expectation[] {
  return [{ what: `${seen.report.name} is RolledBack`, held: seen.report.phase === 'RolledBack' }, ...untouched(seen)];
}

/** Everything the demo promises, checked. */
export function checkAll(fail: boolean, front: Seen, ratings: Seen, admin: Seen, violations: readonly string[]): readonly Expectation[] {
  return [
    ...(fail ? rolledBack(front) : migrated(front)),
    ...migrated(ratings),
    ...blocked(admin),
    { what: 'no pod was ever Ready outside the mesh', held: violations.length === 0 },
  ];
}
