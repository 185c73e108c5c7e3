import { controlPlaneRemedies } from './control-plane.ts';
import { extensionRemedies } from './extensions.ts';
import { partRemedies } from './parts.ts';
import { policyRemedies } from './policies.ts';
import type { RemediesById } from './remedy.ts';
import { routeRemedies } from './routes.ts';
import { workloadRemedies } from './workloads.ts';

/** What is done about each Critical finding, by the id of its rule. */
export const remedies: RemediesById = {
  ...controlPlaneRemedies,
  ...policyRemedies,
  ...routeRemedies,
  ...extensionRemedies,
  ...workloadRemedies,
  ...partRemedies,
};
