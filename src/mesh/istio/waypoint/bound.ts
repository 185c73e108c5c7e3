import type { ConditionView, ServiceView } from '../../views.ts';
import { useWaypointLabel, useWaypointNamespaceLabel } from '../labels.ts';
import type { WaypointName } from '../policy/attachment.ts';

/** What istiod says of a Service that is to go through a waypoint. */
export function boundCondition({ conditions }: Pick<ServiceView, 'conditions'>): ConditionView | undefined {
  return conditions['istio.io/WaypointBound'];
}

/** `Successfully attached to waypoint shop/waypoint. Ingress traffic ...` (GetConditions in pilot/pkg/model/service.go). */
const attachedTo = /attached to waypoint ([^/\s]+)\/(\S+?)\.?(?:\s|$)/;

/** The waypoint that istiod says it has bound a Service to; undefined if it is bound to none. */
export function boundWaypoint(service: Pick<ServiceView, 'conditions'>): WaypointName | undefined {
  const condition = boundCondition(service);
  const [, namespace, name] = condition?.status === 'True' ? attachedTo.exec(condition.message) ?? [] : [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** Whether it is this one: names are compared whole, because one may begin or end with another. */
export function isWaypoint(found: WaypointName | undefined, { namespace, name }: WaypointName): boolean {
  return found?.namespace === namespace && found.name === name;
}

/** The waypoint that labels name; `none` for an explicit no, undefined without a label (GetUseWaypoint in pilot/pkg/serviceregistry/ambient/waypoints.go). */
export function namedWaypoint(labels: ServiceView['labels'], home: string): WaypointName | 'none' | undefined {
  const name = labels[useWaypointLabel];
  return name === undefined || name === 'none' ? name : { name, namespace: labels[useWaypointNamespaceLabel] ?? home };
}
