import type { Finding } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import { foundGuarded } from './guarded-rules.ts';
import { usesWaypoint } from '../waypoint/exit/served.ts';
import { policyRules } from './policies.ts';

/**
 * What policies ask for that ztunnel does not do, in a namespace that somebody else has taken from its sidecars to
 * ambient. Nobody blocks there and nothing is to be undone, so all of it is a Warning. Where something goes through a
 * waypoint its owner has made other arrangements, which may be for the same policies.
 */
export function unenforcedThere(surroundings: Surroundings): readonly Finding[] {
  const { from, to } = surroundings.route;
  if (from !== 'IstioSidecar' || to !== 'IstioAmbient' || usesWaypoint(surroundings)) return [];
  const alone: Surroundings = { ...surroundings, itinerary: 'L4' };
  return policyRules
    .flatMap((rule) => foundGuarded(rule, alone))
    .filter(({ finding: { severity } }) => severity === 'Critical')
    .map(({ finding }): Finding => ({ ...finding, severity: 'Warning' }));
}
