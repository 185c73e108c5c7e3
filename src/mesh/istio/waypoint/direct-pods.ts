import type { Surroundings } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import { dataplaneModeLabel } from '../labels.ts';
import { holds } from '../policy/translate/selection.ts';
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
  const served = servedIn(surroundings);
  return workloads.filter(
    ({ labels }) =>
      labels[dataplaneModeLabel] !== 'none' &&
      !served.some(({ selector }) => !isEmpty(selector) && holds(selector, labels)),
  );
}
