import type { Route } from '../../../adapter.ts';

/** Whether a route leads from ambient to sidecars: the way out from behind a waypoint. */
export function isExit({ from, to }: Route): boolean {
  return from === 'IstioAmbient' && to === 'IstioSidecar';
}
