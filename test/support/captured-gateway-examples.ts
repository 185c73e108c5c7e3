import type { PodView, WorkloadView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { config, namespace, plainPod, pod, surroundings, workload } from './mesh-fixtures.ts';

const labels = { 'gateway.networking.k8s.io/gateway-name': 'shop', 'sidecar.istio.io/inject': 'false' } as const;

/** The Deployment that istiod makes for Gateway `shop` (files/kube-gateway.yaml of the istio-discovery chart). */
export function madeGateway(overrides: Partial<WorkloadView> = {}): WorkloadView {
  return workload({ name: 'shop-istio', uid: 'shop-istio', gateway: 'shop', templateLabels: labels, ...overrides });
}

/** A pod of it. */
export function gatewayPod(overrides: Partial<PodView> = {}): PodView {
  return plainPod({
    name: 'shop-istio-1',
    uid: 'shop-istio-1',
    owner: { kind: 'Deployment', name: 'shop-istio' },
    labels,
    containers: ['istio-proxy'],
    ...overrides,
  });
}

const bypass = { 'ambient.istio.io/bypass-inbound-capture': 'true' };
const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } });
const both = { pods: [pod(), gatewayPod()], workloads: [workload(), madeGateway()] };
const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const asleep = madeGateway({ replicas: 0 });
const optedOut = { ...labels, 'istio.io/dataplane-mode': 'none' } as const;

/** What MM138 sees and ignores. */
export const capturedGatewayExamples: Readonly<Record<string, Examples>> = {
  MM138: {
    seen: {
      'a gateway that does not opt out': surroundings(both, [strict]),
      'one that sleeps': surroundings({ ...both, pods: [pod()], workloads: [workload(), asleep] }, [strict]),
      'one between two pods': surroundings({ ...both, pods: [pod(), gatewayPod({ terminating: true })] }, [strict]),
      'one whose pods are of before it opted out': surroundings(
        { ...both, workloads: [workload(), madeGateway({ templateLabels: optedOut })] },
        [strict],
      ),
      'one whose next pods opt out of nothing': surroundings(
        { ...both, pods: [pod(), gatewayPod({ labels: optedOut })] },
        [strict],
      ),
    },
    ignored: {
      'one that opted out': surroundings(
        {
          pods: [pod(), gatewayPod({ labels: optedOut })],
          workloads: [workload(), madeGateway({ templateLabels: optedOut })],
        },
        [strict],
      ),
      'one that opted out and sleeps': surroundings(
        { pods: [pod()], workloads: [workload(), { ...asleep, templateLabels: optedOut }] },
        [strict],
      ),
      'one that would be on the network of its hosts': surroundings(
        { pods: [pod()], workloads: [workload(), { ...asleep, hostNetwork: true }] },
        [strict],
      ),
      'an application with the label of a gateway that sleeps': surroundings(
        {
          pods: [pod()],
          workloads: [workload(), workload({ name: 'shop-istio', templateLabels: labels, replicas: 0 })],
        },
        [strict],
      ),
      'one that is captured outbound only, once it is there': surroundings(
        {
          namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
          pods: [gatewayPod({ annotations: bypass })],
          workloads: [madeGateway({ templateAnnotations: bypass })],
        },
        [strict],
      ),
      'on the way out of ambient': surroundings({ ...both, route: toSidecar }, [strict]),
      'an application with the label of a gateway': surroundings(
        {
          pods: [pod(), gatewayPod()],
          workloads: [workload(), workload({ name: 'shop-istio', templateLabels: labels })],
        },
        [strict],
      ),
    },
  },
};
