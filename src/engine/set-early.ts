import type { NamespaceMigrationStatus, Original, Step } from '../api/namespace-migration.ts';
import { fieldManager } from '../api/resources.ts';
import { listed } from '../base/counted.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { Awaiting } from '../mesh/others.ts';
import { labelCommand } from './label-command.ts';
import { fromList, hasLabels, observedLabels } from './label-values.ts';
import type { Outcome, Situation } from './situation.ts';

/** Whether labels of the namespace are as a step wants them. */
export function areSet({ surroundings }: Situation, { work }: StepPlan): boolean {
  return work.kind === 'Labels' && hasLabels(surroundings.namespace.labels, work.targets);
}

/** Whether the labels have been changed before in this attempt, so that putting them back asks nothing any more. */
export function wasThere({ name, completedAt, lostAt }: Step): boolean {
  return name === 'Flip' && (completedAt ?? lostAt) !== undefined;
}

/** Who has set labels of a step, in brackets; the operator is not named. */
export function hands(
  {
    surroundings: {
      namespace: { labelManagers },
    },
  }: Situation,
  { work }: StepPlan,
): string {
  const managers =
    work.kind === 'Labels' ? new Set(Object.keys(work.targets).flatMap((key) => labelManagers[key] ?? [])) : [];
  const names = [...managers].filter((name) => name !== fieldManager);
  return names.length === 0 ? '' : ` (set by ${listed(names)})`;
}

/** How new pods are made as before, by labels that the namespace had then. */
export function putBack(situation: Situation, labels: Original['labels']): string {
  const { name } = situation.surroundings.namespace;
  const command = labelCommand(`namespace ${name}`, observedLabels(situation), fromList(labels));
  return command === undefined ? '' : `To have new pods as before meanwhile: ${command}`;
}

function waiting(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  { message, namespaces = [] }: Awaiting,
): Outcome {
  const way = putBack(situation, status.original?.labels ?? []);
  const on = way === '' ? '' : `. ${way}; then have it go on with these labels`;
  const told = `${message}. The labels of the namespace say already that it moves${hands(situation, step)}: pods that are created now are in the new data plane, and nothing is restarted before the others have gone${on}`;
  return { kind: 'Wait', parked: 'Waits', stuck: true, stalled: 'WaitsForOthers', held: namespaces, message: told };
}

/**
 * Labels that are as the first change of them would make them, whoever it was: a person who went on with those of
 * somebody else has decided about the labels, not about what has to come before them. The step is not complete before
 * that, and nothing is restarted; what protects pods that are created meanwhile, the waypoint with its copies and its
 * guard, was made by the steps before. What would break by the change itself is too late to ask, and what would by a
 * restart is asked before each. Undefined where there is nothing to wait for.
 */
export function setEarly(situation: Situation, status: NamespaceMigrationStatus, step: StepPlan): Outcome | undefined {
  if (
    step.name !== 'Flip' ||
    status.direction !== 'Forward' ||
    status.steps?.some(wasThere) === true ||
    !areSet(situation, step)
  )
    return undefined;
  const awaited = step.awaits?.(situation.surroundings);
  return awaited && waiting(situation, status, step, awaited);
}
