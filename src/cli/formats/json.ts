import { printableJson } from '../../base/printable.ts';
import type { AuditReport } from '../audit/report.ts';

/** The report itself. */
export function json(report: AuditReport): string {
  return `${printableJson(report)}\n`;
}
