import { spend } from '../../../base/effort.ts';
import type { Mode } from '../../../api/common.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { asPod } from '../../views.ts';
import { isOfApplication } from '../vocabulary/gateway-pods.ts';
import { nextMode } from '../vocabulary/next-mode.ts';
import { concerns, modeOf } from '../vocabulary/pod-mode.ts';

/*
 * Pods may all be away for a moment: a Deployment is replaced as a whole, stands at zero over night, or a CronJob is
 * between two runs. What is asked of the data plane of a namespace is asked of its next pods too, or its way would go
 * on by an accident of the second.
 */

/** In which modes the next pods of the application would be. */
const comingModes = memoize((surroundings: Surroundings): ReadonlySet<Mode> => {
  const { mesh, namespace, workloads, otherTemplates } = surroundings;
  const templates = [...workloads, ...otherTemplates];
  spend(1 + templates.length / 4);
  return new Set(
    templates.filter(isOfApplication).map((template) => nextMode(mesh, namespace.labels, asPod(template))),
  );
});

/** Whether pods of the namespace are in that mode, or its next ones would be. */
export function areHereOrComing(mode: Extract<Mode, 'Ambient' | 'Sidecar'>, surroundings: Surroundings): boolean {
  const { pods } = surroundings;
  return pods.some((pod) => concerns(pod) && modeOf(pod) === mode) || comingModes(surroundings).has(mode);
}
