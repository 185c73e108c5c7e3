import type { KubeObject, Resource } from '../../../src/api/object.ts';
import type { AuthorizationPolicy, Gateway, GatewayClass } from './gateway-types.ts';
import type { Namespace, Node, Pod } from './pod-types.ts';
import type { ConfigMap, EndpointSlice, HorizontalPodAutoscaler, ResourceQuota, Service } from './service-types.ts';
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  Job,
  PodDisruptionBudget,
  ReplicaSet,
  StatefulSet,
} from './workload-types.ts';

/** A resource together with the type its objects have. */
export interface Kind<T extends KubeObject> extends Resource {
  /** Never set: it only lets the compiler infer `T`. */
  readonly objectType?: T;
}

function kind<T extends KubeObject>(
  group: string,
  version: string,
  name: string,
  plural: string,
  namespaced = true,
): Kind<T> {
  return { group, version, kind: name, plural, namespaced };
}

/** core/v1 Pod. */
export const pods = kind<Pod>('', 'v1', 'Pod', 'pods');
/** core/v1 Node. */
export const nodes = kind<Node>('', 'v1', 'Node', 'nodes', false);
/** core/v1 Namespace. */
export const namespaces = kind<Namespace>('', 'v1', 'Namespace', 'namespaces', false);
/** core/v1 ServiceAccount. */
export const serviceAccounts = kind('', 'v1', 'ServiceAccount', 'serviceaccounts');
/** core/v1 ConfigMap. */
export const configMaps = kind<ConfigMap>('', 'v1', 'ConfigMap', 'configmaps');
/** core/v1 Service. */
export const services = kind<Service>('', 'v1', 'Service', 'services');
/** core/v1 ResourceQuota. */
export const resourceQuotas = kind<ResourceQuota>('', 'v1', 'ResourceQuota', 'resourcequotas');
/** apps/v1 Deployment. */
export const deployments = kind<Deployment>('apps', 'v1', 'Deployment', 'deployments');
/** apps/v1 ReplicaSet. */
export const replicaSets = kind<ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets');
/** apps/v1 StatefulSet. */
export const statefulSets = kind<StatefulSet>('apps', 'v1', 'StatefulSet', 'statefulsets');
/** apps/v1 DaemonSet. */
export const daemonSets = kind<DaemonSet>('apps', 'v1', 'DaemonSet', 'daemonsets');
/** apps/v1 ControllerRevision. */
export const controllerRevisions = kind<ControllerRevision>('apps', 'v1', 'ControllerRevision', 'controllerrevisions');
/** batch/v1 Job. */
export const jobs = kind<Job>('batch', 'v1', 'Job', 'jobs');
/** policy/v1 PodDisruptionBudget. */
export const podDisruptionBudgets = kind<PodDisruptionBudget>(
  'policy',
  'v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
/** discovery.k8s.io/v1 EndpointSlice. */
export const endpointSlices = kind<EndpointSlice>('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices');
/** autoscaling/v2 HorizontalPodAutoscaler. */
export const horizontalPodAutoscalers = kind<HorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);
/** gateway.networking.k8s.io/v1 Gateway; served only once its definition is. */
export const gateways = kind<Gateway>('gateway.networking.k8s.io', 'v1', 'Gateway', 'gateways');
/** gateway.networking.k8s.io/v1 GatewayClass; served only once its definition is. */
export const gatewayClasses = kind<GatewayClass>(
  'gateway.networking.k8s.io',
  'v1',
  'GatewayClass',
  'gatewayclasses',
  false,
);
/** security.istio.io/v1 AuthorizationPolicy; served only once its definition is. */
export const authorizationPolicies = kind<AuthorizationPolicy>(
  'security.istio.io',
  'v1',
  'AuthorizationPolicy',
  'authorizationpolicies',
);
/** networking.istio.io/v1 ServiceEntry; served only once its definition is. */
export const serviceEntries = kind('networking.istio.io', 'v1', 'ServiceEntry', 'serviceentries');
/** apiextensions.k8s.io/v1 CustomResourceDefinition. */
export const customResourceDefinitions = kind(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);
/** admissionregistration.k8s.io/v1 MutatingWebhookConfiguration. */
export const mutatingWebhookConfigurations = kind(
  'admissionregistration.k8s.io',
  'v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  false,
);
