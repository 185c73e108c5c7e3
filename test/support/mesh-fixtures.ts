import { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { MeshState, Route, Surroundings } from '../../src/mesh/adapter.ts';
import type { ScopeView } from '../../src/mesh/others.ts';
import type {
  BudgetView,
  ConfigView,
  NamespaceView,
  PodView,
  ServiceView,
  TemplateView,
  WorkloadView,
} from '../../src/mesh/views.ts';

type Strings = Readonly<Record<string, string>>;

/** Namespace of the control plane in these fixtures. */
export const root = 'istio-system';

/** The routes that the API admits. */
export const routes: readonly Route[] = (['IstioSidecar', 'IstioAmbient', 'None'] as const).flatMap((from) =>
  (['IstioSidecar', 'IstioAmbient', 'None'] as const).filter((to) => to !== from).map((to) => ({ from, to })),
);

export const sidecarToAmbient: Route = { from: 'IstioSidecar', to: 'IstioAmbient' };

/** What an injected pod shows: annotation, container and labels of the injection template. */
export const injected = {
  annotations: { 'sidecar.istio.io/status': '{}' },
  containers: ['app', 'istio-proxy'],
  labels: {
    app: 'web',
    'security.istio.io/tlsMode': 'istio',
    'networking.istio.io/tunnel': 'http',
    'service.istio.io/canonical-name': 'web',
    'service.istio.io/canonical-revision': 'latest',
  },
} as const;

/** What an enrolled pod shows. */
export const captured = { annotations: { 'ambient.istio.io/redirection': 'enabled' } } as const;

/** A ready pod of Deployment `web` with a sidecar, unless told otherwise. */
export function pod(overrides: Partial<PodView> = {}): PodView {
  return {
    name: 'web-1',
    uid: 'pod-1',
    resourceVersion: '1',
    namespace: 'shop',
    owner: { kind: 'Deployment', name: 'web' },
    labels: injected.labels,
    annotations: injected.annotations,
    containers: injected.containers,
    hostNetwork: false,
    finished: false,
    terminating: false,
    ready: true,
    serviceAccount: 'default',
    hasPreStop: true,
    ...overrides,
  };
}

/** A ready pod in no mesh. */
export function plainPod(overrides: Partial<PodView> = {}): PodView {
  return pod({ labels: { app: 'web' }, annotations: {}, containers: ['app'], ...overrides });
}

/** Deployment `web`, whole and rolled out. */
export function workload(overrides: Partial<WorkloadView> = {}): WorkloadView {
  const replicas = overrides.replicas ?? 2;
  return {
    kind: 'Deployment',
    name: 'web',
    uid: 'web-uid',
    resourceVersion: '1',
    namespace: 'shop',
    replicas,
    generation: 1,
    observedGeneration: 1,
    updated: replicas,
    available: replicas,
    current: replicas,
    paused: false,
    strategy: 'RollingUpdate',
    maxUnavailable: 0,
    partition: 0,
    progressDeadlineMs: 600_000,
    deadlineExceeded: false,
    serviceAccount: 'default',
    asks: { requests: {}, limits: {} },
    containerPorts: [{ name: 'http', port: 8080 }],
    images: { app: 'app:1' },
    templateLabels: { app: 'web' },
    templateAnnotations: {},
    hasTemplateAnnotations: false,
    ...overrides,
  };
}

/** CronJob `nightly`, between two runs. */
export function cronJob(overrides: Partial<TemplateView> = {}): TemplateView {
  return {
    kind: 'CronJob',
    name: 'nightly',
    uid: 'nightly-uid',
    resourceVersion: '1',
    namespace: 'shop',
    serviceAccount: 'default',
    containerPorts: [],
    templateLabels: { app: 'nightly' },
    templateAnnotations: {},
    ...overrides,
  };
}

/** Namespace `shop` with injection. */
export function namespace(overrides: Partial<NamespaceView> = {}): NamespaceView {
  return {
    name: 'shop',
    uid: 'shop-uid',
    resourceVersion: '1',
    labels: { 'istio-injection': 'enabled' },
    annotations: {},
    terminating: false,
    labelManagers: {},
    hasAnnotations: false,
    ...overrides,
  };
}

/** A configuration object in `shop`. */
export function config(
  kind: string,
  spec: Readonly<Record<string, unknown>>,
  overrides: Partial<ConfigView> = {},
): ConfigView {
  return {
    kind,
    name: 'it',
    uid: `${kind}-uid`,
    resourceVersion: '1',
    namespace: 'shop',
    labels: {},
    annotations: {},
    generation: 1,
    spec,
    status: {},
    ...overrides,
  };
}

/** A Service of the pods of `web`. */
export function service(overrides: Partial<ServiceView> = {}): ServiceView {
  return {
    name: 'web',
    uid: 'svc',
    resourceVersion: '1',
    namespace: 'shop',
    labels: {},
    annotations: {},
    hasLabels: true,
    labelManagers: {},
    hasAnnotations: true,
    headless: false,
    externalName: false,
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
    conditions: {},
    ...overrides,
  };
}

/** A PodDisruptionBudget over the pods of `web` that can spare one of two. */
export function budget(overrides: Partial<BudgetView> = {}): BudgetView {
  return {
    name: 'web',
    uid: 'pdb',
    resourceVersion: '1',
    namespace: 'shop',
    selector: { matchLabels: { app: 'web' } },
    disruptionsAllowed: 1,
    expectedPods: 2,
    desiredHealthy: 1,
    current: true,
    ...overrides,
  };
}

/** What a healthy mesh with ambient installed shows. */
export const installed: readonly ConfigView[] = [
  config(
    'GatewayClass',
    {},
    { name: 'istio-waypoint', namespace: '', status: { conditions: [{ type: 'Accepted', status: 'True' }] } },
  ),
  config(
    'MutatingWebhookConfiguration',
    {},
    { name: 'istio-sidecar-injector', namespace: '', labels: { app: 'sidecar-injector' } },
  ),
  config(
    'ConfigMap',
    { mesh: 'rootNamespace: istio-system\ntrustDomain: cluster.local\n' },
    { name: 'istio', namespace: root },
  ),
];

/** The DaemonSets of ambient. */
export const nodeComponents: readonly WorkloadView[] = [
  workload({
    kind: 'DaemonSet',
    name: 'istio-cni-node',
    namespace: root,
    templateLabels: { 'k8s-app': 'istio-cni-node' },
  }),
  workload({ kind: 'DaemonSet', name: 'ztunnel', namespace: root, templateLabels: { app: 'ztunnel' } }),
];

/** A mesh with these objects, whose lists stay the same ones as in the process; kinds in `absent` have no CRD. */
export function mesh(
  configs: readonly ConfigView[] = installed,
  daemonSets: readonly WorkloadView[] = nodeComponents,
  absent: readonly string[] = [],
): MeshState {
  const lists = new Map<string, readonly ConfigView[]>();
  return {
    configs: (kind, home) => {
      const key = `${kind} ${home}`;
      const list =
        lists.get(key) ??
        configs.filter((each) => each.kind === kind && (home === undefined || each.namespace === home));
      lists.set(key, list);
      return list;
    },
    serves: (kind) => !absent.includes(kind),
    daemonSets: () => daemonSets,
    inhabitedNamespaces: () => [],
    pods: () => [],
    services: () => [],
    workloads: () => [],
    otherTemplates: () => [],
    controlPlaneNamespace: root,
    rootNamespace: root,
  };
}

/** A spec as the API server would store it, with every default. */
export function migrationSpec({
  restart = {},
  ...overrides
}: Readonly<Record<string, unknown>> & { readonly restart?: object } = {}): MeshMigrationSpec {
  return MeshMigrationSpec.parse({
    ...sidecarToAmbient,
    action: 'Migrate',
    namespaces: { names: ['shop'] },
    restart: { watch: '0s', ...restart },
    ...overrides,
  });
}

/** The other namespaces of a migration: none moves, nobody waits and nobody goes back, but for what is said. */
export function scopeView(overrides: Partial<ScopeView> = {}): ScopeView {
  return {
    moves: () => false,
    restartsForHbone: () => false,
    halted: () => undefined,
    comesLater: () => undefined,
    wayBack: () => 'Stays',
    goingBack: () => [],
    declared: () => [],
    unseenBefore: () => undefined,
    callersBefore: () => undefined,
    stalledBack: () => undefined,
    ...overrides,
  };
}

/**
 * Surroundings about which no rule has anything to say but the unavoidable loss of HTTP metrics; `more` are further
 * objects of the mesh.
 */
export function surroundings(overrides: Partial<Surroundings> = {}, more: readonly ConfigView[] = []): Surroundings {
  return {
    route: sidecarToAmbient,
    spec: migrationSpec(),
    namespace: namespace(),
    pods: [pod(), pod({ name: 'web-2', uid: 'pod-2' })],
    workloads: [workload()],
    otherTemplates: [],
    budgets: [],
    services: [service()],
    mesh: mesh([...installed, ...more]),
    ...overrides,
  };
}

/** Labels as a map without absent ones. */
export function present(labels: Readonly<Record<string, string | null>>): Strings {
  return Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== null));
}
