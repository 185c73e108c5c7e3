import type { Surroundings } from '../../adapter.ts';
import { clocksMs, stoodBefore } from '../../made-since.ts';
import type { PodView } from '../../views.ts';
import { optsOutOfInjection } from './injection.ts';
import { modeOf } from './pod-mode.ts';

/**
 * Whether neither the way out of sidecars to no mesh nor the way back has to do with a pod: its own template keeps it
 * out, or it has run without a sidecar since before the start, which no running pod loses. Two clocks tell that, so one
 * that was made right before the start may be restarted.
 */
export function staysOutside(pod: PodView, { route, since }: Pick<Surroundings, 'route' | 'since'>): boolean {
  if (route.from !== 'IstioSidecar' || route.to !== 'None' || modeOf(pod) !== 'None') return false;
  return optsOutOfInjection(pod) || (since !== undefined && stoodBefore(pod.createdAt, { since: since - clocksMs }));
}
