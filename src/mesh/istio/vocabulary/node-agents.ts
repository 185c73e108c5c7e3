import type { MeshState } from '../../adapter.ts';
import type { WorkloadView } from '../../views.ts';

/**
 * Where charts, operators and platforms put what runs on every node: Istio's own charts, Sail (and OpenShift Service
 * Mesh 3), GKE and OpenShift. Namespaces of these names are a platform team's.
 */
const usual: readonly string[] = ['istio-system', 'kube-system', 'istio-cni', 'ztunnel'];

/** A component of Istio that runs on every node. */
export type NodeAgent = 'istio-cni-node' | 'ztunnel';

const labels: Readonly<Record<NodeAgent, readonly [key: string, value: string]>> = {
  'istio-cni-node': ['k8s-app', 'istio-cni-node'],
  ztunnel: ['app', 'ztunnel'],
};

/** Where the certificate authority of the mesh gives ztunnel the identities of others: nowhere else can one work. */
function trusted(mesh: MeshState): readonly string[] {
  return mesh
    .workloads(mesh.controlPlaneNamespace)
    .flatMap(({ nodeAccounts = [] }) => nodeAccounts.map((account) => account.split('/', 1)[0] ?? ''));
}

/** Namespaces in which what runs on every node is Istio's, each once. */
export function nodeAgentNamespaces(mesh: MeshState): readonly string[] {
  const { controlPlaneNamespace, rootNamespace, nodeAgentsNamespace } = mesh;
  const told = [
    controlPlaneNamespace,
    rootNamespace,
    ...(nodeAgentsNamespace === undefined ? [] : [nodeAgentsNamespace]),
  ];
  return [...new Set([...told, ...trusted(mesh), ...usual])].filter((name) => name !== '');
}

function carries(agent: NodeAgent, { templateLabels }: WorkloadView): boolean {
  const [key, value] = labels[agent];
  return templateLabels[key] === value;
}

/** The DaemonSets that carry the label of a component: those that are it, and those of anybody. */
export interface Carriers {
  readonly genuine: readonly WorkloadView[];
  readonly others: readonly WorkloadView[];
}

/**
 * A label is anybody's, so the namespace decides. A tenant's DaemonSet never counts, not even where no other one is
 * found: it would block everybody, or stand for a component that is not there.
 */
export function carriersOf(agent: NodeAgent, mesh: MeshState): Carriers {
  const namespaces = nodeAgentNamespaces(mesh);
  const all = mesh.daemonSets().filter((set) => carries(agent, set));
  const isGenuine = ({ namespace }: WorkloadView): boolean => namespaces.includes(namespace);
  return { genuine: all.filter(isGenuine), others: all.filter((set) => !isGenuine(set)) };
}

/** All that runs on every node for Istio. */
export function nodeAgents(mesh: MeshState): readonly WorkloadView[] {
  return (Object.keys(labels) as NodeAgent[]).flatMap((agent) => carriersOf(agent, mesh).genuine);
}
