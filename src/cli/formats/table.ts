import { asEscape, unobeyed } from '../../base/ci-commands.ts';
import type { Effect } from '../../requests/semantics.ts';
import type { AuditReport, PolicyReport } from '../audit/report.ts';
import { severities } from '../audit/report.ts';
import { findingLines, leftLines, plural, unreadableLines } from './lines.ts';

/** Widths of the columns; the last one takes what is left. */
const columns = [38, 12, 12, 13, 13, 12] as const;

function row(cells: readonly string[]): string {
  const [name = '', ...rest] = cells;
  const padded = rest
    .map((cell, index) => cell.padEnd(columns[index + 1] ?? 0))
    .join('')
    .trimEnd();
  // A long name has a line of its own, so that the columns stay where they are.
  return name.length < columns[0]
    ? `${name.padEnd(columns[0])}${padded}`
    : `${name}\n${' '.repeat(columns[0])}${padded}`;
}

/** A waypoint reads no policy without targetRefs, whatever it says: that is no fault of this one. */
function atWaypoint(scope: string, effect: Effect): string {
  return scope !== 'TargetRefs' && (effect === 'FailsOpen' || effect === 'FailsClosed') ? 'not read' : effect;
}

function policyTable(policies: readonly PolicyReport[]): readonly string[] {
  return [...Map.groupBy(policies, ({ kind }) => kind)].flatMap(([kind, members]) => [
    row([kind, 'ACTION', 'SCOPE', 'SIDECAR', 'ZTUNNEL', 'WAYPOINT']),
    ...members.map(({ namespace, name, action, scope, planes, needsWaypoint }) =>
      row([
        `${needsWaypoint ? '* ' : '  '}${namespace}/${name}`,
        action,
        scope,
        planes.sidecar.effect,
        planes.ztunnel.effect,
        atWaypoint(scope, planes.waypoint.effect),
      ]),
    ),
    '',
  ]);
}

function summary({ cluster, istioVersion, policies, findings, unreadable }: AuditReport): string {
  const counts = severities
    .map((severity) => `${findings.filter((found) => found.severity === severity).length} ${severity}`)
    .join(', ');
  return `${cluster === undefined ? '' : `${cluster}, `}Istio ${istioVersion}: ${plural(policies.length, 'policy', 'policies')}, ${plural(findings.length, 'finding')} (${counts}), ${unreadable.length} unreadable`;
}

/** For people, at most 100 columns wide as far as names and paths let it. */
export function table(report: AuditReport): string {
  const needing = report.policies.some(({ needsWaypoint }) => needsWaypoint);
  const lines = [
    ...policyTable(report.policies),
    ...(needing ? ['* needs a waypoint', ''] : []),
    ...report.findings.flatMap((finding) => findingLines(finding)),
    ...leftLines(report.left ?? [], 'Not judged'),
    ...report.unreadable.flatMap(unreadableLines),
    summary(report),
  ];
  return `${unobeyed(lines.join('\n'), asEscape)}\n`;
}
