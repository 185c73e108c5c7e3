import type { FieldType } from './field-type.ts';

const strings: FieldType = { map: {} };
const atomic: FieldType = { atomic: true };
const byName: FieldType = { keys: ['name'] };
const conditions: FieldType = { keys: ['type'] };

/** metav1.ObjectMeta. */
export const metadataType: FieldType = {
  fields: {
    labels: strings,
    annotations: strings,
    finalizers: { set: true },
    ownerReferences: { keys: ['uid'], items: atomic },
  },
};

const resources: FieldType = { fields: { limits: strings, requests: strings, claims: byName } };
const ports: FieldType = { keys: ['containerPort', 'protocol'], keyDefaults: { protocol: 'TCP' } };

const source: FieldType = {
  fields: { fieldRef: atomic, resourceFieldRef: atomic, configMapKeyRef: atomic, secretKeyRef: atomic },
};
const references: FieldType = { keys: ['name'], items: atomic };

const containers: FieldType = {
  keys: ['name'],
  items: {
    fields: {
      ports,
      env: { keys: ['name'], items: { fields: { valueFrom: source } } },
      volumeMounts: { keys: ['mountPath'] },
      volumeDevices: { keys: ['devicePath'] },
      resources,
    },
  },
};

const podSpec: FieldType = {
  fields: {
    containers,
    initContainers: containers,
    ephemeralContainers: containers,
    volumes: byName,
    imagePullSecrets: references,
    hostAliases: { keys: ['ip'] },
    topologySpreadConstraints: { keys: ['topologyKey', 'whenUnsatisfiable'] },
    schedulingGates: byName,
    nodeSelector: atomic,
    overhead: strings,
  },
};

const template: FieldType = { fields: { metadata: metadataType, spec: podSpec } };
const workload: FieldType = { fields: { selector: atomic, template } };
const job: FieldType = { fields: { selector: atomic, template } };
const service: FieldType = {
  fields: {
    ports: { keys: ['port', 'protocol'], keyDefaults: { protocol: 'TCP' } },
    selector: atomic,
    externalIPs: atomic,
  },
};
const statusConditions: FieldType = { fields: { conditions } };

function object(fields: Readonly<Record<string, FieldType>>): FieldType {
  return { fields: { metadata: metadataType, ...fields } };
}

/**
 * Merge types of the built-in kinds by `kind.group`, as far as lists and maps differ from the default
 * (the x-kubernetes-list-type, list-map-keys and map-type extensions of the upstream OpenAPI document).
 */
const byKind: Readonly<Record<string, FieldType>> = {
  'Pod.': object({
    spec: podSpec,
    status: { fields: { conditions, podIPs: { keys: ['ip'] } } },
  }),
  'Namespace.': object({ status: statusConditions }),
  'Node.': object({
    status: { fields: { conditions, addresses: { keys: ['type'] }, capacity: strings, allocatable: strings } },
  }),
  'Service.': object({ spec: service, status: statusConditions }),
  'ServiceAccount.': object({ secrets: references, imagePullSecrets: atomic }),
  'Event.': object({ involvedObject: atomic, related: atomic }),
  'Event.events.k8s.io': object({ regarding: atomic, related: atomic }),
  'ConfigMap.': object({ data: strings, binaryData: strings }),
  'Secret.': object({ data: strings }),
  'ResourceQuota.': object({
    spec: { fields: { hard: strings } },
    status: { fields: { hard: strings, used: strings } },
  }),
  'Deployment.apps': object({ spec: workload, status: statusConditions }),
  'ReplicaSet.apps': object({ spec: workload, status: statusConditions }),
  'StatefulSet.apps': object({ spec: workload, status: statusConditions }),
  'DaemonSet.apps': object({ spec: workload, status: statusConditions }),
  'ControllerRevision.apps': object({ data: atomic }),
  'Job.batch': object({ spec: job }),
  'CronJob.batch': object({ spec: { fields: { jobTemplate: { fields: { metadata: metadataType, spec: job } } } } }),
  'PodDisruptionBudget.policy': object({
    spec: { fields: { selector: atomic } },
    status: { fields: { conditions, disruptedPods: strings } },
  }),
  'HorizontalPodAutoscaler.autoscaling': object({ status: statusConditions }),
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': object({ webhooks: byName }),
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': object({ webhooks: byName }),
  'CustomResourceDefinition.apiextensions.k8s.io': object({ status: statusConditions }),
};

/** The merge type of a built-in kind. */
export function builtinFieldType(group: string, kind: string): FieldType {
  return byKind[`${kind}.${group}`] ?? object({});
}
