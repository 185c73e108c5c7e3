import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { noApprovals, notApproved } from '../plan/approval.ts';
import { hashAlone } from '../plan/digest.ts';
import { observedLabels } from './label-values.ts';
import { planDigest } from './plan-digest.ts';
import type { Situation } from './situation.ts';

/** As many as the API admits. */
const maxExplanations = 50;

/** What the steps would be, and what they rest on. */
export function planned(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const { adapter, surroundings, spec } = situation;
  const itinerary = adapter.choose(surroundings);
  const waypoint = adapter.adopts(surroundings);
  const labels = observedLabels(situation);
  const steps = adapter.itinerary(spec, labels, itinerary, waypoint).forward;
  const plan = steps.map(({ name, why }) => ({ name, why }));
  const explanations = adapter
    .explain(surroundings)
    .slice(0, maxExplanations)
    .map((sentence) => sentence.slice(0, 512));
  const order = adapter.order(surroundings);
  const { explanations: _explanations, order: _order, waypoint: _waypoint, ...rest } = status;
  return {
    ...rest,
    plan,
    planDigest: planDigest(situation, { itinerary, waypoint, labels, steps }, adapter.answered(surroundings)),
    itinerary,
    ...(waypoint !== undefined && { waypoint }),
    ...(explanations.length > 0 && { explanations }),
    ...(order.length > 0 && { order: [...order] }),
  };
}

/** What of its plan nobody has approved of, with the hash by which somebody may of it alone. */
export function unapproved(
  { approvals = noApprovals, surroundings, spec }: Situation,
  { planDigest: digest }: NamespaceMigrationStatus,
): string | undefined {
  const { name } = surroundings.namespace;
  const why = notApproved(name, digest, approvals);
  return why === undefined || digest === undefined
    ? why
    : `${why}; the hash of this plan alone: ${hashAlone(spec, name, digest)}`;
}
