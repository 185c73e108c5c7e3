import type { Surroundings } from '../../../adapter.ts';
import { concerns, modeFor, modeOf } from '../../vocabulary/pod-mode.ts';
import { areHereOrComing } from '../here-or-coming.ts';
import { isExit } from './route.ts';

/**
 * With the last sidecar nothing is left of what ztunnel enforced: what comes later means what sidecars make of it. Where
 * the next pods come into ambient it still is, whether one is there now or not.
 */
export function isLeaving(surroundings: Surroundings): boolean {
  const { route, itinerary, pods } = surroundings;
  if (!isExit(route)) return false;
  if (itinerary === undefined || pods.some((pod) => concerns(pod) && modeOf(pod) !== modeFor(route.to))) return true;
  return areHereOrComing('Ambient', surroundings);
}
