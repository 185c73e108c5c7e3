import type { KubeObject } from '../../../src/api/object.ts';
import type { SimApi } from '../sim-api.ts';
import { gatewayClasses, gateways, namespaces } from './kinds.ts';
import { selects } from './label-selector.ts';
import type { Gateway } from './gateway-types.ts';
import { getByKey, isServed } from './typed-api.ts';
import { managedLabel, meshController } from './waypoint-objects.ts';

const useWaypoint = 'istio.io/use-waypoint';
const useWaypointNamespace = 'istio.io/use-waypoint-namespace';
const waypointFor = 'istio.io/waypoint-for';
const ingressUseWaypoint = 'istio.io/ingress-use-waypoint';

/** What istiod says about the waypoint of an object. */
export interface Binding {
  readonly bound: boolean;
  /** `namespace/name`. */
  readonly waypoint: string;
  readonly reason: string;
  readonly message: string;
}

/**
 * The waypoint of a Service or ServiceEntry; undefined when no label asks for one. The label of the object wins over
 * that of its namespace even when its waypoint is not there (fetchWaypointForService in ambient/waypoints.go; canaries
 * are left out).
 */
export function bindingOf(api: SimApi, object: KubeObject): Binding | undefined {
  const { labels = {}, namespace: home = '' } = object.metadata;
  if (labels[managedLabel] === meshController) return undefined;
  const namespace = getByKey(api, namespaces, `/${home}`);
  const waypoint = waypointOf(labels, home) ?? waypointOf(namespace?.metadata.labels ?? {}, home);
  if (waypoint === undefined || waypoint === 'none') return undefined;
  const gateway = usableWaypoint(api, waypoint);
  if (gateway === undefined) return refused(waypoint, 'WaypointIsNotReady', `waypoint "${waypoint}" is not ready`);
  if (!admits(gateway, namespace)) {
    return refused(
      waypoint,
      'AttachmentDenied',
      `we are not permitted to attach to waypoint "${waypoint}" (missing allowedRoutes?)`,
    );
  }
  if (!['service', 'all'].includes(trafficType(api, gateway))) {
    return refused(
      waypoint,
      'UnsupportedTrafficType',
      `attempting to bind to traffic type "service" which the waypoint "${waypoint}" does not support`,
    );
  }
  const message = `Successfully attached to waypoint ${waypoint}${ingress(labels[ingressUseWaypoint] ?? namespace?.metadata.labels?.[ingressUseWaypoint])}`;
  return { bound: true, waypoint, reason: 'WaypointAccepted', message };
}

/**
 * A Gateway counts as a waypoint as soon as it has an address, whatever its conditions say (gatewayToWaypointTransform
 * in ambient/waypoints.go).
 */
export function usableWaypoint(api: SimApi, key: string): Gateway | undefined {
  if (!isServed(api, gateways)) return undefined;
  const gateway = getByKey(api, gateways, key);
  return (gateway?.status?.addresses ?? []).length > 0 ? gateway : undefined;
}

function refused(waypoint: string, reason: string, message: string): Binding {
  return { bound: false, waypoint, reason, message };
}

/** `namespace/name`, `none` for an explicit no, undefined without a label (GetUseWaypoint in ambient/waypoints.go). */
function waypointOf(labels: Readonly<Record<string, string>>, home: string): string | undefined {
  const name = labels[useWaypoint];
  return name === undefined || name === 'none' ? name : `${labels[useWaypointNamespace] ?? home}/${name}`;
}

function admits({ metadata, spec }: Gateway, namespace: KubeObject | undefined): boolean {
  const listener = spec.listeners.find(({ port, protocol }) => port === 15008 && protocol === 'HBONE');
  const { from = 'Same', selector } = listener?.allowedRoutes?.namespaces ?? {};
  switch (from) {
    case 'All':
      return true;
    case 'Selector':
      return selects(selector, namespace?.metadata.labels);
    case 'Same':
    case 'None':
      return metadata.namespace === namespace?.metadata.name;
  }
}

function trafficType(api: SimApi, { metadata, spec }: Gateway): string {
  const gatewayClass = getByKey(api, gatewayClasses, `/${spec.gatewayClassName}`);
  return metadata.labels?.[waypointFor] ?? gatewayClass?.metadata.labels?.[waypointFor] ?? 'service';
}

const trueTexts: readonly string[] = ['1', 't', 'T', 'TRUE', 'true', 'True'];

function ingress(label: string | undefined): string {
  if (label === undefined) return '';
  return trueTexts.includes(label)
    ? '. Ingress traffic will traverse the waypoint'
    : '. Ingress traffic is not using the waypoint, set the istio.io/ingress-use-waypoint label to true if desired.';
}
