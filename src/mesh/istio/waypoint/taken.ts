import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { isOurs } from '../policy/translate/names.ts';
import { gatewayNameLabel, waypointName } from './gateway.ts';

type Labels = Readonly<Record<string, string>>;

/** An object as messages name it. */
export interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Whether it belongs to a Gateway `waypoint`: istiod puts this label on everything that it makes for one. */
export function isOfWaypoint(labels: Labels = {}): boolean {
  return labels[gatewayNameLabel] === waypointName;
}

/** The user's own Gateway of the name that our waypoint has, as `istioctl waypoint apply` makes it. */
export function takenGateway({ mesh, namespace, itinerary }: Surroundings): ConfigView | undefined {
  const found = mesh.configs('Gateway', namespace.name).find(({ name }) => name === waypointName);
  return found === undefined || isOurs(found, itinerary !== undefined) ? undefined : found;
}

/** Kind, name and the labels by which istiod's own are known, of all kinds that are watched. */
function candidates({ workloads, services, budgets, spec }: Surroundings): readonly (readonly [string, string, Labels | undefined])[] {
  const deployments = workloads.filter(({ kind }) => kind === 'Deployment');
  // A single pod gets no budget.
  const spared = spec.waypoint.replicas.min > 1 ? budgets : [];
  return [
    ...deployments.map(({ name, templateLabels }) => ['Deployment', name, templateLabels] as const),
    ...services.map(({ name, labels }) => ['Service', name, labels] as const),
    ...spared.map(({ name, selector }) => ['PodDisruptionBudget', name, selector?.matchLabels] as const),
  ];
}

/**
 * The user's objects that stand where istiod would make those of the waypoint: it takes over none that it has not made
 * (canManage in pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go), and the waypoint would do without. What else
 * it makes is not watched: a ServiceAccount of that name serves as well, and an autoscaler would only scale differently.
 */
export function namesakes(surroundings: Surroundings): readonly Named[] {
  const { name: namespace } = surroundings.namespace;
  return candidates(surroundings)
    .filter(([, name, labels]) => name === waypointName && !isOfWaypoint(labels))
    .map(([kind, name]) => ({ kind, namespace, name }));
}

/**
 * What runs under the ServiceAccount of the waypoint and is none: it would have the identity that the pods behind the
 * waypoint let in.
 */
export function borrowers({ workloads, pods, namespace }: Surroundings): readonly Named[] {
  const own = workloads.filter((each) => each.serviceAccount === waypointName && !isOfWaypoint(each.templateLabels));
  const bare = pods.filter(({ serviceAccount, labels }) => serviceAccount === waypointName && !isOfWaypoint(labels))
    .filter(({ owner }) => !own.some(({ kind, name }) => owner?.kind === kind && owner.name === name));
  return [...own, ...bare.map(({ name }) => ({ kind: 'Pod', name }))]
    .map(({ kind, name }) => ({ kind, namespace: namespace.name, name }));
}
