import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';

type Labels = Readonly<Record<string, string>>;

/** Partial in depth, for overrides. */
type Deep<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? Deep<T[K]> : T[K];
};

function resource(group: string, version: string, kind: string, plural: string, namespaced = true): Resource {
  return { group, version, kind, plural, namespaced };
}

/** Kinds that scenarios create, by kind. */
export const kinds = {
  Namespace: resource('', 'v1', 'Namespace', 'namespaces', false),
  Pod: resource('', 'v1', 'Pod', 'pods'),
  Service: resource('', 'v1', 'Service', 'services'),
  Deployment: resource('apps', 'v1', 'Deployment', 'deployments'),
  StatefulSet: resource('apps', 'v1', 'StatefulSet', 'statefulsets'),
  DaemonSet: resource('apps', 'v1', 'DaemonSet', 'daemonsets'),
  Job: resource('batch', 'v1', 'Job', 'jobs'),
  CronJob: resource('batch', 'v1', 'CronJob', 'cronjobs'),
  PodDisruptionBudget: resource('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  AuthorizationPolicy: resource('security.istio.io', 'v1', 'AuthorizationPolicy', 'authorizationpolicies'),
  PeerAuthentication: resource('security.istio.io', 'v1', 'PeerAuthentication', 'peerauthentications'),
  RequestAuthentication: resource('security.istio.io', 'v1', 'RequestAuthentication', 'requestauthentications'),
  VirtualService: resource('networking.istio.io', 'v1', 'VirtualService', 'virtualservices'),
  DestinationRule: resource('networking.istio.io', 'v1', 'DestinationRule', 'destinationrules'),
  Sidecar: resource('networking.istio.io', 'v1', 'Sidecar', 'sidecars'),
  HTTPRoute: resource('gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes'),
  Telemetry: resource('telemetry.istio.io', 'v1', 'Telemetry', 'telemetries'),
  WasmPlugin: resource('extensions.istio.io', 'v1alpha1', 'WasmPlugin', 'wasmplugins'),
  TrafficExtension: resource('extensions.istio.io', 'v1alpha1', 'TrafficExtension', 'trafficextensions'),
  ServiceEntry: resource('networking.istio.io', 'v1', 'ServiceEntry', 'serviceentries'),
  EnvoyFilter: resource('networking.istio.io', 'v1alpha3', 'EnvoyFilter', 'envoyfilters'),
  WorkloadEntry: resource('networking.istio.io', 'v1', 'WorkloadEntry', 'workloadentries'),
  ConfigMap: resource('', 'v1', 'ConfigMap', 'configmaps'),
  NetworkPolicy: resource('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'),
  ResourceQuota: resource('', 'v1', 'ResourceQuota', 'resourcequotas'),
  ServiceAccount: resource('', 'v1', 'ServiceAccount', 'serviceaccounts'),
  EndpointSlice: resource('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices'),
  HorizontalPodAutoscaler: resource('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  Gateway: resource('gateway.networking.k8s.io', 'v1', 'Gateway', 'gateways'),
  CustomResourceDefinition: resource(
    'apiextensions.k8s.io',
    'v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    false,
  ),
} as const;

/** A namespace with sidecar injection, unless other labels are given. */
export function namespace(name: string, labels: Labels = { 'istio-injection': 'enabled' }): KubeObject {
  return { kind: 'Namespace', metadata: { name, labels } };
}

/** What a workload of a scenario may be like. */
export interface WorkloadOptions {
  readonly replicas?: number;
  /** Annotations of the pods: see `podBehaviour`. */
  readonly behaviour?: Labels;
  readonly podLabels?: Labels;
  /** Members of spec besides replicas, selector and template. */
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly hostNetwork?: boolean;
  /** Has to exist. Default: `default`. */
  readonly serviceAccount?: string;
}

const containers = [{ name: 'app', image: 'app:1', lifecycle: { preStop: { sleep: { seconds: 1 } } } }];

function template(
  name: string,
  { behaviour, podLabels, hostNetwork, serviceAccount }: WorkloadOptions,
): Readonly<Record<string, unknown>> {
  return {
    metadata: { labels: { app: name, ...podLabels }, ...(behaviour && { annotations: behaviour }) },
    spec: {
      containers,
      terminationGracePeriodSeconds: 1,
      ...(hostNetwork === true && { hostNetwork }),
      ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
    },
  };
}

/** A Deployment, StatefulSet or DaemonSet whose pods are labelled `app: NAME`. */
export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  home: string,
  name: string,
  options: WorkloadOptions = {},
): KubeObject {
  return {
    kind,
    metadata: { name, namespace: home },
    spec: {
      ...(kind !== 'DaemonSet' && { replicas: options.replicas ?? 1 }),
      ...(kind === 'StatefulSet' && { serviceName: name }),
      selector: { matchLabels: { app: name } },
      template: template(name, options),
      ...options.spec,
    },
  };
}

/** A Deployment whose pods are labelled `app: NAME`. */
export function deployment(home: string, name: string, options: WorkloadOptions = {}): KubeObject {
  return workload('Deployment', home, name, options);
}

/** A pod without a controller. */
export function barePod(home: string, name: string): KubeObject {
  return {
    kind: 'Pod',
    metadata: { name, namespace: home, labels: { app: name } },
    spec: { containers, terminationGracePeriodSeconds: 1 },
  };
}

/** A Job whose pod runs on. */
export function job(home: string, name: string): KubeObject {
  return {
    kind: 'Job',
    metadata: { name, namespace: home },
    spec: {
      template: {
        metadata: { labels: { app: name } },
        spec: { containers, restartPolicy: 'Never', terminationGracePeriodSeconds: 1 },
      },
    },
  };
}

/** A CronJob whose next run is far off. */
export function cronJob(
  home: string,
  name: string,
  labels: Labels = { app: name },
  spec: Readonly<Record<string, unknown>> = {},
): KubeObject {
  const pods = { metadata: { labels }, spec: { containers, restartPolicy: 'Never', terminationGracePeriodSeconds: 1 } };
  return {
    kind: 'CronJob',
    metadata: { name, namespace: home },
    spec: { schedule: '0 0 29 2 *', jobTemplate: { spec: { template: pods } }, ...spec },
  };
}

/** Any namespaced object with a spec. */
export function object(
  kind: keyof typeof kinds,
  home: string,
  name: string,
  spec: Readonly<Record<string, unknown>>,
): KubeObject {
  return { kind, metadata: { name, namespace: home }, spec };
}

/** STRICT mTLS for a namespace. */
export function strict(home: string): KubeObject {
  return object('PeerAuthentication', home, 'strict', { mtls: { mode: 'STRICT' } });
}

/** An ALLOW policy by identity only, which ztunnel enforces as sidecars do. */
export function allowIdentity(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'callers', {
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/default`] } }] }],
  });
}

/** A MeshMigration from sidecars to ambient with short deadlines, unless overridden. */
export function meshMigration(
  name: string,
  namespaces: Deep<MeshMigrationSpec['namespaces']>,
  overrides: Deep<MeshMigrationSpec> = {},
): KubeObject {
  const { restart, policies, ...others } = overrides;
  return {
    kind: 'MeshMigration',
    metadata: { name },
    spec: {
      from: 'IstioSidecar',
      to: 'IstioAmbient',
      action: 'Migrate',
      namespaces,
      restart: { podsPerMinute: 6000, enrolmentDeadline: '5s', watch: '0s', ...restart },
      policies: { settle: '1s', ...policies },
      ...others,
    },
  };
}
