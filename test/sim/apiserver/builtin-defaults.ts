import type { KubeObject } from '../../../src/api/object.ts';
import { asArray, asObject, asString, isObject, omit, withField, type JsonObject } from './json.ts';
import { defaultPodSpec, mapItems, mapMember, withDefaults } from './pod-defaults.ts';

type SpecDefault = (spec: JsonObject, object: KubeObject) => JsonObject;

function defaultTemplate(spec: JsonObject): JsonObject {
  return mapMember(spec, 'template', (template) =>
    mapMember(asObject(template), 'spec', (pod) => defaultPodSpec(asObject(pod))),
  );
}

const rollingUpdate: JsonObject = { maxUnavailable: '25%', maxSurge: '25%' };

function deployment(spec: JsonObject): JsonObject {
  const filled = withDefaults(spec, {
    replicas: 1,
    strategy: {},
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  return mapMember(defaultTemplate(filled), 'strategy', (strategy) => {
    const typed = withDefaults(asObject(strategy), { type: 'RollingUpdate' });
    if (typed['type'] !== 'RollingUpdate') return typed;
    return mapMember(withDefaults(typed, { rollingUpdate }), 'rollingUpdate', (update) =>
      withDefaults(asObject(update), rollingUpdate),
    );
  });
}

function statefulSet(spec: JsonObject): JsonObject {
  const filled = withDefaults(spec, {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    serviceName: '',
    revisionHistoryLimit: 10,
    updateStrategy: {},
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  });
  return mapMember(defaultTemplate(filled), 'updateStrategy', (strategy) => {
    const typed = withDefaults(asObject(strategy), { type: 'RollingUpdate' });
    if (typed['type'] !== 'RollingUpdate') return typed;
    return mapMember(withDefaults(typed, { rollingUpdate: {} }), 'rollingUpdate', (update) =>
      withDefaults(asObject(update), { partition: 0 }),
    );
  });
}

function daemonSet(spec: JsonObject): JsonObject {
  const filled = withDefaults(spec, { revisionHistoryLimit: 10, updateStrategy: {} });
  return mapMember(defaultTemplate(filled), 'updateStrategy', (strategy) => {
    const typed = withDefaults(asObject(strategy), { type: 'RollingUpdate' });
    if (typed['type'] !== 'RollingUpdate') return typed;
    const limits = { maxSurge: 0, maxUnavailable: 1 };
    return mapMember(withDefaults(typed, { rollingUpdate: limits }), 'rollingUpdate', (update) =>
      withDefaults(asObject(update), limits),
    );
  });
}

function job(spec: JsonObject): JsonObject {
  const counted = spec['parallelism'] === undefined ? withDefaults(spec, { completions: 1 }) : spec;
  return defaultTemplate(
    withDefaults(counted, {
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      manualSelector: false,
      podReplacementPolicy: 'TerminatingOrFailed',
    }),
  );
}

function cronJob(spec: JsonObject): JsonObject {
  const filled = withDefaults(spec, {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  return mapMember(filled, 'jobTemplate', (template) =>
    mapMember(asObject(template), 'spec', (inner) => defaultTemplate(asObject(inner))),
  );
}

function service(spec: JsonObject): JsonObject {
  const filled = withDefaults(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
  return mapMember(
    filled['type'] === 'ExternalName' ? filled : withDefaults(filled, { internalTrafficPolicy: 'Cluster' }),
    'ports',
    (ports) => mapItems(ports, (port) => withDefaults(port, { protocol: 'TCP', targetPort: port['port'] })),
  );
}

function crd(spec: JsonObject): JsonObject {
  const filled = withDefaults(spec, { conversion: { strategy: 'None' } });
  return mapMember(filled, 'names', (value) => {
    const names = asObject(value);
    const kind = asString(names['kind']);
    return withDefaults(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
  });
}

const specDefaults: Readonly<Record<string, SpecDefault>> = {
  'Pod.': (spec) => defaultPodSpec(withDefaults(spec, { enableServiceLinks: true })),
  'Service.': service,
  'Deployment.apps': deployment,
  'ReplicaSet.apps': (spec) => defaultTemplate(withDefaults(spec, { replicas: 1 })),
  'StatefulSet.apps': statefulSet,
  'DaemonSet.apps': daemonSet,
  'Job.batch': job,
  'CronJob.batch': cronJob,
  'HorizontalPodAutoscaler.autoscaling': (spec) => withDefaults(spec, { minReplicas: 1 }),
  'CustomResourceDefinition.apiextensions.k8s.io': crd,
};

const webhookDefaults: JsonObject = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
};

function secret(object: KubeObject): KubeObject {
  const typed = object['type'] === undefined ? { ...object, type: 'Opaque' } : object;
  const plain = typed['stringData'];
  if (!isObject(plain)) return typed;
  const encoded = Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [key, Buffer.from(asString(value)).toString('base64')]),
  );
  return { ...omit(typed, 'stringData'), data: { ...asObject(typed['data']), ...encoded } };
}

function webhooks(object: KubeObject, more: JsonObject): KubeObject {
  if (asArray(object['webhooks']).length === 0) return object;
  const list = mapItems(object['webhooks'], (hook) =>
    mapMember(withDefaults(hook, { ...webhookDefaults, ...more }), 'rules', (rules) =>
      mapItems(rules, (rule) => withDefaults(rule, { scope: '*' })),
    ),
  );
  return list === object['webhooks'] ? object : { ...object, webhooks: list };
}

const objectDefaults: Readonly<Record<string, (object: KubeObject) => KubeObject>> = {
  'Namespace.': (object) =>
    withField(object, ['metadata', 'labels', 'kubernetes.io/metadata.name'], object.metadata.name),
  'Secret.': secret,
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': (object) =>
    webhooks(object, { reinvocationPolicy: 'Never' }),
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': (object) => webhooks(object, {}),
};

/** The object of a built-in kind with upstream's defaults filled in; the same object when nothing is missing. */
export function defaultBuiltin(group: string, kind: string, object: KubeObject): KubeObject {
  const key = `${kind}.${group}`;
  const spec = specDefaults[key];
  const whole = objectDefaults[key];
  const filled = whole === undefined ? object : whole(object);
  if (spec === undefined) return filled;
  const before = asObject(filled['spec']);
  const after = spec(before, filled);
  return after === filled['spec'] ? filled : { ...filled, spec: after };
}
