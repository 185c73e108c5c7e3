import type { KubeObject } from '../../../src/api/object.ts';
import { defaultBuiltin } from './builtin-defaults.ts';
import { builtinFieldType } from './builtin-field-types.ts';
import type { BuiltinRow } from './builtin-table.ts';
import { validateBuiltin } from './builtin-validation.ts';
import { asArray, asObject, at, equal, omit, withField, type JsonObject } from './json.ts';
import { admitPodSpec, qosClass, withDefaults } from './pod-defaults.ts';
import type { Strategy } from './served-resource.ts';

/** The status that a new object starts with; `Kept` for nodes, which register together with theirs. */
const firstStatus: Readonly<Record<string, JsonObject | 'Kept'>> = {
  'Node.': 'Kept',
  'Service.': { loadBalancer: {} },
  'ReplicaSet.apps': { replicas: 0 },
  'StatefulSet.apps': { availableReplicas: 0, replicas: 0 },
  'DaemonSet.apps': { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  'PodDisruptionBudget.policy': { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
};

type Create = (object: KubeObject, allocateClusterIp: () => string) => KubeObject;

function namespace(object: KubeObject): KubeObject {
  return {
    ...object,
    spec: { ...asObject(object['spec']), finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

function pod(object: KubeObject): KubeObject {
  const spec = admitPodSpec(asObject(object['spec']));
  return { ...object, spec, status: { phase: 'Pending', qosClass: qosClass(spec) } };
}

function service(object: KubeObject, allocateClusterIp: () => string): KubeObject {
  const spec = asObject(object['spec']);
  if (spec['type'] === 'ExternalName') return object;
  const address = spec['clusterIP'] ?? allocateClusterIp();
  return {
    ...object,
    spec: {
      ...withDefaults(spec, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
      clusterIP: address,
      clusterIPs: [address],
    },
  };
}

const templateGeneration = 'deprecated.daemonset.template.generation';

/** apps/v1 keeps the field templateGeneration of older versions as an annotation. */
function daemonSet(object: KubeObject, generation: number): KubeObject {
  return withField(object, ['metadata', 'annotations', templateGeneration], String(generation));
}

function job(object: KubeObject): KubeObject {
  if (at(object, 'spec', 'manualSelector') === true) return object;
  const { uid = '', name } = object.metadata;
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const given = asObject(at(object, 'spec', 'template', 'metadata', 'labels'));
  const own =
    object.metadata.labels === undefined ? withField(object, ['metadata', 'labels'], { ...given, ...labels }) : object;
  const labelled = withField(own, ['spec', 'template', 'metadata', 'labels'], { ...given, ...labels });
  return withField(labelled, ['spec', 'selector'], { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
}

function definition(object: KubeObject): KubeObject {
  const versions = asArray(at(object, 'spec', 'versions')).map(asObject);
  const storedVersions = versions.filter((version) => version['storage'] === true).map((version) => version['name']);
  return { ...object, status: { acceptedNames: { kind: '', plural: '' }, conditions: [], storedVersions } };
}

const creation: Readonly<Record<string, Create>> = {
  'Namespace.': namespace,
  'Pod.': pod,
  'Service.': service,
  'Job.batch': job,
  'DaemonSet.apps': (object) => daemonSet(object, 1),
  'CustomResourceDefinition.apiextensions.k8s.io': definition,
};

function prepareForUpdate(key: string, object: KubeObject, previous: KubeObject): KubeObject {
  switch (key) {
    case 'Namespace.':
      return { ...object, spec: previous['spec'] };
    case 'DaemonSet.apps': {
      const generation = Number(previous.metadata.annotations?.[templateGeneration] ?? 1);
      const changed = !equal(at(object, 'spec', 'template'), at(previous, 'spec', 'template'));
      return daemonSet(object, changed ? generation + 1 : generation);
    }
    case 'Service.': {
      const spec = asObject(object['spec']);
      const before = asObject(previous['spec']);
      if (spec['clusterIP'] !== undefined || spec['type'] === 'ExternalName') return object;
      return { ...object, spec: { ...spec, clusterIP: before['clusterIP'], clusterIPs: before['clusterIPs'] } };
    }
    default:
      return object;
  }
}

/** The life of the objects of a built-in kind. `allocateClusterIp` must never return an address twice. */
export function builtinStrategy(row: BuiltinRow, allocateClusterIp: () => string): Strategy {
  const { group, kind } = row;
  const key = `${kind}.${group}`;
  return {
    generation: row.generation ?? 'None',
    unconditionalUpdate: row.conditionalUpdate !== true,
    createOnUpdate: row.createOnUpdate === true,
    fieldType: builtinFieldType(group, kind),
    decode: (object) => ({ object, unknownFields: [] }),
    default: (object) => defaultBuiltin(group, kind, object),
    prepareForCreate(object) {
      const status = firstStatus[key] ?? {};
      const fresh = row.status !== true || status === 'Kept' ? object : { ...omit(object, 'status'), status };
      return creation[key]?.(fresh, allocateClusterIp) ?? fresh;
    },
    prepareForUpdate: (object, previous) => prepareForUpdate(key, object, previous),
    validate: (object, previous) => validateBuiltin(group, kind, object, previous),
  };
}
