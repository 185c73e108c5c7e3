import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { configByName } from '../../look-up.ts';
import { stoodBefore } from '../../made-since.ts';
import type { PodView, WorkloadView } from '../../views.ts';
import { isDecidedAnew } from './decided-since.ts';
import { dataplaneModeLabel } from '../vocabulary/labels.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { modeFor, modeOf } from '../vocabulary/pod-mode.ts';
import { gatewayNameLabel } from '../vocabulary/gateway.ts';
import { isOwnedByGateway } from '../vocabulary/gateway-pods.ts';

/**
 * Whether the Gateway that a workload serves stood there before the start, whose Deployment has been made since, and
 * nothing has come since that would refuse its clients. What stood itself is known by marks, where there are any.
 */
function servesOlder(workload: WorkloadView, surroundings: Surroundings): boolean {
  const { mesh, namespace, heldBefore } = surroundings;
  const { templateLabels: labels, createdAt } = workload;
  if (heldBefore !== undefined && stoodBefore(createdAt, surroundings)) return false;
  const gateway = configByName(mesh.configs('Gateway', namespace.name), labels[gatewayNameLabel] ?? '');
  if (!stoodBefore(gateway?.createdAt, surroundings)) return false;
  return !isDecidedAnew({ who: nameOf(workload), labels }, surroundings);
}

/** Whether going back changes nothing about a pod, or only what was so before the start: it is there already. */
function isBack(pod: PodView, surroundings: Surroundings): boolean {
  return modeOf(pod) === modeFor(surroundings.route.from) || stoodBefore(pod.createdAt, surroundings);
}

/** The same of a gateway. Its pods have no mode of their own: the label of the namespace has them captured, or not. */
function isGatewayBack(workload: WorkloadView, surroundings: Surroundings): boolean {
  const { route, namespace } = surroundings;
  const isCaptured = route.from === 'IstioAmbient' && namespace.labels[dataplaneModeLabel] === 'ambient';
  return isOwnedByGateway(workload) && (isCaptured || servesOlder(workload, surroundings));
}

/** The namespace as if it went the other way, without what a waypoint does. */
export function turned(surroundings: Surroundings): Surroundings {
  const { from, to } = surroundings.route;
  return { ...surroundings, route: { from: to, to: from }, itinerary: 'L4' };
}

/**
 * The namespace as if its way back were a way there, for what is asked of templates: by which data plane they leave and
 * which they join. What a waypoint does about it is another question, which has its own steps back. What is back
 * already, and what was so before the start, is left out: a rollback that waited for it would wait for ever, and for
 * nothing.
 */
export const mirrored: (surroundings: Surroundings) => Surroundings = memoize(
  (surroundings: Surroundings): Surroundings => ({
    ...turned(surroundings),
    pods: surroundings.pods.filter((pod) => !isBack(pod, surroundings)),
    workloads: surroundings.workloads.filter((workload) => !isGatewayBack(workload, surroundings)),
  }),
);
