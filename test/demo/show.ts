import { table as auditTable } from '../../src/cli/formats/table.ts';
import type { AuditReport } from '../../src/cli/audit/report.ts';
import { manifestsFolder } from './audit.ts';
import type { NamespaceReport, Report, StepReport } from './report.ts';
import { table } from './table.ts';
import type { WaypointReport } from './waypoint.ts';

type Print = (line?: string) => void;

/** What the data planes make of the policies, before anything is changed. */
export function showAudit(report: AuditReport, print: Print): void {
  print(
    `\nThe policies, as sidecars, ztunnel and waypoints would enforce them (npm run -s cli -- audit -f ${manifestsFolder}):\n`,
  );
  print(auditTable(report).trimEnd());
}

function took({ startedAt, completedAt }: StepReport): string {
  return completedAt === undefined
    ? 'not completed'
    : `${((Date.parse(completedAt) - Date.parse(startedAt)) / 1000).toFixed(1)}s`;
}

function showWaypoint({ gateway, programmed, availablePods, policies, services }: WaypointReport, print: Print): void {
  print(`\n  Gateway ${gateway}: ${programmed ? 'Programmed' : 'not Programmed'}, ${availablePods} pods available`);
  print(
    `\n${table([
      ['POLICY THAT WAS MADE', 'ROLE', 'COPY OF', 'ACCEPTED FOR'],
      ...policies.map(({ kind, name, role, copyOf = '', plane, accepted }) => [
        `${kind} ${name}`,
        role,
        copyOf,
        accepted ? plane : 'not accepted',
      ]),
    ])}`,
  );
  print(
    `\n${table([['SERVICE', 'CALLERS GO'], ...services.map(({ name, bound }) => [name, bound ? 'through the waypoint' : 'to the pods'])])}`,
  );
}

function showItinerary({ name, steps, restarted, waypoint }: NamespaceReport, print: Print): void {
  if (waypoint === undefined) return;
  print(`\n${name} needs HTTP policies and went behind a waypoint, step by step:`);
  for (const step of steps)
    print(`  ${step.name} (${took(step)})${step.why === undefined ? '' : `\n      ${step.why}`}`);
  print(`  Restarted in this order: ${restarted.join(', ')}`);
  showWaypoint(waypoint, print);
}

/** How it ended. */
export function showReport(report: Report, print: Print): void {
  for (const namespace of report.namespaces) showItinerary(namespace, print);
  print('\nBefore and after:');
  const head = ['NAMESPACE', 'PHASE', 'ITINERARY', 'SIDECAR', 'AMBIENT', 'NONE', 'LABELS AFTER'];
  print(
    table([
      head,
      ...report.namespaces.map(({ name, phase, itinerary = '', before, after, labelsAfter }) => [
        name,
        phase,
        itinerary,
        `${before.Sidecar} -> ${after.Sidecar}`,
        `${before.Ambient} -> ${after.Ambient}`,
        `${before.None} -> ${after.None}`,
        Object.entries(labelsAfter)
          .filter(([key]) => key.startsWith('istio'))
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
      ]),
    ]),
  );
  print('\nFindings:');
  for (const { name, findings } of report.namespaces) {
    for (const { id, severity, object, message, fix } of findings.filter((finding) => finding.severity === 'Critical'))
      print(`  ${name}: ${id} ${severity}, ${object}: ${message}\n      ${fix}`);
  }
  print('\nExpected and checked:');
  for (const { what, held } of report.expectations) print(`  ${held ? 'ok  ' : 'FAIL'}  ${what}`);
}
