import type { DataPlane, Mode } from '../../../api/common.ts';
import { memoize } from '../../../base/memoize.ts';
import { meshIn } from '../../other-meshes.ts';
import type { PodView } from '../../views.ts';
import {
  dataplaneModeLabel,
  redirectionAnnotation,
  sidecarContainer,
  sidecarStatusAnnotation,
  tunnelLabel,
} from './labels.ts';

/**
 * The mode of a pod, by what istiod and the node agent really did to it: the injector's status annotation and the
 * container, the node agent's redirection annotation. Labels of the namespace say nothing here: with both labels set a
 * sidecar wins and the node agent stays away (istio/istio cni/pkg/util/enablement_selector.go).
 */
export function modeOf(pod: PodView): Mode {
  const annotated = pod.annotations[sidecarStatusAnnotation] !== undefined;
  const contained = pod.containers.includes(sidecarContainer);
  const redirection = pod.annotations[redirectionAnnotation];
  if (annotated !== contained) return 'Transitional';
  if (annotated) return redirection === 'enabled' ? 'Transitional' : 'Sidecar';
  if (redirection === 'enabled') return 'Ambient';
  return redirection === undefined ? 'None' : 'Transitional';
}

/** Whether the proxy of another mesh is in the pod, whatever Istio has done to it besides. */
export const isOfOtherMesh: (pod: PodView) => boolean = memoize(
  ({ containers }: PodView) => meshIn(containers) !== undefined,
);

/**
 * The mode that a pod counts for: with the proxy of another mesh it is in none of these, and not outside of every mesh
 * either.
 */
export function countedMode(pod: PodView): Mode {
  return isOfOtherMesh(pod) ? 'Transitional' : modeOf(pod);
}

/** Whether a pod of another mesh is all that mesh's: nothing of Istio is done to it. */
export function isLeftToOthers(pod: PodView): boolean {
  return isOfOtherMesh(pod) && modeOf(pod) === 'None';
}

const modes: Record<DataPlane, Mode> = { IstioSidecar: 'Sidecar', IstioAmbient: 'Ambient', None: 'None' };

/** The mode that pods of a data plane have. */
export function modeFor(dataPlane: DataPlane): Mode {
  return modes[dataPlane];
}

/** Whether a data plane takes running pods of its own accord: istio-cni enrols them, an injector only sees new ones. */
export function captures(dataPlane: DataPlane): boolean {
  return dataPlane === 'IstioAmbient';
}

/**
 * Whether any data plane takes the pod: pods on the host's network are never injected nor captured, and a pod with
 * `istio.io/dataplane-mode: none` and no sidecar (a gateway, a waypoint) has opted out for itself.
 */
export function concerns(pod: PodView): boolean {
  if (pod.hostNetwork || pod.finished) return false;
  return pod.labels[dataplaneModeLabel] !== 'none' || modeOf(pod) === 'Sidecar';
}

/**
 * A sidecar that was injected before ambient was enabled: ztunnel can reach it only in plaintext, refused under STRICT.
 */
export function lacksHbone(pod: PodView): boolean {
  return modeOf(pod) === 'Sidecar' && pod.labels[tunnelLabel] !== 'http';
}

/** On its way out, and it still serves with its sidecar: whom it calls may be waiting for its end. */
export function isDraining(pod: PodView): boolean {
  return pod.terminating && pod.ready && !pod.finished && modeOf(pod) === 'Sidecar';
}
