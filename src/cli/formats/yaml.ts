import { stringify } from 'yaml';
import type { AuditReport } from '../audit/report.ts';

/** The report itself, as YAML without anchors. */
export function yaml(report: AuditReport): string {
  return stringify(report, { aliasDuplicateObjects: false, lineWidth: 0 });
}
