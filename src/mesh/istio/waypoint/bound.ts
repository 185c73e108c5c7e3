import { text } from '../../json.ts';
import { keptLabels } from '../../kept-labels.ts';
import type { ConditionView, ServiceView } from '../../views.ts';
import {
  useWaypointCanaryLabel,
  useWaypointCanaryNamespaceLabel,
  useWaypointLabel,
  useWaypointNamespaceLabel,
} from '../vocabulary/labels.ts';
import type { WaypointName } from '../policy/attachment.ts';

/** What istiod says of a Service that is to go through a waypoint. */
export function boundCondition({ conditions }: Pick<ServiceView, 'conditions'>): ConditionView | undefined {
  return conditions['istio.io/WaypointBound'];
}

/**
 * `Successfully attached to waypoint shop/waypoint. Ingress traffic ...` (GetConditions in pilot/pkg/model/service.go).
 */
const attachedTo = /attached to waypoint ([^/\s]+)\/(\S+?)\.?(?:\s|$)/;

/** The waypoint that istiod says it has bound a Service to; undefined if it is bound to none. */
export function boundWaypoint(service: Pick<ServiceView, 'conditions'>): WaypointName | undefined {
  const condition = boundCondition(service);
  const [, namespace, name] = condition?.status === 'True' ? (attachedTo.exec(condition.message) ?? []) : [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** `waypoint "shop/waypoint" is not ready` (ReportWaypointIsNotReady in pilot/pkg/model/service.go): also of one that is not there. */
const notReady = /^waypoint "([^/"]+)\/([^"]+)" is not ready/;

/**
 * The waypoint that something is bound to, or would be once that is ready: by what istiod says, and by its own label
 * where it says nothing yet. A waypoint that is made anew is away for a while, and whoever goes around it then goes around
 * it for good.
 */
export function soughtWaypoint(
  { namespace: home, labels }: Pick<ServiceView, 'namespace' | 'labels'>,
  condition: Partial<ConditionView> | undefined,
): WaypointName | undefined {
  // Of the reasons against it this one passes by itself.
  if (condition?.status === 'False' && condition.reason !== 'WaypointIsNotReady') return undefined;
  const message = condition?.message ?? '';
  const [, namespace, name] = attachedTo.exec(message) ?? notReady.exec(message) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  const named = namedWaypoint(labels, home);
  return named === 'none' ? undefined : named;
}

/** Whether it is this one: names are compared whole, because one may begin or end with another. */
export function isWaypoint(found: WaypointName | undefined, { namespace, name }: WaypointName): boolean {
  return found?.namespace === namespace && found.name === name;
}

/**
 * The waypoint that labels name; `none` for an explicit no, undefined without a label (GetUseWaypoint in
 * pilot/pkg/serviceregistry/ambient/waypoints.go).
 */
export function namedWaypoint(labels: ServiceView['labels'], home: string): WaypointName | 'none' | undefined {
  const name = labels[useWaypointLabel];
  return name === undefined || name === 'none' ? name : { name, namespace: labels[useWaypointNamespaceLabel] ?? home };
}

/** The second waypoint that labels name, for a part of the callers: it has a namespace of its own. */
export function namedCanary(labels: ServiceView['labels'], home: string): WaypointName | undefined {
  const name = labels[useWaypointCanaryLabel];
  return name === undefined ? undefined : { name, namespace: labels[useWaypointCanaryNamespaceLabel] ?? home };
}

/**
 * Labels that do nothing by themselves and change what `istio.io/use-waypoint` beside them means, with the values that
 * change nothing. What they lead to has none of the copies, and the pods know it as nobody.
 */
const redirecting: Readonly<Record<string, (value: string, home: string) => boolean>> = {
  [useWaypointNamespaceLabel]: (value, home) => value === home,
  [useWaypointCanaryLabel]: () => false,
};

/** Their keys. */
export const redirectingLabels: readonly string[] = Object.keys(redirecting);

/** Those of some labels that make another waypoint, or a second one, of one that is named in the namespace. */
export function redirects(labels: ServiceView['labels'], home: string): readonly string[] {
  return redirectingLabels.filter((key) => labels[key] !== undefined && redirecting[key]?.(labels[key], home) !== true);
}

/**
 * What a Service is not bound beside, with what takes it away; undefined if nothing would lead its callers elsewhere.
 */
export function redirected({ namespace, name, labels }: ServiceView): string | undefined {
  const [key] = redirects(labels, namespace);
  return (
    key &&
    `label ${key}=${String(labels[key])} of Service ${namespace}/${name} sends who goes through its waypoint to another one, which has none of its policies: kubectl label service ${name} -n ${namespace} ${key}-`
  );
}

/**
 * The labels of a Service as they were before the way `set` its waypoint: what it is bound to must not depend on how
 * far that is gone. Where the label is not so, or nothing is kept, what is there now counts: a record that somebody
 * wrote there takes no Service from the waypoint that decides about it.
 */
export function labelsBefore(service: Pick<ServiceView, 'labels' | 'annotations'>, set: string): ServiceView['labels'] {
  const { labels } = service;
  const kept = keptLabels(service);
  if (kept === undefined || labels[useWaypointLabel] !== set) return labels;
  const { [useWaypointLabel]: _now, ...others } = labels;
  const before = text(kept[useWaypointLabel]);
  return { ...others, ...(before !== undefined && { [useWaypointLabel]: before }) };
}

/** Why a Service is not known to go through this waypoint; undefined when istiod says that it does. */
export function whyNotBound(service: ServiceView, waypoint: WaypointName): string | undefined {
  const bound = boundCondition(service);
  const name = `Service ${service.namespace}/${service.name}`;
  const named = `waypoint ${waypoint.namespace}/${waypoint.name}`;
  if (bound === undefined) return `${name} is not bound to ${named} yet`;
  if (bound.status !== 'True') return `${name} is not bound to ${named} (${bound.reason}: ${bound.message})`;
  if (isWaypoint(boundWaypoint(service), waypoint)) return undefined;
  const why = redirected(service);
  return `${name} is bound to another waypoint than ${named}: ${bound.message}${why === undefined ? '' : `. The ${why}`}`;
}

/** What takes a Service from its waypoint, where a label of its own binds it. */
function remedy({ namespace, name, labels }: ServiceView): string {
  const named = namedWaypoint(labels, namespace);
  return named === undefined || named === 'none'
    ? ''
    : `: label ${useWaypointLabel}=${named.name} names it. By hand: kubectl label service ${name} -n ${namespace} ${useWaypointLabel}-`;
}

/**
 * The first of some Services that istiod still sends through a waypoint, as a sentence; `of` says which waypoints
 * count.
 */
export function stillThrough(
  services: readonly ServiceView[],
  of: (waypoint: WaypointName) => boolean,
): string | undefined {
  const found = services.find((service) => {
    const waypoint = boundWaypoint(service);
    return waypoint !== undefined && of(waypoint);
  });
  return found && `Service ${found.namespace}/${found.name} still goes through its waypoint${remedy(found)}`;
}
