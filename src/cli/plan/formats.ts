import { printableJson, printableYaml } from '../../base/printable.ts';
import type { PlanReport } from './report.ts';
import { table } from './table.ts';

/** Ways to print a plan, by the value of `--output`. */
export const planFormats: Readonly<Record<string, (report: PlanReport) => string>> = {
  table,
  json: (report) => `${printableJson(report)}\n`,
  yaml: (report) => printableYaml(report, { aliasDuplicateObjects: false, lineWidth: 0 }),
};
