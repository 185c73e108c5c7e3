import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import { calmAt, calmMs } from './calm.ts';
import type { Draft } from './draft.ts';
import type { Situation } from './situation.ts';

function forMs({ spec }: Situation): number {
  return Math.max(calmMs, durationMs(spec.policies.settle));
}

/** Of how the mesh is doing nobody is kept for longer than it lasts: nodes come and go, and somewhere one does always. */
function isThere({ adapter }: Situation, criticals: readonly Finding[]): boolean {
  return criticals.some((finding) => !adapter.isOfMesh(finding));
}

/** By what is stored; what is Blocked and has nothing critical is waiting already. */
function wasThere(situation: Situation): boolean {
  const { writtenPhase, findings = [] } = situation.object.status ?? {};
  const criticals = findings.filter(({ severity }) => severity === 'Critical');
  return writtenPhase === 'Blocked' && (criticals.length === 0 || isThere(situation, criticals));
}

/**
 * By when a namespace may be started of which something critical is found, or was until a moment ago; undefined where
 * nothing ever was. What is replaced, a policy or what it is about, is away for a moment in which nothing is found; the
 * start would go by that, and break or loosen what is back right after it. That it was Blocked is stored, and so it
 * counts for a process that has just taken over too.
 */
export function startsAt(situation: Situation, criticals: readonly Finding[]): number | undefined {
  return calmAt(situation, {
    before: 'it is started',
    isThere: isThere(situation, criticals),
    wasThere: wasThere(situation),
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
