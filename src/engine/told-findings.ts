import { isDeepStrictEqual } from 'node:util';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { mergePatch } from '../base/merge-patch.ts';
import { withoutFindings } from './held.ts';
import type { Next, Situation } from './situation.ts';

type Findings = NamespaceMigrationStatus['findings'];

/** The order of objects in memory is chance: another order of the same is no news. */
function isSame(before: Findings, after: Findings): boolean {
  if (before === undefined || after === undefined) return before === after;
  const sorted = (findings: NonNullable<Findings>): readonly string[] =>
    findings.map(({ id, severity, object, message, fix }) => [id, severity, object, message, fix].join('\n')).sort();
  return before.length === after.length && isDeepStrictEqual(sorted(before), sorted(after));
}

/**
 * The findings as they are told: what is stored anyway takes them along, and a list that alone has changed waits until
 * it is due. Whoever makes and deletes what they are about has nobody write as often. Safe: nothing is decided by the
 * stored list but what stays in it while something cannot be worked out; dying before or after: told at the next look.
 */
export function toldFindings(
  { object: { status: before = {} }, findingsDueInMs = 0, now }: Situation,
  status: NamespaceMigrationStatus,
  next: Next,
): { readonly status: NamespaceMigrationStatus; readonly next: Next } {
  const { findings } = before;
  const kept = findings === undefined ? withoutFindings(status) : { ...status, findings };
  if (isSame(findings, status.findings)) return { status: kept, next };
  if (findingsDueInMs <= 0 || mergePatch(before, kept) !== undefined) return { status, next };
  const due = now + findingsDueInMs;
  return { status: kept, next: next.kind === 'Wait' ? { ...next, until: Math.min(due, next.until ?? due) } : next };
}
