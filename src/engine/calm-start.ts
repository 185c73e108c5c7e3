import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import { calmAt, calmMs } from './calm.ts';
import type { Draft } from './draft.ts';
import type { Situation } from './situation.ts';

function forMs({ spec }: Situation): number {
  return Math.max(calmMs, durationMs(spec.policies.settle));
}

/**
 * By when a namespace may be started that something critical is found of, or was until a moment ago; undefined where
 * nothing ever was. What is replaced, a policy or what it is about, is away for a moment in which nothing is found; the
 * start would go by that, and break or loosen what is back right after it. That it was Blocked is stored, and so it
 * counts for a process that has just taken over too.
 */
export function startsAt(situation: Situation, isFound: boolean): number | undefined {
  return calmAt(situation, {
    before: 'it is started',
    isThere: isFound,
    wasThere: situation.object.status?.writtenPhase === 'Blocked',
    forMs: forMs(situation),
  });
}

/**
 * It stays Blocked until then: it takes nobody's turn, and the next process knows of it.
 * Safe: nothing is written; dying before or after, the next process waits anew.
 */
export function untilCalm(situation: Situation, status: NamespaceMigrationStatus, until: number): Draft {
  const message = `nothing critical is found any more; it is started when that has stayed so for ${forMs(situation) / 1000}s`;
  return {
    status,
    phase: 'Blocked',
    verdict: { state: 'InProgress', reason: 'Waiting', message },
    next: { kind: 'Wait', until },
    waitUntil: until,
  };
}
