import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { cutText } from '../base/cut-text.ts';
import { timestamp } from '../base/clock.ts';
import type { Itinerary } from '../mesh/adapter.ts';
import { acceptEdit } from './accept-edit.ts';
import { takenAlong } from './company.ts';
import { backOutOfScope, courseOf, goesBackByItself, type Course } from './course.ts';
import { notesHold } from './calm-way.ts';
import type { Verdict } from './conditions.ts';
import { hold, type Draft } from './draft.ts';
import type { Finding } from '../api/common.ts';
import { sentence, withFindings } from './held.ts';
import { finish } from './finish.ts';
import { follow, type Followed } from './follow.ts';
import { alsoFollowing, whileFollowing } from './following.ts';
import { fromList } from './label-values.ts';
import { withPodsLeft } from './left.ts';
import { withPodsOutside } from './pods-outside.ts';
import { look } from './look.ts';
import { confirmed, confirmedStatus, evidenceOf, journalKept } from './confirm.ts';
import { journalFirst } from './keep-journal.ts';
import { proceed } from './proceed.ts';
import { restoreRecord } from './service-records.ts';
import { relabelled } from './services.ts';
import { readable } from './stored.ts';
import { blame, givenUp } from './refused.ts';
import { revisedOnTheWayBack } from './revised.ts';
import type { Decision, Situation } from './situation.ts';
import { goingOn, restless, unrestOnTheWay } from './unrest.ts';
import { upkeep } from './upkeep.ts';
import { withUnavailable } from './unavailable.ts';
import { failedVerdict, migratedVerdict, pausedVerdict } from './verdicts.ts';
import { allStand, leavesEarly, noting, withoutDeadlines } from './waits.ts';
import { storedReason, type StalledReason } from './ways-out.ts';
import { inProgress } from './in-progress.ts';
import { withdrawn } from './withdrawn.ts';
import { letGo, rest, resting, sealOnceSettled } from './at-rest.ts';
import { goBack } from './go-back.ts';

function fail(
  situation: Situation,
  status: NamespaceMigrationStatus,
  reason: StalledReason,
  message: string,
  itinerary: Itinerary,
  followed: Followed,
): Draft {
  const failed = { ...status, failure: { reason, message: cutText(message, 1024), at: timestamp(situation.now) } };
  return goesBackByItself(situation, reason)
    ? goBack(situation, failed, itinerary, followed)
    : hold(failed, 'Failed', failedVerdict(situation, reason, message));
}

/**
 * Whoever has it go on after a failure has mended something: what it failed of is not over yet by the time of before,
 * however soon the command comes.
 */
function goesOnAnew({ remembered }: Situation, { failure }: NamespaceMigrationStatus): boolean {
  return remembered?.failure !== undefined && failure === undefined;
}

/** What nobody can work out, and what others have, takes no namespace back: it stays where it is. */
function holdsOnly({ adapter, surroundings }: Situation, finding: Finding): boolean {
  return adapter.isUnknown(finding) || adapter.isOfOthers(finding, surroundings);
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
  const strange = relabelled(situation, looked, itinerary);
  if (strange !== undefined) {
    leavesEarly(situation); // It goes on when they are put back, and who changes them to and fro lets nothing begin anew.
    return hold(looked, 'Paused', { state: 'Stalled', reason: 'ForeignChange', message: strange });
  }
  const criticals = found.filter(({ severity }) => severity === 'Critical');
  const critical = criticals.find((finding) => !holdsOnly(situation, finding));
  if (critical !== undefined) {
    return fail(situation, looked, 'CriticalFinding', sentence(critical), itinerary, followed);
  }
  const [holding] = criticals;
  const walked = proceed(situation, looked, itinerary.forward, followed, holding);
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
    else keepsWaiting(situation, followed.status);
    notesHold(situation, followed.status);
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
    case 'Forward': {
      const anew = goesOnAnew(situation, status) ? withoutDeadlines(situation) : situation;
      return goForward(anew, status, itinerary, followed);
    }
    case 'Backward':
      return goBack(situation, status, itinerary, followed);
    case 'Rest':
      return resting(situation, rest(situation, status, itinerary, followed));
    case 'Queue':
      return queued(situation, resting(situation, rest(situation, status, itinerary, followed)));
    case 'LetGo':
      return letGo(situation, status);
    case 'Hold':
      return paused(situation, status, itinerary, followed);
    case 'Seal': {
      const rested = blame(situation, withPodsOutside(situation, rest(situation, status, itinerary, followed)));
      return sealOnceSettled(situation, status, rested);
    }
  }
}

/** It rests until it is its turn to go back; what is wrong with it meanwhile is said first. */
function queued({ notTurned = '' }: Situation, rested: Draft): Draft {
  if (rested.verdict.state !== 'Ready') return rested;
  return { ...rested, verdict: { state: 'InProgress', reason: 'Waiting', message: notTurned } };
}

/** What others have changed keeps it from going on as well, whatever else it stands for. */
function alsoForeign(verdict: Verdict, foreign: string | undefined): Verdict {
  return foreign === undefined ? verdict : { ...verdict, message: `${foreign}; ${verdict.message}` };
}

/**
 * Who stops and goes on again and again, or has a namespace leave the scope and come back, has no wait begin anew: each
 * goes on where it stood. What has failed does begin anew, because somebody mends it meanwhile.
 */
function keepsWaiting(situation: Situation, { failure }: NamespaceMigrationStatus): void {
  if (failure === undefined) allStand(situation);
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
  keepsWaiting(situation, before);
  const kept = upkeep(withoutDeadlines(situation), start, itinerary.forward, followed);
  if (kept.outcome.kind === 'Write' || kept.outcome.kind === 'Pace') {
    return {
      status: kept.status,
      phase: start.failure === undefined ? 'Paused' : 'Failed',
      ...inProgress(kept.outcome, 'FollowingOriginals'),
    };
  }
  // What is lost meanwhile is not held against it: no deadline comes nearer before it goes on.
  const status = kept.outcome.kind === 'Done' ? kept.status : start;
  const foreign = kept.outcome.kind === 'Foreign' ? kept.outcome.message : relabelled(situation, status, itinerary);
  const { failure } = status;
  return failure === undefined
    ? hold(status, 'Paused', alsoForeign(pausedVerdict(situation, status), foreign))
    : hold(
        status,
        'Failed',
        alsoForeign(failedVerdict(situation, storedReason(failure.reason), failure.message), foreign),
      );
}

/** What is to be said of pods besides, where it rests. */
function withSaidAtRest(situation: Situation, draft: Draft): Draft {
  return withUnavailable(situation, withPodsOutside(situation, withPodsLeft(situation, draft)));
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
  const wanted = takenAlong(situation, withdrawn(situation, accepted));
  const status = revisedOnTheWayBack(situation, backOutOfScope(situation, wanted));
  const draft =
    status.direction === undefined ? look(situation, status) : continueCourse(onItinerary(situation, status), status);
  return {
    ...finish(situation, journalFirst(situation, before, blame(situation, withSaidAtRest(situation, draft))), answer),
    waits: [...waits],
    ...kept(),
  };
}
