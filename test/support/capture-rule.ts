import type { KubeObject } from '../../src/api/object.ts';

const dataplaneMode = 'istio.io/dataplane-mode';
const sidecarStatus = 'sidecar.istio.io/status';
/** The default of the istio-cni chart (`excludeNamespaces`). */
const excludedNamespaces: readonly string[] = ['kube-system'];
const finishedPhases: readonly unknown[] = ['Succeeded', 'Failed'];

/**
 * Whether Istio's node agent takes over the traffic of this pod: the one rule that both the simulated node agent and
 * the double on the real control plane follow. From istio `cni/pkg/util/enablement_selector.go` and `cni/README.md`: a
 * pod with a sidecar never; else the pod's label decides; else the namespace's. A pod on the host network has no
 * namespace of its own to program, and a finished one no longer has any.
 */
export function capturedBy(pod: KubeObject, namespaceLabels: Readonly<Record<string, string>>): boolean {
  const { annotations = {}, labels = {}, namespace = '' } = pod.metadata;
  const spec = pod['spec'] as { readonly hostNetwork?: boolean } | undefined;
  const status = pod['status'] as { readonly phase?: string } | undefined;
  if (excludedNamespaces.includes(namespace)) return false;
  if (annotations[sidecarStatus] !== undefined) return false;
  if (spec?.hostNetwork === true) return false;
  if (finishedPhases.includes(status?.phase)) return false;
  if (labels[dataplaneMode] === 'ambient') return true;
  return namespaceLabels[dataplaneMode] === 'ambient' && labels[dataplaneMode] !== 'none';
}
