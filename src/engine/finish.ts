import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus, NamespacePhase } from '../api/namespace-migration.ts';
import { cutText } from '../base/cut-text.ts';
import { timestamp } from '../base/clock.ts';
import { editOf } from './commands.ts';
import { answerNow, conditionsFor, freshAnswer, noWayBackCondition, restoredCondition, told } from './conditions.ts';
import type { Draft } from './draft.ts';
import { isAtRest } from './left.ts';
import type { Decision, Next, Situation } from './situation.ts';
import { toldFindings } from './told-findings.ts';
import { countPods } from './verify.ts';

/** While something has a deadline it is looked at this often at least: a longer gap would not count whole. */
const lookEveryMs = 30_000;

/** Times that two clocks tell may differ by this without being another time. */
const sameTimeMs = 2000;

/** Counts of pods are refreshed at most this often while nothing else changes, to spare the API server. */
const countEveryMs = 5000;

/** Fills in what every decision has: phase, conditions, counts. The only place that does. */
export function finish(situation: Situation, draft: Draft, answer: string | null | undefined): Omit<Decision, 'waits'> {
  const { object, now } = situation;
  const before = object.status ?? {};
  const { message: _message, waitUntil: _waitUntil, ...status } = draft.status;
  const generation = object.metadata.generation ?? 1;
  const verdict = told(draft.verdict, { name: object.spec.migration, namespace: object.metadata.namespace ?? '' });
  const waitUntil = draft.waitUntil === undefined ? undefined : steady(draft.waitUntil, before.waitUntil);
  const message = waitUntil === undefined ? verdict.message : `${verdict.message}: until ${waitUntil}`;
  const conditions = [
    ...conditionsFor(
      { ...verdict, message },
      before.conditions,
      generation,
      now,
      answerNow(answer, before.writtenPhase, draft.phase),
    ),
    ...restoredCondition(
      { differences: draft.differences, rests: draft.phase === 'RolledBack', moved: draft.moved },
      before.conditions,
      generation,
      now,
    ),
    ...noWayBackCondition(noWayBackAtRest(situation, draft), before.conditions, generation, now),
  ];
  // Whoever gave a command looks at the message first; what is asked of the namespace stands in the conditions.
  const rejected = freshAnswer(conditions, now);
  const settled: NamespaceMigrationStatus = {
    ...status,
    phase:
      (draft.unanswered === true && typeof answer !== 'string' ? commandedPhase(situation) : undefined) ?? draft.phase,
    writtenPhase: draft.phase,
    observedGeneration: generation,
    message: cutText(rejected === undefined ? message : `${rejected.message}. Meanwhile: ${message}`, 1024),
    ...(waitUntil !== undefined && { waitUntil }),
    conditions,
  };
  const next = often(situation, dueCount(situation, settled, draft.next));
  return toldFindings(situation, withCounts(situation, settled), sooner(next, rejected?.until));
}

/** Asked where it rests in its new data plane and nobody has decided that it stays. */
function noWayBackAtRest(
  { adapter, surroundings, wanted }: Situation,
  { phase, status: { direction } }: Draft,
): Finding | undefined {
  return direction === 'Forward' && isAtRest(phase) && wanted !== 'Finalize' && wanted !== 'DeleteLeave'
    ? adapter.noWayBack(surroundings)
    : undefined;
}

/** The phase that a person has set as a command; undefined without one. */
function commandedPhase({ object: { status, metadata }, now }: Situation): NamespacePhase | undefined {
  return editOf(status, metadata.managedFields, now)?.kind === 'Command'
    ? (status?.phase as NamespacePhase | undefined)
    : undefined;
}

/**
 * The time as it was said before, if it is still the same: computed anew at each look, it would else be another one by
 * a breath.
 */
function steady(ms: number, before: string | undefined): string {
  return before !== undefined && Math.abs(Date.parse(before) - ms) < sameTimeMs ? before : timestamp(ms);
}

/** No later than then, if it waits at all. */
function sooner(next: Next, until = Infinity): Next {
  return next.kind === 'Wait' && until !== Infinity ? { ...next, until: Math.min(until, next.until ?? until) } : next;
}

function often({ now }: Situation, next: Next): Next {
  return next.kind === 'Wait' && next.until !== undefined
    ? { ...next, until: Math.min(next.until, now + lookEveryMs) }
    : next;
}

/**
 * Whether the counts in the status are still meant to follow the pods. Afterwards they stay, so that nothing is written
 * any more.
 */
function isUnderWay(status: NamespaceMigrationStatus): boolean {
  return (
    status.phase === 'Migrating' ||
    status.phase === 'RollingBack' ||
    status.phase === 'Paused' ||
    status.phase === 'Incomplete'
  );
}

function saysOutside({ conditions = [] }: NamespaceMigrationStatus): boolean {
  return conditions.some(
    ({ type, status, reason }) => type === 'Stalled' && status === 'True' && reason === 'PodsOutside',
  );
}

function withCounts(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const changedPhase = status.phase !== situation.object.status?.writtenPhase;
  const age = situation.now - Date.parse(status.podsObservedAt ?? timestamp(0));
  const pods = countPods(situation);
  // At rest they follow while pods are said to be outside, and once more when none is: the status must not say both.
  const follows = isUnderWay(status) || [status, situation.object.status ?? {}].some(saysOutside);
  if (isDeepStrictEqual(pods, status.pods) || (!changedPhase && (!follows || age < countEveryMs))) return status;
  return { ...status, pods, podsObservedAt: timestamp(situation.now) };
}

function dueCount(situation: Situation, status: NamespaceMigrationStatus, next: Next): Next {
  if (next.kind !== 'Wait' || !isUnderWay(status) || isDeepStrictEqual(countPods(situation), status.pods)) return next;
  const due = Date.parse(status.podsObservedAt ?? timestamp(0)) + countEveryMs;
  return { ...next, until: Math.min(due, next.until ?? due) };
}
