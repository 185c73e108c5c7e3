import type { Surroundings } from '../../adapter.ts';
import type { ServiceView } from '../../views.ts';
import { originalLabelsAnnotation } from '../../../api/resources.ts';
import { useWaypointCanaryLabel, useWaypointLabel } from '../vocabulary/labels.ts';
import { isServable } from '../policy/translate/world.ts';
import { redirects } from '../waypoint/bound.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint, namesChosen } from '../waypoint/chosen.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { asleepIn, type Evidence } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';

/** Whoever has left the mesh goes through no waypoint any more, and none decides about him. */
function hasLeft({ route, itinerary }: Surroundings): boolean {
  return route.to === 'None' && itinerary !== undefined;
}

/**
 * On the way from waypoints to sidecars Services may use one; a pod that does is reached through it by its own address
 * too.
 */
function podsBehindWaypoint({ pods, workloads, otherTemplates }: Surroundings): readonly Evidence[] {
  const holders = [
    ...pods.map((pod) => ({ ...pod, kind: 'Pod' })),
    ...[...workloads, ...otherTemplates].map((template) => ({ ...template, labels: template.templateLabels })),
  ];
  return holders
    .filter(({ labels }) => labels[useWaypointLabel] !== undefined && labels[useWaypointLabel] !== 'none')
    .map((holder) => ({
      object: nameOf(holder),
      message: `label ${useWaypointLabel}=${String(holder.labels[useWaypointLabel])} sends callers of its own address through a waypoint, which only works for Services here`,
    }));
}

/**
 * Labels that would lead elsewhere whoever goes through the waypoint. What Services are bound by stands on these, so
 * once the namespace is on the way its own label of this kind takes it nowhere; but for a canary, of which nobody has
 * written that.
 */
function redirecting(surroundings: Surroundings): readonly Evidence[] {
  if (!getsWaypoint(surroundings)) return [];
  const {
    namespace: { name: home, labels },
    services,
    itinerary,
  } = surroundings;
  const counts = (key: string): boolean => itinerary === undefined || key === useWaypointCanaryLabel;
  const own = redirects(labels, home)
    .filter(counts)
    .map((key) => ({ key, labels, object: `Namespace ${home}`, where: `namespace ${home}` }));
  const ofServices = services.filter(isServable).flatMap((service) =>
    redirects(service.labels, home).map((key) => ({
      key,
      labels: service.labels,
      object: nameOf({ ...service, kind: 'Service' }),
      where: `service ${service.name} -n ${home}`,
    })),
  );
  return [...own, ...ofServices].map((found) => ({
    object: found.object,
    message: `label ${found.key}=${String(found.labels[found.key])} leads ambient callers to another waypoint, beside ${useWaypointLabel}, which is going to be set: that has none of the policies, and the pods would see its identity`,
    fix: `Remove it: kubectl label ${found.where} ${found.key}-. Or keep this namespace out of the migration.`,
  }));
}

/** MM045: what goes through a waypoint that is none of the migration's, or would be led to another. */
export function waypointInUse(surroundings: Surroundings): readonly Evidence[] {
  if (isExit(surroundings.route)) return podsBehindWaypoint(surroundings);
  if (hasLeft(surroundings)) return [];
  return [...redirecting(surroundings), ...namingWaypoint(surroundings)];
}

function namingWaypoint(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, services, pods, itinerary } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  // On the way of the L7 itinerary Services that keep their labels of before were labelled by the operator; one that
  // names the waypoint of the namespace gets its copies. So does, from the start, one that names a waypoint which is to
  // be used; but for those that get none, and what comes through them would be let in.
  const isOwn = (service: ServiceView): boolean => {
    if (itinerary === 'L7' && service.annotations[originalLabelsAnnotation] !== undefined) return true;
    return namesChosen(service.labels, chosen) && (!chosen.adopted || isServable(service));
  };
  const foreign = itinerary === 'L7' || chosen.adopted ? services.filter((service) => !isOwn(service)) : services;
  const holders = [
    { ...namespace, kind: 'Namespace' },
    ...foreign.map((service) => ({ ...service, kind: 'Service' })),
    ...pods.map((pod) => ({ ...pod, kind: 'Pod' })),
    ...asleepIn(surroundings).map((template) => ({ ...template, labels: template.templateLabels })),
  ];
  const optedOut = getsWaypoint(surroundings)
    ? services.filter(({ labels }) => labels[useWaypointLabel] === 'none')
    : [];
  const refusing = optedOut.map((service) => ({
    object: nameOf({ ...service, kind: 'Service' }),
    message: `label ${useWaypointLabel}=none keeps it from the waypoint that its namespace needs`,
  }));
  return [
    ...refusing,
    ...holders
      .filter(({ labels }) => labels[useWaypointLabel] !== undefined && labels[useWaypointLabel] !== 'none')
      .map((holder) => ({
        object: holder.kind === 'Namespace' ? `Namespace ${holder.name}` : nameOf(holder),
        message: `label ${useWaypointLabel}=${String(holder.labels[useWaypointLabel])} sends ambient callers through a waypoint: policies would see the waypoint's identity instead of theirs`,
      })),
  ];
}
