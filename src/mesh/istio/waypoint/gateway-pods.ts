import type { PodView, TemplateView, WorkloadView } from '../../views.ts';
import { injectionAsked } from '../injection.ts';
import { dataplaneModeLabel, sidecarContainer, templatesAnnotation } from '../labels.ts';
import { modeOf } from '../pod-mode.ts';
import { gatewayNameLabel } from './gateway.ts';

/*
 * Pods of a waypoint or a gateway are none of the application's: no policy is carried over for them, and nobody is refused because they call. Their label is
 * anybody's, so they are known by what istiod makes besides: a waypoint opts out of every data plane, and a gateway runs the proxy as a container
 * that no injector has put there (files/waypoint.yaml and kube-gateway.yaml of the istio-discovery chart).
 */

function optsOut(labels: PodView['labels']): boolean {
  return labels[dataplaneModeLabel] === 'none';
}

/** Whether the pods of a workload are a waypoint's or a gateway's. */
export function makesGateway({ templateLabels: labels, templateAnnotations: annotations, images }: Pick<TemplateView, 'templateLabels' | 'templateAnnotations'> & Partial<Pick<WorkloadView, 'images'>>): boolean {
  if (labels[gatewayNameLabel] === undefined) return false;
  // Where an injector is called, a container of that name customizes the sidecar that it puts in.
  return optsOut(labels) || (images !== undefined && Object.hasOwn(images, sidecarContainer) && injectionAsked({ labels, annotations }) === 'No');
}

/** The same of a pod. With a sidecar it is a pod like any other. */
export function isMadeGateway(pod: PodView): boolean {
  if (pod.labels[gatewayNameLabel] === undefined || modeOf(pod) === 'Sidecar') return false;
  return optsOut(pod.labels) || pod.containers.includes(sidecarContainer);
}

/** Whether the injector gives pods the proxy of a gateway instead of a sidecar (`inject.istio.io/templates`: names, with commas). */
export function isInjectedGateway({ annotations }: Pick<PodView, 'annotations'>): boolean {
  const names = annotations[templatesAnnotation]?.split(',').map((name) => name.trim()) ?? [];
  return names.includes('gateway') && !names.includes('sidecar');
}
