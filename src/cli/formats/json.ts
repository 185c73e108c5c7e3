import type { AuditReport } from '../audit/report.ts';

/** The report itself. */
export function json(report: AuditReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
