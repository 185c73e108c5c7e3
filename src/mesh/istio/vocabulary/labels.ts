/** Namespace label: `enabled` injects by the default revision; any other value stops every injection webhook. */
export const injectionLabel = 'istio-injection';
/** Namespace, pod and Gateway label: revision that injects, or that owns a Gateway. */
export const revisionLabel = 'istio.io/rev';
/** Namespace and pod label: `ambient` lets the node agent capture pods without a sidecar, `none` keeps it away. */
export const dataplaneModeLabel = 'istio.io/dataplane-mode';
/** Namespace, Service and pod label: sends ambient callers through a waypoint. */
export const useWaypointLabel = 'istio.io/use-waypoint';
/** Beside `istio.io/use-waypoint`: the namespace of the waypoint, if it is another. */
export const useWaypointNamespaceLabel = 'istio.io/use-waypoint-namespace';
/** Sends a part of the callers through a second waypoint. */
export const useWaypointCanaryLabel = 'istio.io/use-waypoint-canary';
/** Its namespace, where that is not the one of who names it. */
export const useWaypointCanaryNamespaceLabel = 'istio.io/use-waypoint-canary-namespace';
/**
 * Gateway and GatewayClass label: whose callers a waypoint serves, those of a Service (default) or those that address a
 * pod.
 */
export const waypointForLabel = 'istio.io/waypoint-for';
/** Annotation of an AuthorizationPolicy: it is only tried out, and what it would have done is written into a log. */
export const dryRunAnnotation = 'istio.io/dry-run';
/**
 * Namespace and Service label: `true` sends ingress gateways through the waypoint too; only for Services with an
 * address.
 */
export const ingressUseWaypointLabel = 'istio.io/ingress-use-waypoint';
/** Pod label and legacy annotation: injection for this pod. */
export const injectLabel = 'sidecar.istio.io/inject';
/**
 * Pod annotation, written by the injector: the test the node agent uses for "has a sidecar"
 * (cni/pkg/util/enablement_selector.go).
 */
export const sidecarStatusAnnotation = 'sidecar.istio.io/status';
/** Pod annotation, written by the node agent: `enabled` once ztunnel knows the pod, `pending` before. */
export const redirectionAnnotation = 'ambient.istio.io/redirection';
/** Pod label, set at injection once ambient is on: `http` if the sidecar takes HBONE. */
export const tunnelLabel = 'networking.istio.io/tunnel';
/** Pod annotation, written from the workload's template: injection templates, `gateway` for gateways. */
export const templatesAnnotation = 'inject.istio.io/templates';
/** Name of the sidecar container; a native sidecar is an init container of this name (default since Istio 1.27). */
export const sidecarContainer = 'istio-proxy';
/** Pod annotation, written from the workload's template: settings of its sidecar, as YAML or JSON. */
export const proxyConfigAnnotation = 'proxy.istio.io/config';
