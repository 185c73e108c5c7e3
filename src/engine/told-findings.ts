import { isDeepStrictEqual } from 'node:util';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { mergePatch } from '../base/merge-patch.ts';
import { noApprovals, notApproved } from '../plan/approval.ts';
import { withoutFindings } from './held.ts';
import type { Next, Situation } from './situation.ts';

type Findings = NamespaceMigrationStatus['findings'];

/** A status with what is told now and then of another one: the findings, and what the plan consists of. */
export function withToldOf(
  { findings, planDigest }: NamespaceMigrationStatus,
  status: NamespaceMigrationStatus,
): NamespaceMigrationStatus {
  const { planDigest: _planDigest, ...rest } = withoutFindings(status);
  return { ...rest, ...(findings !== undefined && { findings }), ...(planDigest !== undefined && { planDigest }) };
}

/** The order of objects in memory is chance: another order of the same is no news. */
function isSame(before: Findings, after: Findings): boolean {
  if (before === undefined || after === undefined) return before === after;
  const sorted = (findings: NonNullable<Findings>): readonly string[] =>
    findings.map(({ id, severity, object, message, fix }) => [id, severity, object, message, fix].join('\n')).sort();
  return before.length === after.length && isDeepStrictEqual(sorted(before), sorted(after));
}

/** Whether by the plan as it is stored the namespace would stand in line (admission.ts), and by this one not, or so. */
function isOtherwise(
  { approvals = noApprovals, surroundings }: Situation,
  before: NamespaceMigrationStatus,
  after: NamespaceMigrationStatus,
): boolean {
  const isApproved = ({ planDigest }: NamespaceMigrationStatus): boolean =>
    notApproved(surroundings.namespace.name, planDigest, approvals) === undefined;
  return isApproved(before) !== isApproved(after);
}

/**
 * The findings, and what the plan consists of, as they are told: what is stored anyway takes them along, and what of
 * them alone has changed waits until it is due. Whoever makes and deletes what they are about has nobody write as often.
 * Safe: nothing is decided by the stored list but what stays in it while something cannot be worked out, and nothing is
 * started by the stored plan (look.ts); dying before or after: told at the next look.
 */
export function toldFindings(
  situation: Situation,
  status: NamespaceMigrationStatus,
  next: Next,
): { readonly status: NamespaceMigrationStatus; readonly next: Next } {
  const { object, findingsDueInMs = 0, now } = situation;
  const before = object.status ?? {};
  const kept = withToldOf(before, status);
  const isTold = isSame(before.findings, status.findings) && before.planDigest === status.planDigest;
  if (isTold) return { status: kept, next };
  if (findingsDueInMs <= 0 || isOtherwise(situation, before, status) || mergePatch(before, kept) !== undefined)
    return { status, next };
  const due = now + findingsDueInMs;
  return { status: kept, next: next.kind === 'Wait' ? { ...next, until: Math.min(due, next.until ?? due) } : next };
}
