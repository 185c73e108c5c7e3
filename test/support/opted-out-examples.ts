import type { Examples } from './examples.ts';
import { captured, cronJob, plainPod, pod, surroundings, workload } from './mesh-fixtures.ts';

const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const fromNone = { from: 'None', to: 'IstioSidecar' } as const;
const out = { 'istio.io/dataplane-mode': 'none' } as const;
const whollyOut = { ...out, 'sidecar.istio.io/inject': 'false' } as const;

/** What MM131 sees and ignores. */
export const optedOutExamples: Readonly<Record<string, Examples>> = {
  MM131: {
    seen: {
      'a pod that opted out of ambient': surroundings({
        route: toSidecar,
        pods: [plainPod(captured), plainPod({ name: 'batch-1', labels: out })],
      }),
      'before a namespace joins sidecars': surroundings({ route: fromNone, pods: [plainPod({ labels: out })] }),
      'injection that is unclear': surroundings({
        route: toSidecar,
        pods: [plainPod({ labels: { ...out, 'sidecar.istio.io/inject': 'no' } })],
      }),
      'a template at zero replicas': surroundings({
        route: toSidecar,
        pods: [],
        workloads: [workload({ replicas: 0, templateLabels: out })],
      }),
      'a CronJob': surroundings({
        route: fromNone,
        pods: [plainPod()],
        otherTemplates: [cronJob({ templateLabels: out })],
      }),
    },
    ignored: {
      'a pod that stays out': surroundings({ route: toSidecar, pods: [plainPod({ labels: whollyOut })] }),
      'by its annotation': surroundings({
        route: toSidecar,
        pods: [plainPod({ labels: out, annotations: { 'sidecar.istio.io/inject': 'false' } })],
      }),
      'on the network of its host': surroundings({
        route: toSidecar,
        pods: [plainPod({ labels: out, hostNetwork: true })],
      }),
      'one that has ended': surroundings({ route: toSidecar, pods: [plainPod({ labels: out, finished: true })] }),
      'one that has its sidecar': surroundings({
        route: toSidecar,
        pods: [pod({ labels: { ...pod().labels, ...out } })],
      }),
      'on the way to ambient': surroundings({ pods: [plainPod({ labels: out })] }),
      'a template that stays out': surroundings({
        route: toSidecar,
        pods: [plainPod(captured)],
        workloads: [workload({ replicas: 0, templateLabels: whollyOut })],
      }),
    },
  },
};
