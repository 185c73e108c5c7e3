import type { Command } from '../api/common.ts';
import type { NamespaceMigrationStatus, Step as StepEntry } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { observedLabels, toList } from './label-values.ts';
import { isAtRest } from './left.ts';
import { originalRevised } from './revised.ts';
import { wasThere } from './set-early.ts';
import type { Situation } from './situation.ts';
import { withoutGates } from './without-gates.ts';

/** Asked again when a namespace at rest is brought back to where it was. */
const redone: readonly string[] = ['RestartWorkloads', 'Verify'];

/**
 * Labels may have been changed meanwhile, so their steps are asked again; before the first of them the snapshot is too.
 */
function keptOnResume(step: string, changed: boolean): boolean {
  return !['BindWaypoint', 'Flip', 'ReleaseCapture'].includes(step) && (changed || step !== 'Snapshot');
}

/**
 * That the labels were there before is not forgotten: putting them back is not asked what comes before the first time.
 */
function begunAgain({ now }: Situation, { name, startedAt, completedAt, lostAt }: StepEntry): StepEntry {
  return { name, startedAt, ...(wasThere({ name, startedAt, completedAt, lostAt }) && { lostAt: timestamp(now) }) };
}

/** What is gone through again was begun when it was begun: only whoever goes on from rest begins anew. */
function stepsOnResume(
  situation: Situation,
  status: NamespaceMigrationStatus,
): NonNullable<NamespaceMigrationStatus['steps']> {
  const again = isAtRest(status.phase);
  const steps = status.steps ?? [];
  const isKept = ({ name, completedAt }: StepEntry): boolean =>
    completedAt !== undefined &&
    keptOnResume(name, situation.remembered?.changed === true) &&
    !(again && redone.includes(name));
  return steps
    .filter((step) => !again || isKept(step) || step.name === 'Flip')
    .map((step) => (isKept(step) ? step : begunAgain(situation, step)));
}

/**
 * What templates had before another migration, which was finalized, is to come back whichever attempt restarts them
 * last: as records of a restart that is over.
 */
function originalsOf({ workloads = [] }: NamespaceMigrationStatus): NonNullable<NamespaceMigrationStatus['workloads']> {
  return workloads
    .filter(({ original }) => original !== undefined)
    .map((record) => ({ ...record, step: 'RestartForHbone' }));
}

/**
 * Labels that are accepted before the first change are those to come back to, if they still say where the namespace
 * comes from. After it the original is what it was, whatever the labels have become, but those that no step changes:
 * asked of the journal, which nobody in the namespace can write.
 */
function originalOnResume(
  situation: Situation,
  status: NamespaceMigrationStatus,
  labels: NonNullable<NamespaceMigrationStatus['labels']>,
): Pick<NamespaceMigrationStatus, 'original'> {
  const {
    adapter,
    spec,
    surroundings: { namespace },
    remembered,
  } = situation;
  const { original } = status;
  const stays =
    remembered?.changed === true ||
    adapter.arrived(spec, namespace.labels) ||
    !adapter.arrived({ from: spec.to, to: spec.from }, namespace.labels);
  if (original === undefined) return {};
  return stays ? originalRevised(situation, status) : { original: { ...original, labels } };
}

/**
 * Goes on after a pause, a failure or a rollback: the labels as they are now are accepted, and the steps are gone
 * through again.
 */
export function resumed(
  situation: Situation,
  status: NamespaceMigrationStatus,
  command: Command,
): NamespaceMigrationStatus {
  // What has been counted so far is of before the repair.
  const { command: _command, failure: _failure, ...rest } = withoutGates(status);
  // Who went back is started again when the MeshMigration has noted it: the command stays until then.
  if (status.direction === undefined)
    return { ...rest, phase: 'Pending', ...(situation.returned !== undefined && { command }) };
  const labels = toList(observedLabels(situation));
  // At rest the restarts are over: what a stranger undid since is done again under another name, or no template would
  // change.
  const again = isAtRest(status.phase);
  const unfinished = (status.workloads ?? []).map((record) =>
    record.completedAt === undefined ? { ...record, patches: Math.min(1, record.patches) } : record,
  );
  return {
    ...rest,
    ...(again && { attempt: (status.attempt ?? 1) + 1 }),
    ...originalOnResume(situation, status, labels),
    phase: 'Migrating',
    labels,
    steps: stepsOnResume(situation, status),
    workloads: again ? originalsOf(status) : unfinished,
  };
}
