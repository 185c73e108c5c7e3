import type { Surroundings } from '../../src/mesh/adapter.ts';
import { placementOf } from '../../src/mesh/placement.ts';
import type { ConfigView, WorkloadView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  cronJob,
  installed,
  mesh,
  namespace,
  nodeComponents,
  plainPod,
  pod,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;

const linux = { 'kubernetes.io/os': 'linux' };

/** A node of a pool, with taints `KEY=VALUE:EFFECT`. */
export function node(name: string, pool: string, taints: readonly string[] = [], labels: object = linux): ConfigView {
  const parts = taints.map((taint) => /^([^=]*)=(.*):(.*)$/.exec(taint) ?? []);
  return config(
    'Node',
    taints.length === 0 ? {} : { taints: parts.map(([, key, value, effect]) => ({ key, value, effect })) },
    { name, namespace: '', labels: { ...labels, pool, 'kubernetes.io/hostname': name } },
  );
}

const everything = { tolerations: [{ operator: 'Exists' }] };

/** The node components, with what their pods say about nodes. */
export function agents(cni: Spec = everything, ztunnel: Spec = everything): readonly WorkloadView[] {
  return nodeComponents.map((set, at) => ({ ...set, ...placementOf(at === 0 ? cni : ztunnel) }));
}

/** A namespace among nodes, with what pods of its Deployment say about these. */
export function among(
  nodes: readonly ConfigView[],
  sets: readonly WorkloadView[],
  podSpec: Spec = {},
  more: Partial<Surroundings> = {},
): Surroundings {
  return surroundings({
    workloads: [workload(placementOf(podSpec))],
    mesh: mesh([...installed, ...nodes], sets),
    ...more,
  });
}

const [a, b] = [node('a-1', 'a'), node('b-1', 'b')];
const gpu = node('gpu-1', 'gpu', ['gpu=yes:NoSchedule']);
const onlyA: Spec = { nodeSelector: { pool: 'a' } };

function affinity(key: string, operator: string, ...values: readonly string[]): Spec {
  return {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
        },
      },
    },
  };
}

const toleratesGpu: Spec = { tolerations: [{ key: 'gpu', operator: 'Exists' }] };

/** ztunnel on pool `a` only, beside a workload that may run anywhere: the remedies make it go. */
export const uncovered = among([a, b], agents(everything, onlyA));

/** What the rule about nodes sees and ignores, by its id. */
export const nodeExamples: Readonly<Record<'MM125', Examples>> = {
  MM125: {
    seen: {
      'a node selector of ztunnel': uncovered,
      'a node selector of istio-cni': among([a, b], agents(onlyA)),
      'affinity of ztunnel': among([a, b], agents(everything, affinity('pool', 'NotIn', 'b'))),
      'a taint that ztunnel does not tolerate, and the workload does': among(
        [a, gpu],
        agents(everything, {}),
        toleratesGpu,
      ),
      'a taint of one value, where ztunnel tolerates another': among(
        [a, gpu],
        agents(everything, { tolerations: [{ key: 'gpu', value: 'no' }] }),
        toleratesGpu,
      ),
      'a CronJob': among([a, b], agents(everything, onlyA), onlyA, {
        otherTemplates: [cronJob()],
      }),
      'a pod that runs there, whatever its template says now': among([a, b], agents(everything, onlyA), onlyA, {
        pods: [pod({ node: 'a-1' }), pod({ name: 'web-2', node: 'b-1' })],
      }),
      'a pod of something that the operator does not restart': among([a, b], agents(everything, onlyA), onlyA, {
        pods: [pod({ node: 'b-1', owner: { kind: 'Rollout', name: 'api' } })],
      }),
      'from no mesh': among(
        [a, b],
        agents(everything, onlyA),
        {},
        {
          route: { from: 'None', to: 'IstioAmbient' },
          pods: [plainPod()],
        },
      ),
    },
    ignored: {
      'nodes that nobody may read': among([], agents(everything, onlyA)),
      'components on all nodes': among([a, b, gpu], agents(), toleratesGpu),
      'a component that is divided among pools': among(
        [a, b],
        [
          ...agents(everything, onlyA),
          ...agents().flatMap((set) =>
            set.name === 'ztunnel'
              ? [{ ...set, name: 'ztunnel-b', ...placementOf({ nodeSelector: { pool: 'b' } }) }]
              : [],
          ),
        ],
      ),
      'components that are not there, which others say': among([a, b], []),
      'a workload for other nodes': among([a, b], agents(everything, onlyA), onlyA),
      'a workload for other nodes by affinity': among(
        [a, b],
        agents(everything, onlyA),
        affinity('pool', 'In', 'a', 'c'),
      ),
      'a taint that nobody tolerates': among([a, gpu], agents(everything, {})),
      'a node that is cordoned, or starts': among(
        [a, node('b-1', 'b', ['node.kubernetes.io/unschedulable=:NoSchedule'])],
        agents(everything, {}),
      ),
      'a taint that only asks': among([a, node('b-1', 'b', ['spot=yes:PreferNoSchedule'])], agents(everything, {})),
      'nodes with Windows': among([a, node('win-1', 'b', [], { 'kubernetes.io/os': 'windows' })], agents(onlyA, onlyA)),
      'a namespace whose pods are kept on other nodes': among(
        [a, b],
        agents(everything, onlyA),
        {},
        { namespace: namespace({ annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'pool=a' } }) },
      ),
      'pods on the network of their node': among(
        [a, b],
        agents(everything, onlyA),
        {},
        {
          workloads: [workload({ hostNetwork: true })],
          pods: [],
        },
      ),
      'what opts out': among(
        [a, b],
        agents(everything, onlyA),
        {},
        {
          workloads: [workload({ templateLabels: { app: 'web', 'istio.io/dataplane-mode': 'none' } })],
          pods: [],
        },
      ),
      'a DaemonSet of a tenant that is labelled like ztunnel': among(
        [a, b],
        [...agents(), ...agents(onlyA, onlyA).map((set) => ({ ...set, namespace: 'mallory', name: `${set.name}-x` }))],
      ),
      'on the way to sidecars': among(
        [a, b],
        agents(onlyA, onlyA),
        {},
        {
          route: { from: 'IstioAmbient', to: 'IstioSidecar' },
          pods: [plainPod(captured)],
        },
      ),
    },
  },
};
