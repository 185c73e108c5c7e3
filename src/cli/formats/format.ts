import type { AuditReport } from '../audit/report.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { sarif } from './sarif.ts';
import { table } from './table.ts';
import { yaml } from './yaml.ts';

/** Writes a report as text that ends with a newline. */
export type Format = (report: AuditReport) => string;

/** By the value of `--output`. */
export const formats: Readonly<Record<string, Format>> = { table, json, yaml, sarif, junit };
