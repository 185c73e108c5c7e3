import { printableYaml } from '../../base/printable.ts';
import type { PlanReport } from './report.ts';
import { table } from './table.ts';

/** Ways to print a plan, by the value of `--output`. */
export const planFormats: Readonly<Record<string, (report: PlanReport) => string>> = {
  table,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  yaml: (report) => printableYaml(report, { aliasDuplicateObjects: false, lineWidth: 0 }),
};
