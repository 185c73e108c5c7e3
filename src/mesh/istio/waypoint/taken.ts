import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, OwnerView } from '../../views.ts';
import { isOurs } from '../policy/translate/names.ts';
import { chosenGateway, chosenWaypoint } from './chosen.ts';
import { gatewayNameLabel } from '../vocabulary/gateway.ts';

type Labels = Readonly<Record<string, string>>;

/** An object as messages name it. */
export interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Whether it belongs to a waypoint: istiod puts this label on everything that it makes for one. */
export function isOfWaypoint(labels: Labels = {}, { name }: { readonly name: string }): boolean {
  return labels[gatewayNameLabel] === name;
}

/**
 * The user's own Gateway of the name that our waypoint has, as `istioctl waypoint apply` makes it, unless it is to be
 * used.
 */
export function takenGateway(surroundings: Surroundings): ConfigView | undefined {
  const found = chosenGateway(surroundings);
  if (found === undefined || chosenWaypoint(surroundings).adopted) return undefined;
  return isOurs(found, surroundings.itinerary !== undefined) ? undefined : found;
}

/** Kind, name and the labels by which istiod's own are known, of all kinds that are watched. */
function candidates(surroundings: Surroundings): readonly (readonly [string, string, Labels | undefined])[] {
  const { workloads, services, budgets, spec } = surroundings;
  const deployments = workloads.filter(({ kind }) => kind === 'Deployment');
  // A single pod gets no budget, and what budget an adopted waypoint has is its owner's business.
  const spared = spec.waypoint.replicas.min > 1 && !chosenWaypoint(surroundings).adopted ? budgets : [];
  return [
    ...deployments.map(({ name, templateLabels }) => ['Deployment', name, templateLabels] as const),
    ...services.map(({ name, labels }) => ['Service', name, labels] as const),
    ...spared.map(({ name, selector }) => ['PodDisruptionBudget', name, selector?.matchLabels] as const),
  ];
}

/**
 * The user's objects that stand where istiod would make those of the waypoint: it takes over none that it has not made
 * (canManage in pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go), and the waypoint would do without. What
 * else it makes is not watched: a ServiceAccount of that name serves as well, and an autoscaler would only scale
 * differently.
 */
export function namesakes(surroundings: Surroundings): readonly Named[] {
  const { name: namespace } = surroundings.namespace;
  const chosen = chosenWaypoint(surroundings);
  return candidates(surroundings)
    .filter(([, name, labels]) => name === chosen.name && !isOfWaypoint(labels, chosen))
    .map(([kind, name]) => ({ kind, namespace, name }));
}

function keyOf({ kind, name }: OwnerView): string {
  return `${kind} ${name}`;
}

/**
 * What runs under the ServiceAccount of the waypoint and is none: it would have the identity that the pods behind the
 * waypoint let in.
 */
export function borrowers(surroundings: Surroundings): readonly Named[] {
  const { workloads, otherTemplates, pods, namespace } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  const own = [...workloads, ...otherTemplates].filter(
    (each) => each.serviceAccount === chosen.serviceAccount && !isOfWaypoint(each.templateLabels, chosen),
  );
  const known = new Set(own.map(keyOf));
  const bare = pods
    .filter(({ serviceAccount, labels }) => serviceAccount === chosen.serviceAccount && !isOfWaypoint(labels, chosen))
    .filter(({ owner }) => owner === undefined || !known.has(keyOf(owner)));
  return [...own, ...bare.map(({ name }) => ({ kind: 'Pod', name }))].map(({ kind, name }) => ({
    kind,
    namespace: namespace.name,
    name,
  }));
}
