import { memoize } from '../../../base/memoize.ts';
import { workloadOf } from '../../look-up.ts';
import { asPod, type PodView, type TemplateView, type WorkloadView } from '../../views.ts';
import { dataplaneModeLabel, sidecarContainer, sidecarStatusAnnotation, templatesAnnotation } from './labels.ts';
import { modeOf } from './pod-mode.ts';
import { gatewayNameLabel } from './gateway.ts';

/*
 * Pods of a waypoint or a gateway are none of the application's: no policy is carried over for them, and nobody is refused because they call. Their label is
 * anybody's, so they are known by what istiod makes besides: a waypoint opts out of every data plane, and a gateway is a Deployment that its Gateway owns, with
 * the proxy as a container that no injector has put there (files/waypoint.yaml and kube-gateway.yaml of the istio-discovery chart). A container's name is anybody's too.
 */

function optsOut(labels: PodView['labels']): boolean {
  return labels[dataplaneModeLabel] === 'none';
}

/** Whether the pods of a workload are a waypoint's or a gateway's. */
export function makesGateway({
  templateLabels,
  gateway,
}: Pick<TemplateView, 'templateLabels'> & Partial<Pick<WorkloadView, 'gateway'>>): boolean {
  const name = templateLabels[gatewayNameLabel];
  return name !== undefined && (optsOut(templateLabels) || gateway === name);
}

/** The same of a pod, of whose Deployment is asked besides what owns it. With a sidecar it is a pod like any other. */
export function isMadeGateway(pod: PodView): boolean {
  if (pod.labels[gatewayNameLabel] === undefined || modeOf(pod) === 'Sidecar') return false;
  return optsOut(pod.labels) || (pod.owner?.kind === 'Deployment' && pod.containers.includes(sidecarContainer));
}

/** Whether istiod makes a workload for a Gateway, and so makes it anew whenever it looks. */
export function isOwnedByGateway({ gateway, templateLabels }: WorkloadView): boolean {
  return gateway !== undefined && templateLabels[gatewayNameLabel] === gateway;
}

const ownedByGateways = memoize((workloads: readonly WorkloadView[]) => workloads.filter(isOwnedByGateway));

/**
 * Whether a pod is of a gateway that istiod made, as its Deployment tells, which its Gateway owns: with the proxy in it
 * and without anything of an injector. It opts out of nothing: ambient captures it with its namespace
 * (files/kube-gateway.yaml of the istio-discovery chart).
 */
export function isOfGateway(pod: PodView, workloads: readonly WorkloadView[]): boolean {
  if (!pod.containers.includes(sidecarContainer) || pod.annotations[sidecarStatusAnnotation] !== undefined)
    return false;
  return workloadOf(pod, ownedByGateways(workloads)) !== undefined;
}

/**
 * Whether the injector gives pods the proxy of a gateway instead of a sidecar (`inject.istio.io/templates`: names, with
 * commas).
 */
export function isInjectedGateway({ annotations }: Pick<PodView, 'annotations'>): boolean {
  const names = annotations[templatesAnnotation]?.split(',').map((name) => name.trim()) ?? [];
  return names.includes('gateway') && !names.includes('sidecar');
}

/** Whether a template makes pods of the application, in whichever mode: none of a gateway, and none of the node's network. */
export function isOfApplication(template: TemplateView): boolean {
  return template.hostNetwork !== true && !makesGateway(template) && !isInjectedGateway(asPod(template));
}
