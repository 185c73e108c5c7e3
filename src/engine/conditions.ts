import type { Condition } from '../api/common.ts';
import { timestamp } from '../base/clock.ts';

/** What one look at an object amounts to, in the words of kstatus. */
export interface Verdict {
  /** Ready: it is where it shall be. InProgress: it gets there by itself. Stalled: a person has to do something. */
  readonly state: 'Ready' | 'InProgress' | 'Stalled';
  readonly reason: string;
  readonly message: string;
}

/**
 * Ready, Reconciling and Stalled from one verdict, so that they never contradict each other: cli-utils' kstatus (Flux,
 * `kubectl wait`, Argo CD's health script) reads Stalled as failed, Reconciling as in progress and neither as current.
 * lastTransitionTime stays while a status stays.
 */
export function conditionsFor(verdict: Verdict, previous: readonly Condition[] | undefined, generation: number, now: number, answer?: string): Condition[] {
  const wanted: readonly [string, boolean][] = [
    ['Ready', verdict.state === 'Ready'],
    ['Reconciling', verdict.state === 'InProgress'],
    ['Stalled', verdict.state === 'Stalled'],
  ];
  const conditions = wanted.map(([type, holds]) => condition(type, holds ? 'True' : 'False', verdict.reason, verdict.message, previous, generation, now));
  const rejected = previous?.find(({ type }) => type === 'CommandRejected');
  if (answer !== undefined) conditions.push(condition('CommandRejected', 'True', 'NotPossible', answer, previous, generation, now));
  else if (rejected !== undefined) conditions.push(rejected);
  return conditions;
}

function condition(
  type: string, status: Condition['status'], reason: string, message: string, previous: readonly Condition[] | undefined, generation: number, now: number,
): Condition {
  const before = previous?.find((candidate) => candidate.type === type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : timestamp(now);
  return { type, status, reason, message: message.slice(0, 2048), observedGeneration: generation, lastTransitionTime };
}
