/** One row: a built-in resource and what is peculiar to it. Everything else follows the general rules. */
export interface BuiltinRow {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly clusterScoped?: true;
  readonly shortNames?: readonly string[];
  /** Member of the category `all`. */
  readonly all?: true;
  readonly status?: true;
  readonly scale?: true;
  readonly generation?: 'Spec' | 'SpecAndAnnotations' | 'Everything';
  readonly nameRule?: 'Label' | 'Label1035' | 'Path';
  /** PUT of an absent object creates it. */
  readonly createOnUpdate?: true;
  /** PUT must carry the resourceVersion. */
  readonly conditionalUpdate?: true;
  readonly selectableFields?: readonly string[];
  /** Stored as another version or group of the same resource. */
  readonly storedAs?: string;
}

const podFields = [
  'spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork',
  'status.phase', 'status.podIP', 'status.nominatedNodeName',
];
const eventFields = [
  'involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion',
  'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type',
];
const newEventFields = [
  'regarding.kind', 'regarding.namespace', 'regarding.name', 'regarding.uid', 'regarding.apiVersion', 'reason', 'reportingController', 'type',
];

/** The built-in resources, as kube-apiserver 1.36 serves them. */
export const builtinTable: readonly BuiltinRow[] = [
  { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', clusterScoped: true, shortNames: ['ns'], status: true, nameRule: 'Label', selectableFields: ['status.phase'] },
  { group: '', version: 'v1', kind: 'Node', plural: 'nodes', clusterScoped: true, shortNames: ['no'], status: true, selectableFields: ['spec.unschedulable'] },
  { group: '', version: 'v1', kind: 'Pod', plural: 'pods', shortNames: ['po'], all: true, status: true, generation: 'Spec', selectableFields: podFields },
  { group: '', version: 'v1', kind: 'Service', plural: 'services', shortNames: ['svc'], all: true, status: true, nameRule: 'Label1035', selectableFields: ['spec.clusterIP', 'spec.type'] },
  { group: '', version: 'v1', kind: 'Endpoints', plural: 'endpoints', shortNames: ['ep'], createOnUpdate: true },
  { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', shortNames: ['sa'] },
  { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'] },
  { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', selectableFields: ['type'] },
  { group: '', version: 'v1', kind: 'Event', plural: 'events', shortNames: ['ev'], selectableFields: eventFields, createOnUpdate: true },
  { group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', shortNames: ['quota'], status: true },
  { group: '', version: 'v1', kind: 'LimitRange', plural: 'limitranges', shortNames: ['limits'], createOnUpdate: true },
  { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', shortNames: ['pvc'], status: true },
  { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', shortNames: ['ev'], selectableFields: newEventFields, storedAs: 'events', createOnUpdate: true },
  { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', plural: 'endpointslices' },
  { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', shortNames: ['deploy'], all: true, status: true, scale: true, generation: 'SpecAndAnnotations' },
  { group: 'apps', version: 'v1', kind: 'ReplicaSet', plural: 'replicasets', shortNames: ['rs'], all: true, status: true, scale: true, generation: 'Spec', selectableFields: ['status.replicas'] },
  { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', shortNames: ['sts'], all: true, status: true, scale: true, generation: 'Spec' },
  { group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', shortNames: ['ds'], all: true, status: true, generation: 'Spec' },
  { group: 'apps', version: 'v1', kind: 'ControllerRevision', plural: 'controllerrevisions' },
  { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', all: true, status: true, generation: 'Spec', selectableFields: ['status.successful'] },
  { group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs', shortNames: ['cj'], all: true, status: true, generation: 'Spec' },
  { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', shortNames: ['pdb'], status: true, generation: 'Spec', conditionalUpdate: true },
  { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers', shortNames: ['hpa'], all: true, status: true },
  { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy', plural: 'networkpolicies', shortNames: ['netpol'], generation: 'Spec' },
  { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', conditionalUpdate: true, createOnUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles', nameRule: 'Path', createOnUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'RoleBinding', plural: 'rolebindings', nameRule: 'Path', createOnUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole', plural: 'clusterroles', clusterScoped: true, nameRule: 'Path', createOnUpdate: true },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', clusterScoped: true, nameRule: 'Path', createOnUpdate: true },
  { group: 'scheduling.k8s.io', version: 'v1', kind: 'PriorityClass', plural: 'priorityclasses', clusterScoped: true, shortNames: ['pc'] },
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'MutatingWebhookConfiguration', plural: 'mutatingwebhookconfigurations', clusterScoped: true, generation: 'Everything' },
  { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingWebhookConfiguration', plural: 'validatingwebhookconfigurations', clusterScoped: true, generation: 'Everything' },
  { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', clusterScoped: true, shortNames: ['crd', 'crds'], status: true, generation: 'Spec', conditionalUpdate: true },
];
