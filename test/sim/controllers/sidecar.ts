import type { Container, Pod } from './pod-types.ts';
import { podTemplateHash } from './pod-template.ts';

const image = 'docker.io/istio/proxyv2:1.31.0';
const injectKey = 'sidecar.istio.io/inject';
const statusKey = 'sidecar.istio.io/status';
/** Namespaces that the injector refuses whatever their labels say (inject.IgnoredNamespaces). */
const ignoredNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];
const volumes: readonly string[] = [
  'workload-socket',
  'credential-socket',
  'workload-certs',
  'istio-envoy',
  'istio-data',
  'istio-podinfo',
  'istio-token',
  'istiod-ca-cert',
];

/** What the control plane decides about a sidecar. */
export interface SidecarSettings {
  readonly revision: string;
  /** Whether the mesh has ambient enabled, so that the sidecar accepts HBONE. */
  readonly hbone: boolean;
}

/**
 * Whether a pod for which a webhook fired gets a sidecar (inject.injectRequired with policy `enabled`); label before
 * annotation.
 */
export function wantsSidecar({ metadata, spec }: Pod): boolean {
  if (spec.hostNetwork === true || ignoredNamespaces.includes(metadata.namespace ?? '')) return false;
  return (metadata.labels?.[injectKey] ?? metadata.annotations?.[injectKey]) !== 'false';
}

/**
 * The pod with a native sidecar and the metadata that the rest of the mesh reads (istio-discovery
 * `injection-template.yaml`).
 */
export function withSidecar(pod: Pod, { revision, hbone }: SidecarSettings): Pod {
  const { labels = {}, annotations = {} } = pod.metadata;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...(hbone ? { 'networking.istio.io/tunnel': 'http' } : {}),
        'security.istio.io/tlsMode': 'istio',
        'service.istio.io/canonical-name': labels['app.kubernetes.io/name'] ?? labels['app'] ?? workloadName(pod),
        'service.istio.io/canonical-revision': labels['app.kubernetes.io/version'] ?? labels['version'] ?? 'latest',
        ...labels,
      },
      annotations: {
        'kubectl.kubernetes.io/default-container': pod.spec.containers[0]?.name ?? '',
        'kubectl.kubernetes.io/default-logs-container': pod.spec.containers[0]?.name ?? '',
        ...annotations,
        'istio.io/rev': revision,
        [statusKey]: JSON.stringify({
          initContainers: ['istio-init', 'istio-proxy'],
          containers: null,
          volumes,
          imagePullSecrets: null,
          revision,
        }),
      },
    },
    spec: { ...pod.spec, initContainers: [...proxyContainers(hbone), ...(pod.spec.initContainers ?? [])] },
  };
}

function proxyContainers(hbone: boolean): readonly Container[] {
  const env = [
    { name: 'ISTIO_META_CLUSTER_ID', value: 'Kubernetes' },
    ...(hbone ? [{ name: 'ISTIO_META_ENABLE_HBONE', value: 'true' }] : []),
  ];
  return [
    {
      name: 'istio-init',
      image,
      args: ['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT'],
    },
    { name: 'istio-proxy', image, args: ['proxy', 'sidecar'], env, restartPolicy: 'Always' },
  ];
}

/**
 * The name of the workload: of the Deployment behind a ReplicaSet, else of the controller, else of the pod
 * (DeploymentMeta).
 */
function workloadName({ metadata }: Pod): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const hash = metadata.labels?.[podTemplateHash];
  const name = owner?.name ?? metadata.name;
  return hash !== undefined && name.endsWith(`-${hash}`) ? name.slice(0, -hash.length - 1) : name;
}
