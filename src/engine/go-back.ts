import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { Itinerary } from '../mesh/adapter.ts';
import { notesHold, onceCalm } from './calm-way.ts';
import type { Verdict } from './conditions.ts';
import { differences } from './differences.ts';
import type { Draft } from './draft.ts';
import { withoutFindings } from './held.ts';
import type { Followed } from './follow.ts';
import { labelCommand } from './label-command.ts';
import { fromList, observedLabels } from './label-values.ts';
import { labelChanges } from './labels.ts';
import { patchWithJournal } from './keep-journal.ts';
import { heldOnTheWayBack } from './flip.ts';
import type { Outcome, Situation } from './situation.ts';
import { alsoRestless, restless, unrestOf } from './unrest.ts';
import { untilNoted } from './until-noted.ts';
import { upkeep } from './upkeep.ts';
import { closingVerdict } from './verdicts.ts';
import { leavesEarly } from './waits.ts';
import { awaitsOthers, walk } from './walk.ts';
import { inProgress } from './in-progress.ts';

/** One look on the way back: the next write, what it waits for, or that all is as it was. */
export function goBack(
  situation: Situation,
  status: NamespaceMigrationStatus,
  itinerary: Itinerary,
  followed: Followed,
): Draft {
  const turned: NamespaceMigrationStatus = { ...withoutFindings(status), direction: 'Backward' };
  const binding = bindingOnTheWayBack(situation, turned, itinerary, followed);
  if (binding !== undefined) {
    leavesEarly(situation);
    notesHold(situation, turned);
    return binding;
  }
  const foreign = changedOnTheWayBack(situation, turned, itinerary);
  const unrest = unrestOf(situation, turned, foreign);
  if (unrest !== undefined && foreign !== undefined) {
    const { name } = situation.surroundings.namespace;
    const command = labelCommand(`namespace ${name}`, observedLabels(situation), fromList(turned.labels ?? [])) ?? '';
    const way = `Put them back; it goes on by itself: ${command}`;
    return restless(turned, 'RollingBack', unrest, way);
  }
  return alsoRestless(walkBack(situation, turned, itinerary), unrest);
}

/**
 * What keeps the labels from going back keeps whatever comes before them from being begun: until then nothing differs
 * from what it was, and the rollback can be taken back. So do others that have to go first and do not by themselves;
 * those that come are waited for with what comes before the labels done, because they may wait for that.
 */
function heldBeforehand(
  situation: Situation,
  status: NamespaceMigrationStatus,
  { backward }: Itinerary,
): Outcome | undefined {
  const isBegun = backward.some(({ name }) => status.steps?.some((step) => step.name === name) === true);
  const flip = backward.find(({ work }) => work.kind === 'Labels');
  if (isBegun || flip === undefined || backward[0] === flip) return undefined;
  const held = heldOnTheWayBack(situation, status.failure !== undefined);
  if (held !== undefined) return held;
  const awaits = awaitsOthers(situation, status, flip);
  return awaits?.stuck === true ? awaits : undefined;
}

function walkBack(situation: Situation, turned: NamespaceMigrationStatus, itinerary: Itinerary): Draft {
  const held = heldBeforehand(situation, turned, itinerary);
  const found = held === undefined ? walk(situation, turned, itinerary.backward) : { status: turned, outcome: held };
  const walked = onceCalm(situation, turned, found);
  const { outcome } = walked;
  switch (outcome.kind) {
    case 'Done':
      return close(situation, walked.status);
    // A rollback has nowhere to go back to: it reports and keeps trying, with the capture still held.
    case 'Failed':
    case 'Foreign':
      return {
        status: walked.status,
        phase: 'RollingBack',
        verdict: { state: 'Stalled', reason: 'RollbackStuck', message: outcome.message },
        next: { kind: 'Wait' },
      };
    default:
      return {
        status: walked.status,
        phase: 'RollingBack',
        ...inProgress(outcome, walked.status.step ?? 'RollingBack', 'RollbackStuck'),
      };
  }
}

/**
 * Everything is back. The journal goes last, when the MeshMigration knows what is not to be started again by itself.
 */
function close(situation: Situation, { step: _step, ...status }: NamespaceMigrationStatus): Draft {
  const ownReason = status.failure !== undefined || status.command?.action === 'Rollback';
  const differing = differences(situation, status);
  const { returned } = situation;
  const back = (verdict: Verdict): Omit<Draft, 'next'> => ({
    status,
    phase: 'RollingBack',
    verdict,
    differences: differing,
    isBack: ownReason,
  });
  // The journal says first that all is back; then the MeshMigration, from it; and only then the journal goes.
  if (ownReason && (returned?.attempt !== status.attempt || returned?.over !== true)) {
    const message =
      'everything is back; waiting until the MeshMigration has noted that it is not started again by itself';
    return { ...back(untilNoted(situation, 'Closing', message)), next: { kind: 'Wait' } };
  }
  // Safe: removes only our own annotation, when nothing differs any more, and that is stored. Dying before: sent again;
  // after: nothing is started.
  return { ...back(closingVerdict), next: { kind: 'Write', write: patchWithJournal(situation, {}, null) } };
}

/**
 * What a step of the way back has put back stays so until the last labels are back: pods that are created meanwhile
 * depend on it. Nobody is overruled: it is named, and goes on when it is as it was again.
 */
function changedOnTheWayBack(
  situation: Situation,
  status: NamespaceMigrationStatus,
  { backward }: Itinerary,
): string | undefined {
  const labels = backward.filter(({ work }) => work.kind === 'Labels');
  const over = labels.filter(
    ({ name }) => status.steps?.some((step) => step.name === name && step.completedAt !== undefined) === true,
  );
  if (over.length === 0 || over.length === labels.length) return undefined;
  return labelChanges(situation, status);
}

/** On the way back Services that joined since are still bound until the first is unbound. */
function bindingOnTheWayBack(
  situation: Situation,
  status: NamespaceMigrationStatus,
  { forward, backward }: Itinerary,
  followed: Followed,
): Draft | undefined {
  const begun = backward
    .filter(({ name }) => status.steps?.some((step) => step.name === name) === true)
    .map(({ work }) => work);
  if (begun.some(({ kind }) => kind === 'Remove' || kind === 'UnbindServices')) return undefined;
  const { outcome } = upkeep(situation, status, forward, followed);
  return outcome.kind === 'Write'
    ? { status, phase: 'RollingBack', ...inProgress(outcome, 'FollowingOriginals') }
    : undefined;
}
