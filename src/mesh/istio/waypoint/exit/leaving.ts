import type { Surroundings } from '../../../adapter.ts';
import { concerns, modeFor, modeOf } from '../../vocabulary/pod-mode.ts';
import { isExit } from './route.ts';

/** With the last sidecar nothing is left of what ztunnel enforced: what comes later means what sidecars make of it. */
export function isLeaving({ route, itinerary, pods }: Surroundings): boolean {
  return (
    isExit(route) && (itinerary === undefined || pods.some((pod) => concerns(pod) && modeOf(pod) !== modeFor(route.to)))
  );
}
