import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { cutText } from '../base/cut-text.ts';
import { fewFindings } from '../mesh/few-findings.ts';
import { internalErrorFix, internalErrorId, internalErrorIn } from '../mesh/internal-error.ts';
import { tolerant } from '../mesh/tolerant.ts';
import { isEdited } from './commands.ts';
import { conditionsFor, told } from './conditions.ts';
import { decide } from './decide.ts';
import { sentence } from './held.ts';
import type { Decision, Situation } from './situation.ts';

/** How soon a decision that failed is made anew: what it stumbled over may be gone without anybody being told. */
const againMs = 60_000;

function findingOf({ surroundings: { namespace } }: Situation, where: string): Finding {
  return {
    id: internalErrorId,
    severity: 'Critical',
    object: `Namespace ${namespace.name}`,
    message: cutText(internalErrorIn(where), 1024),
    fix: internalErrorFix,
  };
}

/** Faults that are over are told no longer. */
function withFaults(status: NamespaceMigrationStatus, found: readonly Finding[]): NamespaceMigrationStatus {
  const others = (status.findings ?? []).filter(({ id }) => id !== internalErrorId);
  if (found.length === 0 && others.length === (status.findings ?? []).length) return status;
  return { ...status, findings: [...fewFindings([...found, ...others])] };
}

/** Nothing is begun and nothing undone; a command stays in the status until somebody can take it up. */
function halted(situation: Situation, finding: Finding): Decision {
  const { object, now } = situation;
  const { message: _message, waitUntil: _waitUntil, ...before } = object.status ?? {};
  const generation = object.metadata.generation ?? 1;
  const phase =
    before.direction === undefined && before.writtenPhase !== 'RolledBack' && before.writtenPhase !== 'Finalized'
      ? 'Blocked'
      : (before.writtenPhase ?? 'Blocked');
  const verdict = told(
    { state: 'Stalled', reason: internalErrorId, message: sentence(finding), way: finding.fix },
    { name: object.spec.migration, namespace: object.metadata.namespace ?? '' },
  );
  const restored = (before.conditions ?? []).filter(({ type }) => type === 'Restored');
  return {
    status: {
      ...withFaults(before, [finding]),
      phase: isEdited(before) ? before.phase : phase,
      writtenPhase: phase,
      observedGeneration: generation,
      message: cutText(verdict.message, 1024),
      conditions: [...conditionsFor(verdict, before.conditions, generation, now), ...restored],
    },
    next: { kind: 'Wait', until: now + againMs },
    waits: [],
    // What was waited for before goes on: what is stumbled over for a moment, again and again, would let nothing ever fail.
    kept: { except: [] },
  };
}

/** Whoever goes back, or is back, goes on with what can be told: it would not end otherwise. */
function goesOn({ status: { direction, phase } }: Decision): boolean {
  return direction === 'Backward' || phase === 'RolledBack' || phase === 'Finalized';
}

/**
 * The decision about a namespace, whatever it stumbles over. A fault of ours is told in the status of this namespace:
 * without it a person would see one that gets on with nothing, and a migration that never ends.
 */
export function decideSafely(given: Situation): Decision {
  const faults = new Set<string>();
  const tell = (where: string, error: unknown): void => {
    faults.add(where);
    given.surroundings.onFault?.(where, error);
  };
  try {
    const decision = decide({ ...given, adapter: tolerant(given.adapter, tell) });
    const found = [...faults].map((where) => findingOf(given, where));
    const [first] = found;
    if (first !== undefined && !goesOn(decision)) return halted(given, first);
    return goesOn(decision) ? { ...decision, status: withFaults(decision.status, found) } : decision;
  } catch (error) {
    tell('the decision', error);
    return halted(given, findingOf(given, 'the decision'));
  }
}
