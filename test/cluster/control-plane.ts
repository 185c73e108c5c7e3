import { join } from 'node:path';
import type { ClusterState } from './cluster-state.ts';
import type { ComponentSpec } from './component.ts';
import type { ClientName } from './certificates.ts';

/** The files that come with this folder. */
export const configDir = join(import.meta.dirname, 'config');

/** The kubeconfig of one of the components, or of the admin. */
export function kubeconfigOf(state: ClusterState, client: ClientName): string {
  return join(state.directory, `${client}.kubeconfig`);
}

/** Where the API server writes down every write. */
export function auditLogOf(state: ClusterState): string {
  return join(state.directory, 'audit.log');
}

/** The folder of certificates and keys. */
export function certificatesOf(state: ClusterState): string {
  return join(state.directory, 'pki');
}

/**
 * The Kubernetes control plane and what plays the nodes (KWOK the kubelet, our own double their network), in the order
 * in which they start: each only needs those before it.
 */
export function controlPlane(state: ClusterState): readonly ComponentSpec[] {
  return [etcd(state), apiServer(state), controllerManager(state), scheduler(state), nodeAgent(state), kwok(state)];
}

function etcd({ tools, directory, ports }: ClusterState): ComponentSpec {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return {
    name: 'etcd',
    file: join(tools.binDir, 'etcd'),
    args: [
      '--name=e0',
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=e0=${peer}`,
      '--quota-backend-bytes=4294967296',
      '--unsafe-no-fsync=true',
      '--log-level=warn',
    ],
    healthUrl: `${client}/health`,
  };
}

function apiServer(state: ClusterState): ComponentSpec {
  const pki = certificatesOf(state);
  return {
    name: 'kube-apiserver',
    file: join(state.tools.binDir, 'kube-apiserver'),
    args: [
      `--etcd-servers=http://127.0.0.1:${state.ports.etcdClient}`,
      // No client sees it; whoever reads the history of etcd does (faults).
      '--storage-media-type=application/json',
      '--bind-address=127.0.0.1',
      `--secure-port=${state.ports.apiServer}`,
      // With loopback only there is no address to choose, nor another server to agree with.
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16',
      `--tls-cert-file=${join(pki, 'apiserver.crt')}`,
      `--tls-private-key-file=${join(pki, 'apiserver.key')}`,
      `--client-ca-file=${join(pki, 'ca.crt')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(pki, 'service-account.pub')}`,
      `--service-account-signing-key-file=${join(pki, 'service-account.key')}`,
      '--authorization-mode=RBAC',
      '--allow-privileged=true',
      // The taint that it puts on new nodes is taken off by the node lifecycle controller, which does not run.
      '--disable-admission-plugins=TaintNodesByCondition',
      `--audit-policy-file=${join(configDir, 'audit-policy.yaml')}`,
      `--audit-log-path=${auditLogOf(state)}`,
      '--audit-log-mode=blocking',
      '--audit-log-maxsize=2000',
      '--profiling=false',
    ],
    healthUrl: `https://127.0.0.1:${state.ports.apiServer}/readyz`,
  };
}

function controllerManager(state: ClusterState): ComponentSpec {
  const pki = certificatesOf(state);
  return {
    name: 'kube-controller-manager',
    file: join(state.tools.binDir, 'kube-controller-manager'),
    args: [
      ...clientFlags(state, 'controller-manager'),
      ...servingFlags(state.ports.controllerManager),
      `--service-account-private-key-file=${join(pki, 'service-account.key')}`,
      `--root-ca-file=${join(pki, 'ca.crt')}`,
      // The audit log then names each controller.
      '--use-service-account-credentials=true',
      `--controllers=${['*', ...uselessControllers.map((name) => `-${name}-controller`)].join(',')}`,
    ],
    healthUrl: `https://127.0.0.1:${state.ports.controllerManager}/healthz`,
  };
}

/** Controllers for what does not exist here: real nodes with heartbeats, disks, and certificates of kubelets. */
const uselessControllers = [
  'node-lifecycle',
  'node-ipam',
  'persistentvolume-attach-detach',
  'certificatesigningrequest-signing',
];

function scheduler(state: ClusterState): ComponentSpec {
  return {
    name: 'kube-scheduler',
    file: join(state.tools.binDir, 'kube-scheduler'),
    args: [...clientFlags(state, 'scheduler'), ...servingFlags(state.ports.scheduler)],
    healthUrl: `https://127.0.0.1:${state.ports.scheduler}/healthz`,
  };
}

function kwok(state: ClusterState): ComponentSpec {
  return {
    name: 'kwok',
    file: join(state.tools.binDir, 'kwok'),
    args: [
      `--kubeconfig=${kubeconfigOf(state, 'kwok')}`,
      `--config=${join(configDir, 'stages.yaml')}`,
      '--manage-all-nodes=true',
      '--node-lease-duration-seconds=0',
      `--server-address=127.0.0.1:${state.ports.kwok}`,
    ],
    healthUrl: `http://127.0.0.1:${state.ports.kwok}/healthz`,
  };
}

/** Plays the CNI plugins of the nodes, with Istio's agent among them if the cluster has ambient. */
export function nodeAgent(state: ClusterState): ComponentSpec {
  const main = join(import.meta.dirname, 'node-agent-main.ts');
  const mesh = state.ambient ? 'ambient' : 'sidecar-only';
  return {
    name: 'node-agent',
    file: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', main, kubeconfigOf(state, 'node-agent'), mesh],
  };
}

function clientFlags(state: ClusterState, client: ClientName): string[] {
  return [
    `--kubeconfig=${kubeconfigOf(state, client)}`,
    '--leader-elect=false',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

function servingFlags(port: number): string[] {
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics',
  ];
}
