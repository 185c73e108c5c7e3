import { printableYaml } from '../../base/printable.ts';
import type { AuditReport } from '../audit/report.ts';

/** The report itself, as YAML without anchors. */
export function yaml(report: AuditReport): string {
  return printableYaml(report, { aliasDuplicateObjects: false, lineWidth: 0 });
}
