import type { Surroundings } from '../../../adapter.ts';
import { spend } from '../../../../base/effort.ts';
import { selecting } from '../../policy/selecting.ts';
import type { Problem } from '../../policy/translate/problem.ts';
import { sidecarAction } from '../../policy/translate/reach.ts';
import { dependsOnAddresses } from '../../policy/translate/to-sidecar/exactness.ts';
import { sidecarLabels } from '../../policy/translate/world.ts';
import { directPods } from '../direct-pods.ts';
import { worldOf } from '../world.ts';

/**
 * Policies for pods that no waypoint stands before, by the address of the caller: ztunnel sees that of everybody, a
 * sidecar that of some.
 */
export function unseenAddresses(surroundings: Surroundings): readonly Problem[] {
  const world = worldOf(surroundings);
  const select = selecting(directPods(surroundings, world).map(sidecarLabels), spend);
  return world.policies
    .filter(
      ({ policy }) =>
        policy.targetRefs.length === 0 &&
        sidecarAction(policy, world.options) !== undefined &&
        select(policy.selector ?? {}).length > 0,
    )
    .flatMap(({ object }) => dependsOnAddresses(object));
}
