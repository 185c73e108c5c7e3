import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import type { WorkloadView } from '../mesh/views.ts';
import type { Situation } from './situation.ts';
import { restartOf, restartShown } from './turn.ts';

/*
 * What was restarted. A record says so; but records are lost with the status, make room for others and are left behind
 * by another attempt, so the template is asked as well, which still has our value.
 */

/** The record of a workload: one that was deleted and created again is another one, whatever its name. */
export function recordOf(
  { workloads = [] }: NamespaceMigrationStatus,
  { kind, name, uid }: WorkloadView,
): WorkloadRecord | undefined {
  return workloads.find((record) => record.kind === kind && record.name === name && record.uid === uid);
}

/** Of a restart of this way: a record may also be of an attempt or a migration before. */
export function isOfThisWay({ steps = [] }: NamespaceMigrationStatus, { step, startedAt }: WorkloadRecord): boolean {
  return steps.some((each) => each.name === step && Date.parse(each.startedAt) <= Date.parse(startedAt));
}

/**
 * The same of this attempt alone: who goes on from rest finds the restarts of the one before done, and has none of his
 * own.
 */
export function restartedNow(
  situation: Situation,
  status: NamespaceMigrationStatus,
  workload: WorkloadView,
): string | undefined {
  const known = recordOf(status, workload);
  if (known !== undefined && isOfThisWay(status, known))
    return known.completedAt === undefined ? undefined : known.step;
  const attempt = restartOf(workload.templateAnnotations[restartAnnotation], situation.migrationUid);
  return attempt === (status.attempt ?? 1) ? restartedIn(situation, status, workload) : undefined;
}

/** The step in which a workload was restarted to the end, on this way; undefined if none was, or it is under way. */
export function restartedIn(
  situation: Situation,
  status: NamespaceMigrationStatus,
  workload: WorkloadView,
): string | undefined {
  const known = recordOf(status, workload);
  if (known !== undefined && known.completedAt === undefined) return undefined;
  return known !== undefined && isOfThisWay(status, known) ? known.step : restartShown(situation, status, workload);
}

/**
 * Whether something was restarted in this step, is it there still or not: what is made anew meanwhile (by a tool that
 * deletes a workload and creates it) was restarted by nobody, and is no reason to ask nothing any more.
 */
export function wasRestartedIn(status: NamespaceMigrationStatus, step: string): boolean {
  return (status.workloads ?? []).some((record) => record.step === step && isOfThisWay(status, record));
}

/**
 * Whether it was made anew under the name of one that was restarted on this way: it lives in the new data plane as that
 * one would, and nobody else is asked about it.
 */
export function isInItsPlace(status: NamespaceMigrationStatus, workload: WorkloadView): boolean {
  const { kind, name, uid } = workload;
  return (
    recordOf(status, workload) === undefined &&
    (status.workloads ?? []).some(
      (record) => record.kind === kind && record.name === name && record.uid !== uid && isOfThisWay(status, record),
    )
  );
}
