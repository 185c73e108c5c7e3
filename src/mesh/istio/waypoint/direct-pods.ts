import type { Surroundings } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import { dataplaneModeLabel } from '../vocabulary/labels.ts';
import { selectingPods } from '../policy/translate/selection.ts';
import type { ServiceFacts, WorkloadFacts, World } from '../policy/translate/world.ts';
import { itineraryOf } from './choose.ts';
import { isExit } from './exit/route.ts';
import { servedServices } from './exit/served.ts';
import { translationOf } from './translation.ts';

/** The Services whose pods the proof of their waypoint is about. */
function servedIn(surroundings: Surroundings): readonly Pick<ServiceFacts, 'selector'>[] {
  if (itineraryOf(surroundings) !== 'L7') return [];
  return isExit(surroundings.route)
    ? servedServices(surroundings).map(({ service }) => service)
    : translationOf(surroundings).bound;
}

/** Pods that move and that no waypoint stands before. Who has opted out stays what it is. */
export function directPods(surroundings: Surroundings, { workloads }: World): readonly WorkloadFacts[] {
  const select = selectingPods(workloads);
  const served = servedIn(surroundings).filter(({ selector }) => !isEmpty(selector));
  const behind = new Set(
    [...new Map(served.map(({ selector }) => [JSON.stringify(selector), selector])).values()].flatMap(select),
  );
  return workloads.filter(({ labels }, place) => labels[dataplaneModeLabel] !== 'none' && !behind.has(place));
}
