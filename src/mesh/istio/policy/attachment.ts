import { comparisons, hasLabels, isEmpty } from '../../has-labels.ts';
import { spend } from '../../../base/effort.ts';
import type { PolicyOptions } from './options.ts';
import type { Attachment, PolicyMeta, TargetRef } from './types.ts';

/*
 * Which proxies read which policies: ShouldAttachPolicy in istio/istio pilot/pkg/model/policyattachment.go for Envoy,
 * buildWorkloadPolicies in pilot/pkg/serviceregistry/ambient/workloads.go for ztunnel.
 */

/** A policy that selects what it applies to. */
export type Attached = PolicyMeta & Attachment;

/** A pod, or what stands for one. */
export interface Workload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A Service or ServiceEntry. */
export interface ServiceName {
  readonly kind: 'Service' | 'ServiceEntry';
  readonly namespace: string;
  readonly name: string;
}

/** The Gateway object of a waypoint. */
export interface WaypointName {
  readonly namespace: string;
  readonly name: string;
}

/** The label by which istiod recognizes the pods of a Gateway. */
const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/**
 * Whether the labels of the selector are among the labels; no selector selects everything. What takes long is counted.
 */
export function isSelected(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (selector === undefined) return true;
  const compared = comparisons(labels, selector);
  if (compared > 0) spend(compared / 2);
  return hasLabels(labels, selector);
}

function isInReach({ namespace }: Attached, of: string, { rootNamespace }: PolicyOptions): boolean {
  return namespace === of || namespace === rootNamespace;
}

/** Whether the sidecar of the workload reads the policy; for a pod of a Gateway, whether that gateway does. */
export function sidecarReads(policy: Attached, workload: Workload, options: PolicyOptions): boolean {
  const gateway = workload.labels[gatewayNameLabel];
  if (policy.targetRefs.length > 0) {
    return (
      gateway !== undefined &&
      policy.namespace === workload.namespace &&
      policy.targetRefs.some((ref) => refersToGateway(ref, { namespace: workload.namespace, name: gateway }))
    );
  }
  return isInReach(policy, workload.namespace, options) && isSelected(policy.selector, workload.labels);
}

/**
 * Whether ztunnel applies the AuthorizationPolicy to the workload, if istiod sends it at all. Three oddities of istiod:
 * a `selector` without `matchLabels` attaches to nothing, because it is neither a policy of the namespace nor has
 * labels; with `matchLabels: {}` it attaches to every workload; and a workload without any label gets the selector
 * policies of all others.
 */
export function ztunnelReads(policy: Attached, workload: Workload, options: PolicyOptions): boolean {
  if (policy.targetRefs.length > 0 || !isInReach(policy, workload.namespace, options)) return false;
  const { selector, hasEmptyLabels = false } = policy;
  if (selector === undefined) return true;
  if (isEmpty(selector)) return hasEmptyLabels;
  return isEmpty(workload.labels) || isSelected(selector, workload.labels);
}

/** Whether ztunnel could apply the policy to any workload. */
export function reachesZtunnel({ targetRefs, selector, hasEmptyLabels = false }: Attachment): boolean {
  return targetRefs.length === 0 && (selector === undefined || Object.keys(selector).length > 0 || hasEmptyLabels);
}

/** Whether the waypoint reads the policy when it serves this Service or ServiceEntry. */
export function waypointReads(
  policy: Attached,
  waypoint: WaypointName,
  service: ServiceName,
  options: PolicyOptions,
): boolean {
  return policy.targetRefs.some(
    (ref) =>
      refersToService(ref, policy.namespace, service) ||
      (ref.group === 'gateway.networking.k8s.io' &&
        ref.kind === 'GatewayClass' &&
        ref.name === 'istio-waypoint' &&
        policy.namespace === options.rootNamespace) ||
      (policy.namespace === waypoint.namespace && refersToGateway(ref, waypoint)),
  );
}

/** The policy has to be in the namespace of the Service; a namespace in the reference is not looked at. */
function refersToService(ref: TargetRef, policyNamespace: string, { kind, namespace, name }: ServiceName): boolean {
  const group = kind === 'Service' ? '' : 'networking.istio.io';
  return ref.kind === kind && ref.group === group && ref.name === name && policyNamespace === namespace;
}

function refersToGateway({ group, kind, name, namespace }: TargetRef, gateway: WaypointName): boolean {
  return (
    group === 'gateway.networking.k8s.io' &&
    kind === 'Gateway' &&
    name === gateway.name &&
    (namespace === undefined || namespace === gateway.namespace)
  );
}
