import { callerRemedies } from './callers.ts';
import { controlPlaneRemedies } from './control-plane.ts';
import { exitRemedies } from './exit.ts';
import { extensionRemedies } from './extensions.ts';
import { networkRemedies } from './network.ts';
import { partRemedies } from './parts.ts';
import { policyRemedies } from './policies.ts';
import { proxyRemedies } from './proxies.ts';
import { ownWaypointRemedies } from './own-waypoints.ts';
import { inboundRemedies } from './inbound.ts';
import { networkPolicyRemedies } from './network-policies.ts';
import { namelessRemedies } from './nameless.ts';
import type { RemediesById } from './remedy.ts';
import { roomRemedies } from './room.ts';
import { routeRemedies } from './routes.ts';
import { waypointRemedies } from './waypoint.ts';
import { workloadRemedies } from './workloads.ts';

/** What is done about each Critical finding, by the id of its rule. */
export const remedies: RemediesById = {
  ...controlPlaneRemedies,
  ...policyRemedies,
  ...routeRemedies,
  ...extensionRemedies,
  ...workloadRemedies,
  ...partRemedies,
  ...waypointRemedies,
  ...callerRemedies,
  ...exitRemedies,
  ...proxyRemedies,
  ...networkRemedies,
  ...roomRemedies,
  ...namelessRemedies,
  ...networkPolicyRemedies,
  ...inboundRemedies,
  ...ownWaypointRemedies,
};
