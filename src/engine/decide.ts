import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { cutText } from '../base/cut-text.ts';
import { timestamp } from '../base/clock.ts';
import type { Itinerary } from '../mesh/adapter.ts';
import { acceptEdit } from './accept-edit.ts';
import type { Verdict } from './conditions.ts';
import { takenAlong } from './company.ts';
import { courseOf, type Course } from './course.ts';
import { differences } from './differences.ts';
import { hold, type Draft } from './draft.ts';
import { notEnforced, sentence, withFindings, withoutFindings } from './held.ts';
import { finish } from './finish.ts';
import { follow, type Followed } from './follow.ts';
import { alsoFollowing, notSealed, whileFollowing } from './following.ts';
import { labelCommand } from './label-command.ts';
import { fromList, observedLabels } from './label-values.ts';
import { foreignChange, labelChanges } from './labels.ts';
import { withPodsLeft } from './left.ts';
import { withPodsOutside } from './pods-outside.ts';
import { look } from './look.ts';
import { confirmed, confirmedStatus, evidenceOf, journalKept } from './confirm.ts';
import { journalFirst, patchWithJournal } from './keep-journal.ts';
import { proceed } from './proceed.ts';
import { restoreRecord } from './service-records.ts';
import { forgetStep } from './services.ts';
import { readable } from './stored.ts';
import { blame, givenUp } from './refused.ts';
import { revisedOnTheWayBack } from './revised.ts';
import type { Decision, Outcome, Situation } from './situation.ts';
import { alsoRestless, goingOn, restless, unrestOf, unrestOnTheWay } from './unrest.ts';
import { untilNoted } from './until-noted.ts';
import { upkeep } from './upkeep.ts';
import { closingVerdict, failedVerdict, migratedVerdict, pausedVerdict, sealingVerdict } from './verdicts.ts';
import { leavesEarly, noting, withoutDeadlines } from './waits.ts';
import { walk } from './walk.ts';
import { storedReason, type StalledReason } from './ways-out.ts';

/** When a wait ends, where the status says so. */
function toldUntil(outcome: Outcome): number | undefined {
  if (outcome.kind === 'Pace') return outcome.until;
  return outcome.kind === 'Wait' ? outcome.tells : undefined;
}

/** `stalled` is why, when what it waits for does not come by itself. */
function inProgress(
  outcome: Extract<Outcome, { message: string }>,
  reason: string,
  stalled: StalledReason = 'PodInTheWay',
): Pick<Draft, 'verdict' | 'next' | 'waitUntil'> {
  const stuck = outcome.kind === 'Wait' && outcome.stuck === true;
  const { message } = outcome;
  const verdict: Verdict = stuck
    ? { state: 'Stalled', reason: outcome.stalled ?? stalled, message }
    : { state: 'InProgress', reason, message };
  if (outcome.kind === 'Write') return { verdict, next: { kind: 'Write', write: outcome.write } };
  const until = outcome.kind === 'Wait' || outcome.kind === 'Pace' ? outcome.until : undefined;
  const parked = outcome.kind === 'Wait' ? outcome.parked : undefined;
  const waitUntil = toldUntil(outcome);
  return {
    verdict,
    next: { kind: 'Wait', ...(until !== undefined && { until }), ...(parked !== undefined && { parked }) },
    ...(waitUntil !== undefined && { waitUntil }),
  };
}

function fail(
  situation: Situation,
  status: NamespaceMigrationStatus,
  reason: StalledReason,
  message: string,
  itinerary: Itinerary,
  followed: Followed,
): Draft {
  const failed = { ...status, failure: { reason, message: cutText(message, 1024), at: timestamp(situation.now) } };
  return situation.spec.rollback.automatic
    ? goBack(situation, failed, itinerary, followed)
    : hold(failed, 'Failed', failedVerdict(situation, reason, message));
}

function goForward(
  situation: Situation,
  status: NamespaceMigrationStatus,
  itinerary: Itinerary,
  followed: Followed,
): Draft {
  const found = situation.adapter.findings(situation.surroundings, 'UnderWay');
  const looked = withFindings(situation, status, found);
  const unrest = unrestOnTheWay(situation, looked);
  if (unrest !== undefined)
    return restless(looked, 'Paused', unrest, unrest.until === undefined ? undefined : goingOn(situation));
  const criticals = found.filter(({ severity }) => severity === 'Critical');
  const critical = criticals.find((finding) => !situation.adapter.isUnknown(finding));
  if (critical !== undefined) {
    return fail(situation, looked, 'CriticalFinding', sentence(critical), itinerary, followed);
  }
  const [unknown] = criticals;
  const walked = proceed(situation, looked, itinerary.forward, followed, unknown);
  const outcome = givenUp(situation, walked.outcome, followed.write);
  switch (outcome.kind) {
    case 'Done': {
      const { step: _step, ...rest } = walked.status;
      return { status: rest, phase: 'Migrated', verdict: migratedVerdict(rest), next: { kind: 'Wait' } };
    }
    case 'Failed':
      return fail(situation, walked.status, outcome.reason, outcome.message, itinerary, followed);
    case 'Foreign':
      return hold(walked.status, 'Paused', { state: 'Stalled', reason: 'ForeignChange', message: outcome.message });
    default:
      return { status: walked.status, phase: 'Migrating', ...inProgress(outcome, walked.status.step ?? 'Migrating') };
  }
}

function goBack(
  situation: Situation,
  status: NamespaceMigrationStatus,
  itinerary: Itinerary,
  followed: Followed,
): Draft {
  const turned: NamespaceMigrationStatus = { ...withoutFindings(status), direction: 'Backward' };
  const binding = bindingOnTheWayBack(situation, turned, itinerary, followed);
  if (binding !== undefined) {
    leavesEarly(situation);
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

function walkBack(situation: Situation, turned: NamespaceMigrationStatus, itinerary: Itinerary): Draft {
  const walked = walk(situation, turned, itinerary.backward);
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

/** The point of no return: the originals leave the Services and then the namespace, nothing else changes. */
function seal(situation: Situation, status: NamespaceMigrationStatus): Draft {
  // Safe: removes only our own annotations. Dying before: sent again; after: the journal is gone and the phase follows.
  const write = forgetStep(situation) ?? patchWithJournal(situation, {}, null);
  return { status, phase: 'Migrated', verdict: sealingVerdict, next: { kind: 'Write', write } };
}

/**
 * It was restarted for HBONE, because it stayed; now it is selected. That way is over, and it begins to move like all
 * others.
 */
function letGo(situation: Situation, status: NamespaceMigrationStatus): Draft {
  // Safe: removes only our own annotation, of a way that changed no label. Dying before: sent again; after: nothing of
  // it is started.
  const write = patchWithJournal(situation, {}, null);
  return {
    status,
    phase: 'Migrated',
    verdict: {
      state: 'InProgress',
      reason: 'Selected',
      message: 'its sidecars take HBONE; it is selected to move, so the record of their restart is removed first',
    },
    next: { kind: 'Write', write },
  };
}

function rest(situation: Situation, status: NamespaceMigrationStatus, itinerary: Itinerary, followed: Followed): Draft {
  const found = situation.adapter.findings(situation.surroundings, 'AtRest');
  const looked = withFindings(situation, status, found);
  const foreign = foreignChange(situation, looked);
  const kept = upkeep(situation, looked, itinerary.forward, followed);
  switch (kept.outcome.kind) {
    case 'Done':
    case 'Announce':
      break;
    case 'Write':
    case 'Pace':
      return { status: kept.status, phase: 'Migrated', ...inProgress(kept.outcome, 'FollowingOriginals') };
    case 'Wait':
      return { status: kept.status, phase: 'Migrated', ...inProgress(kept.outcome, 'GateLost') };
    case 'Foreign':
      return hold(kept.status, 'Migrated', {
        state: 'Stalled',
        reason: 'ForeignChange',
        message: kept.outcome.message,
      });
    case 'Failed':
      return hold(kept.status, 'Migrated', {
        state: 'Stalled',
        reason: kept.outcome.reason,
        message: kept.outcome.message,
        way: 'Repair it; it goes on by itself',
      });
  }
  const critical = found.find(({ severity }) => severity === 'Critical');
  if (critical !== undefined) return hold(kept.status, 'Migrated', notEnforced(situation, critical));
  if (foreign !== undefined)
    return hold(kept.status, 'Migrated', { state: 'Stalled', reason: 'ForeignChange', message: foreign });
  const refused = situation.adapter.refusedCallers(situation.surroundings);
  return hold(
    kept.status,
    'Migrated',
    refused === undefined
      ? migratedVerdict(kept.status)
      : { state: 'Stalled', reason: 'CallersRefused', message: refused },
  );
}

function continueCourse(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const itinerary = situation.adapter.itinerary(
    situation.spec,
    fromList(status.original?.labels ?? []),
    status.itinerary ?? 'L4',
    status.waypoint,
  );
  const course = courseOf(situation, status);
  const followed = follow(situation, course === 'Backward' ? { ...status, direction: 'Backward' } : status, itinerary);
  if (followed.write !== undefined && !followed.refused) {
    if (course !== 'Hold') leavesEarly(situation);
    return whileFollowing(followed.write, followed, course);
  }
  return alsoRestoring(
    situation,
    course,
    alsoFollowing(takeCourse(situation, followed.status, itinerary, followed, course), followed),
  );
}

/** When nothing else is to be done; on the way back and at the end the record is to go, whether it is there or not. */
function alsoRestoring(situation: Situation, course: Course, draft: Draft): Draft {
  if (course === 'Backward' || course === 'Seal' || draft.next.kind !== 'Wait' || draft.next.parked !== undefined)
    return draft;
  const write = restoreRecord(situation);
  return write === undefined ? draft : { ...draft, next: { kind: 'Write', write } };
}

/** A command may just have made the itinerary a longer one: rules and steps have to be of the same. */
function onItinerary(
  situation: Situation,
  { itinerary = 'L4', waypoint: adopted }: NamespaceMigrationStatus,
): Situation {
  const { surroundings } = situation;
  return (surroundings.itinerary ?? 'L4') === itinerary
    ? situation
    : { ...situation, surroundings: { ...surroundings, itinerary, ...(adopted !== undefined && { adopted }) } };
}

function takeCourse(
  situation: Situation,
  status: NamespaceMigrationStatus,
  itinerary: Itinerary,
  followed: Followed,
  course: Course,
): Draft {
  switch (course) {
    case 'Forward':
      return goForward(situation, status, itinerary, followed);
    case 'Backward':
      return goBack(situation, status, itinerary, followed);
    case 'Rest':
      return rest(situation, status, itinerary, followed);
    case 'Queue':
      return queued(situation, rest(situation, status, itinerary, followed));
    case 'LetGo':
      return letGo(situation, status);
    case 'Hold':
      return paused(situation, status, itinerary, followed);
    case 'Seal': {
      const rested = blame(situation, withPodsOutside(situation, rest(situation, status, itinerary, followed)));
      return rested.verdict.state === 'Ready' ? seal(situation, status) : notSealed(rested);
    }
  }
}

/** It rests until it is its turn to go back; what is wrong with it meanwhile is said first. */
function queued({ notTurned = '' }: Situation, rested: Draft): Draft {
  if (rested.verdict.state !== 'Ready') return rested;
  return { ...rested, verdict: { state: 'InProgress', reason: 'Waiting', message: notTurned } };
}

/** Nothing goes on, but what was made still follows the user's objects. */
function paused(
  situation: Situation,
  before: NamespaceMigrationStatus,
  itinerary: Itinerary,
  followed: Followed,
): Draft {
  const found = situation.adapter.findings(situation.surroundings, 'UnderWay');
  const start = withFindings(situation, before, found);
  const kept = upkeep(withoutDeadlines(situation), start, itinerary.forward, followed);
  if (kept.outcome.kind === 'Write' || kept.outcome.kind === 'Pace') {
    return {
      status: kept.status,
      phase: start.failure === undefined ? 'Paused' : 'Failed',
      ...inProgress(kept.outcome, 'FollowingOriginals'),
    };
  }
  // What is lost meanwhile is not held against it: the deadline begins when it goes on.
  const status = kept.outcome.kind === 'Done' ? kept.status : start;
  return status.failure === undefined
    ? hold(status, 'Paused', pausedVerdict(situation, status))
    : hold(status, 'Failed', failedVerdict(situation, storedReason(status.failure.reason), status.failure.message));
}

/**
 * The one decision about a namespace: pure, from what was observed and what was stored to the next status and at most
 * one write. Calling it again with the same picture gives the same answer, so a crash between any two steps is
 * harmless.
 */
export function decide(given: Situation): Decision {
  const { situation: noted, waits, kept } = noting(given);
  const seen = { ...noted, object: { ...noted.object, status: readable(noted.object.status) } };
  const { namespace } = seen.surroundings;
  const evidence = evidenceOf(seen.object, namespace, seen.returned);
  const journal = journalKept(seen) ?? evidence.journal;
  const situation = confirmed(seen, journal);
  const before = confirmedStatus(seen.object.status, { ...evidence, journal });
  const { status: accepted, answer } = acceptEdit(situation, before);
  const status = revisedOnTheWayBack(situation, takenAlong(situation, accepted));
  const draft =
    status.direction === undefined ? look(situation, status) : continueCourse(onItinerary(situation, status), status);
  return {
    ...finish(
      situation,
      journalFirst(situation, before, blame(situation, withPodsOutside(situation, withPodsLeft(situation, draft)))),
      answer,
    ),
    waits: [...waits],
    ...kept(),
  };
}
