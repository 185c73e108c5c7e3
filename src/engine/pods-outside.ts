import { least } from '../base/lists.ts';
import { counted } from '../base/counted.ts';
import type { Mode } from '../api/common.ts';
import type { Draft } from './draft.ts';
import type { Situation } from './situation.ts';
import { patience } from './verify.ts';
import { concernedPods } from './concerned.ts';

/** As many pods as a message names. */
const named = 5;

/** Where nothing takes a pod of its own accord, one without a mesh is as its template wants it. */
function isOutside({ adapter, spec }: Situation, mode: Mode): boolean {
  return mode === 'Transitional' || (mode === 'None' && adapter.captures(spec.to));
}

/**
 * At rest too pods come, and one that no data plane takes is said: nobody else would until somebody misses it. It gets
 * the time that it would have on the way, because each is in neither for a moment. What else is to be said goes first,
 * and takes no time from it.
 */
export function withPodsOutside(situation: Situation, draft: Draft): Draft {
  if (draft.phase !== 'Migrated' || draft.status.direction === undefined) return draft;
  const { adapter } = situation;
  const outside = concernedPods(situation)
    .filter((pod) => isOutside(situation, adapter.modeOf(pod)))
    .map((pod) => ({ pod, ...patience(situation, pod, 'rest') }));
  if (outside.length === 0 || draft.verdict.state !== 'Ready') return draft;
  const late = outside.filter(({ over }) => over);
  const until = least(outside.map((each) => each.until));
  if (late.length === 0)
    return {
      ...draft,
      next:
        draft.next.kind === 'Wait' ? { ...draft.next, until: Math.min(until, draft.next.until ?? until) } : draft.next,
    };
  const each = late
    .slice(0, named)
    .map(({ pod }) => `${pod.name} (${adapter.modeOf(pod)}${pod.ready ? '' : ', not Ready'})`)
    .join(', ');
  const more = late.length > named ? ` and ${late.length - named} more` : '';
  return {
    ...draft,
    verdict: {
      state: 'Stalled',
      reason: 'PodsOutside',
      message: `${counted(late.length, 'pod')} in neither data plane: ${each}${more}`,
    },
  };
}
