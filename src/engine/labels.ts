import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { StepWork } from '../mesh/adapter.ts';
import { fromList, hasLabels, observedLabels, sameLabels, toList } from './label-values.ts';
import { journalOf, patchWithJournal } from './keep-journal.ts';
import type { Outcome, Situation } from './situation.ts';
import { isAtRest } from './left.ts';
import { ending } from './waits.ts';
import { commandLine } from './command-lines.ts';
import { holding } from './concerned.ts';

type LabelsWork = Extract<StepWork, { kind: 'Labels' }>;

/** One Labels step: done when the namespace shows it, held while a pod would lose its mesh, else one patch. */
export function labelsStep(situation: Situation, status: NamespaceMigrationStatus, work: LabelsWork): Outcome {
  const { pods } = situation.surroundings;
  const observed = observedLabels(situation);
  if (hasLabels(observed, work.targets)) return { kind: 'Done', patch: { labels: toList(observed) } };
  const { heldBy } = work;
  const holds = holding(situation, heldBy);
  const [first] = pods.filter(holds).sort((a, b) => Number(a.terminating) - Number(b.terminating));
  if (first?.terminating === true) return ending(situation, first, 'would be left in plaintext');
  if (first !== undefined)
    return {
      kind: 'Wait',
      stuck: true,
      message: `pod ${first.name} would be left in plaintext: delete it, or wait until it ends`,
    };
  // The journal knows the new labels by the same patch that sets them: whatever differs afterwards, somebody else did.
  const journal = journalOf(situation, status, { ...observed, ...work.targets }, false);
  return {
    kind: 'Write',
    write: { ...patchWithJournal(situation, work.targets, journal), ...(heldBy !== undefined && { heldBy: holds }) },
    message: 'patching the labels of the namespace',
  };
}

/** The ways on that a person has. At rest nothing goes on that could be paused. */
function choice({ object }: Situation, { direction, phase }: NamespaceMigrationStatus): string {
  const place = { name: object.spec.migration, namespace: object.metadata.namespace };
  const stay =
    direction === 'Forward' && !isAtRest(phase)
      ? `; to stay here, whatever becomes of the labels: ${commandLine('Stay', place)}`
      : '';
  return `To go on: ${commandLine('GoOn', place)}${stay}; to go back: ${commandLine('GoBack', place)}`;
}

/**
 * Whether somebody else changed a label since the operator last set or accepted it. Our own patch writes the labels and
 * the journal together, so it is never half seen after a crash: labels that a step would set are a stranger's as long
 * as the journal does not say so.
 */
export function labelChanges(situation: Situation, status: NamespaceMigrationStatus): string | undefined {
  if (status.labels === undefined) return undefined;
  const held = fromList(status.labels);
  const observed = observedLabels(situation);
  if (sameLabels(observed, held)) return undefined;
  const changes = Object.keys(held)
    .filter((key) => (held[key] ?? null) !== (observed[key] ?? null))
    .map((key) => {
      const manager = situation.surroundings.namespace.labelManagers[key];
      return `${key} is ${observed[key] ?? 'absent'} instead of ${held[key] ?? 'absent'}${manager === undefined ? '' : ` (set by ${manager})`}`;
    });
  return `labels of the namespace were changed by someone else: ${changes.join('; ')}`;
}

/** The same with the ways on that a person has. */
export function foreignChange(situation: Situation, status: NamespaceMigrationStatus): string | undefined {
  const changes = labelChanges(situation, status);
  return changes && `${changes}. Settle who owns them. ${choice(situation, status)}`;
}
