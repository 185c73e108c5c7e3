/** One program that is built from a pinned Go module; `tools/<module>/go.mod` pins it. */
export interface Tool {
  readonly name: string;
  readonly module: 'k8s' | 'kwok' | 'istio' | 'helm' | 'promql';
  /** One that starts with `./` is in `tools/<module>` itself. */
  readonly package: string;
  /** `-X` settings: without them Kubernetes reports no version, and Helm and Istio refuse to work with it. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The versions that the programs report; `tools/<module>/go.mod` decides what is built. */
export const versions = { kubernetes: '1.36.3', kwok: '0.8.0', istio: '1.31.0', helm: '4.2.4' } as const;

const kubernetesVersion = {
  'k8s.io/component-base/version.gitVersion': `v${versions.kubernetes}`,
  'k8s.io/component-base/version.gitMajor': '1',
  'k8s.io/component-base/version.gitMinor': '36',
  'k8s.io/component-base/version.gitTreeState': 'clean',
  'k8s.io/client-go/pkg/version.gitVersion': `v${versions.kubernetes}`,
  'k8s.io/client-go/pkg/version.gitMajor': '1',
  'k8s.io/client-go/pkg/version.gitMinor': '36',
};
const istioVersion = {
  'istio.io/istio/pkg/version.buildVersion': versions.istio,
  'istio.io/istio/pkg/version.buildTag': versions.istio,
  'istio.io/istio/pkg/version.buildStatus': 'Clean',
};

/** Every program of the real control plane, in the order in which they are built. */
export const tools: readonly Tool[] = [
  { name: 'etcd', module: 'k8s', package: 'go.etcd.io/etcd/server/v3', variables: {} },
  {
    name: 'kube-apiserver',
    module: 'k8s',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    variables: kubernetesVersion,
  },
  {
    name: 'kube-controller-manager',
    module: 'k8s',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    variables: kubernetesVersion,
  },
  {
    name: 'kube-scheduler',
    module: 'k8s',
    package: 'k8s.io/kubernetes/cmd/kube-scheduler',
    variables: kubernetesVersion,
  },
  { name: 'kubectl', module: 'k8s', package: 'k8s.io/kubernetes/cmd/kubectl', variables: kubernetesVersion },
  {
    name: 'pilot-discovery',
    module: 'istio',
    package: 'istio.io/istio/pilot/cmd/pilot-discovery',
    variables: istioVersion,
  },
  { name: 'xds', module: 'istio', package: './xds', variables: {} },
  {
    name: 'kwok',
    module: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    variables: { 'sigs.k8s.io/kwok/pkg/consts.Version': `v${versions.kwok}` },
  },
  {
    name: 'helm',
    module: 'helm',
    package: 'helm.sh/helm/v4/cmd/helm',
    variables: { 'helm.sh/helm/v4/internal/version.version': `v${versions.helm}` },
  },
];

/** Programs that belong to no control plane; built apart, so that a change of one builds only that one anew. */
export const promqlTool: Tool = { name: 'promql', module: 'promql', package: './evaluate', variables: {} };

/** A folder of a Go module that is copied beside the binaries: the module cache is read-only and may be emptied. */
export interface SharedFolder {
  readonly module: Tool['module'];
  readonly modulePath: string;
  readonly from: string;
  readonly to: string;
}

/** What the installation and the scenarios read besides the programs. */
export const sharedFolders: readonly SharedFolder[] = [
  { module: 'istio', modulePath: 'istio.io/istio', from: 'manifests/charts', to: 'istio/charts' },
  { module: 'istio', modulePath: 'istio.io/istio', from: 'samples/bookinfo', to: 'istio/samples/bookinfo' },
  { module: 'istio', modulePath: 'istio.io/istio', from: 'samples/httpbin', to: 'istio/samples/httpbin' },
  { module: 'istio', modulePath: 'istio.io/istio', from: 'samples/curl', to: 'istio/samples/curl' },
  { module: 'istio', modulePath: 'sigs.k8s.io/gateway-api', from: 'config/crd/standard', to: 'gateway-api/crds' },
];
