import type { Mode } from '../api/common.ts';
import type { NamespaceMigrationStatus, NamespacePhase } from '../api/namespace-migration.ts';
import { counted } from '../base/counted.ts';
import { durationMs } from '../base/duration.ts';
import { whyNotRestartable } from '../mesh/restartable.ts';
import type { PodView } from '../mesh/views.ts';
import type { Draft } from './draft.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline } from './waits.ts';
import { isConcerned } from './concerned.ts';

const restful: readonly (string | undefined)[] = ['Migrated', 'Incomplete'] satisfies NamespacePhase[];

/** Whether the way is over and the namespace rests in the new data plane, with pods of the old one left or without. */
export function isAtRest(phase: string | undefined): boolean {
  return restful.includes(phase);
}

/**
 * A pod without a mesh is only left over where an injector would have to make it anew, and it does not ask to be left
 * out: a data plane that captures takes it as it is. When it was made tells nothing, because that is by the clock of another.
 *
 * This writes nothing, and says no more than what is there, also where a record was lost with what it knew (B). A
 * process that dies before or after the status is written finds the same pods.
 */
function isLeftOutside({ adapter, spec }: Situation, pod: PodView): boolean {
  return spec.to !== 'None' && !adapter.captures(spec.to) && adapter.isStranded(pod);
}

/** Pods that are still in the old data plane, those on their way out included: as long as they run they serve. */
export function podsLeft(situation: Situation, status: NamespaceMigrationStatus): readonly PodView[] {
  if (status.itinerary === 'Hbone') return []; // It stays in the old data plane.
  const { adapter, spec, surroundings } = situation;
  const old = adapter.modeFor(spec.from);
  return surroundings.pods.filter(
    (pod) =>
      isConcerned(situation, pod) && adapter.modeOf(pod) === old && (old !== 'None' || isLeftOutside(situation, pod)),
  );
}

function why({ surroundings }: Situation, pod: PodView): string {
  if (pod.terminating) return 'is on its way out';
  return (
    whyNotRestartable(pod, surroundings.workloads) ??
    `is of ${pod.owner?.kind ?? ''} ${pod.owner?.name ?? ''}: restart that`
  );
}

/** As many pods as a message names. */
const named = 5;

/**
 * At rest, but not there: with pods of the old data plane left, it is Incomplete, and they are named with what keeps
 * them.
 */
export function withPodsLeft(situation: Situation, draft: Draft): Draft {
  if (draft.phase !== 'Migrated' || draft.status.direction === undefined) return draft;
  const left = podsLeft(situation, draft.status);
  if (left.length === 0) return draft;
  if (draft.verdict.state !== 'Ready') return { ...draft, phase: 'Incomplete' };
  const each = left
    .slice(0, named)
    .map((pod) => `pod ${pod.name} ${why(situation, pod)}`)
    .join('; ');
  const more = left.length > named ? `; and ${left.length - named} more` : '';
  const wish = situation.wanted === 'Finalize' ? 'not finalized, because of ' : '';
  return {
    ...draft,
    phase: 'Incomplete',
    verdict: {
      state: 'Stalled',
      reason: 'PodsLeft',
      message: `${wish}${counted(left.length, 'pod')} of the old data plane left: ${each}${more}`,
    },
  };
}

/** Whether it is of the other data plane; in no mesh are only those of before, on the way from there to sidecars. */
function isOfOther(situation: Situation, mode: Mode, pod: PodView): boolean {
  const { adapter, spec } = situation;
  const now = adapter.modeOf(pod);
  return now !== mode && (now !== 'None' || (spec.from === 'None' && isLeftOutside(situation, pod)));
}

/**
 * The last pods of the other data plane are waited for, because they serve to their end; one that hangs is not waited
 * for longer than for anything else.
 *
 * Nothing is written meanwhile, and pods that end do so by themselves (B). A process that dies before or after counts
 * the wait anew.
 */
export function lastOnesEnded(situation: Situation, mode: Mode, name: string): Outcome {
  const { surroundings, spec } = situation;
  const ending = surroundings.pods.filter(
    (pod) => pod.terminating && isConcerned(situation, pod) && isOfOther(situation, mode, pod),
  );
  const [first] = ending;
  if (first === undefined) return { kind: 'Done' };
  const { over, until } = deadline(situation, `${name}: the last pods end`, durationMs(spec.restart.progressDeadline));
  if (over) return { kind: 'Done' };
  return {
    kind: 'Wait',
    until,
    message: `waiting until the last pods of the other data plane have ended, pod ${first.name} among them`,
  };
}
