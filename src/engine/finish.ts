import { isDeepStrictEqual } from 'node:util';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { conditionsFor, told } from './conditions.ts';
import type { Draft } from './draft.ts';
import type { Decision, Next, Situation } from './situation.ts';
import { countPods } from './verify.ts';

/** Counts of pods are refreshed at most this often while nothing else changes, to spare the API server. */
const countEveryMs = 5000;

/** Fills in what every decision has: phase, conditions, counts. The only place that does. */
export function finish(situation: Situation, draft: Draft, answer: string | undefined): Decision {
  const { object, now } = situation;
  const before = object.status ?? {};
  const { message: _message, waitUntil: _waitUntil, ...status } = draft.status;
  const generation = object.metadata.generation ?? 1;
  const verdict = told(draft.verdict, { name: object.spec.migration, namespace: object.metadata.namespace ?? '' });
  const settled: NamespaceMigrationStatus = {
    ...status,
    phase: draft.phase,
    writtenPhase: draft.phase,
    observedGeneration: generation,
    message: verdict.message.slice(0, 1024),
    ...(draft.waitUntil !== undefined && { waitUntil: timestamp(draft.waitUntil) }),
    conditions: conditionsFor(verdict, before.conditions, generation, now, answer),
  };
  return { status: withCounts(situation, settled), next: dueCount(situation, settled, draft.next) };
}

/** Whether the counts in the status are still meant to follow the pods. Afterwards they stay, so that nothing is written any more. */
function isUnderWay(status: NamespaceMigrationStatus): boolean {
  return status.phase === 'Migrating' || status.phase === 'RollingBack' || status.phase === 'Paused';
}

function withCounts(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const changedPhase = status.phase !== situation.object.status?.writtenPhase;
  const age = situation.now - Date.parse(status.podsObservedAt ?? timestamp(0));
  const pods = countPods(situation);
  if (isDeepStrictEqual(pods, status.pods) || (!changedPhase && (!isUnderWay(status) || age < countEveryMs))) return status;
  return { ...status, pods, podsObservedAt: timestamp(situation.now) };
}

function dueCount(situation: Situation, status: NamespaceMigrationStatus, next: Next): Next {
  if (next.kind === 'Write' || !isUnderWay(status) || isDeepStrictEqual(countPods(situation), status.pods)) return next;
  const due = Date.parse(status.podsObservedAt ?? timestamp(0)) + countEveryMs;
  return { kind: 'Wait', until: Math.min(due, next.until ?? due) };
}
