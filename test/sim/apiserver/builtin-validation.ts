import type { KubeObject } from '../../../src/api/object.ts';
import { validateDefinition } from './crd-validation.ts';
import { invalidValue, required, type StatusCause } from './errors.ts';
import { asArray, asObject, asString, at, equal, isObject, omit, withField, type JsonObject } from './json.ts';
import { matchesLabels, parseLabelSelector, selectorOf } from './label-selector.ts';

type Validate = (object: KubeObject, previous: KubeObject | undefined) => readonly StatusCause[];

function containers(spec: JsonObject, field: string): readonly StatusCause[] {
  const list = asArray(spec['containers']);
  if (list.length === 0) return [required(`${field}.containers`)];
  const causes: StatusCause[] = [];
  for (const name of ['initContainers', 'containers']) {
    asArray(spec[name]).forEach((item, index) => {
      const path = `${field}.${name}[${String(index)}]`;
      if (at(item, 'name') === undefined) causes.push(required(`${path}.name`));
      if (at(item, 'image') === undefined) causes.push(required(`${path}.image`));
    });
  }
  return causes;
}

/** Fields of a pod that may change after creation; the scheduler's binding sets nodeName once. */
function mutablePart(spec: unknown): JsonObject {
  const images = (list: unknown): unknown =>
    Array.isArray(list) ? list.map((item) => withField(asObject(item), ['image'], undefined)) : list;
  const rest = omit(
    asObject(spec),
    'activeDeadlineSeconds',
    'tolerations',
    'terminationGracePeriodSeconds',
    'schedulingGates',
  );
  return { ...rest, containers: images(rest['containers']), initContainers: images(rest['initContainers']) };
}

const podImmutable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function pod(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  const spec = asObject(object['spec']);
  if (previous === undefined) return containers(spec, 'spec');
  const before = asObject(previous['spec']);
  if (spec === before) return [];
  const bound = before['nodeName'] === undefined ? withField(spec, ['nodeName'], undefined) : spec;
  if (equal(mutablePart(bound), mutablePart(before))) return [];
  return [{ reason: 'FieldValueForbidden', message: `Forbidden: ${podImmutable}`, field: 'spec' }];
}

function workload(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  const spec = asObject(object['spec']);
  if (spec === previous?.['spec']) return [];
  const selector = spec['selector'];
  const causes: StatusCause[] = isObject(selector) ? [] : [required('spec.selector')];
  causes.push(...containers(asObject(at(spec, 'template', 'spec')), 'spec.template.spec'));
  const labels = asObject(at(spec, 'template', 'metadata', 'labels')) as Readonly<Record<string, string>>;
  if (!isObject(selector) || !matchesLabels(selectorOf(selector), labels)) {
    causes.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  if (previous !== undefined && !equal(selector, at(previous, 'spec', 'selector'))) {
    causes.push(invalidValue('spec.selector', selector, 'field is immutable'));
  }
  return causes;
}

const statefulSetMutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function statefulSet(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  const causes = workload(object, previous).filter((cause) => !cause.message.endsWith('field is immutable'));
  if (previous === undefined) return causes;
  const fixed = (value: KubeObject): JsonObject => omit(asObject(value['spec']), ...statefulSetMutable);
  if (equal(fixed(object), fixed(previous))) return causes;
  const fields = statefulSetMutable.map((field) => `'${field}'`);
  const listed = `${fields.slice(0, -1).join(', ')} and ${String(fields.at(-1))}`;
  return [
    ...causes,
    {
      reason: 'FieldValueForbidden',
      message: `Forbidden: updates to statefulset spec for fields other than ${listed} are forbidden`,
      field: 'spec',
    },
  ];
}

function job(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  const spec = asObject(object['spec']);
  if (spec === previous?.['spec']) return [];
  const causes: StatusCause[] = [...containers(asObject(at(spec, 'template', 'spec')), 'spec.template.spec')];
  const policy = at(spec, 'template', 'spec', 'restartPolicy');
  if (policy !== 'Never' && policy !== 'OnFailure') {
    causes.push(required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
  }
  if (
    previous !== undefined &&
    at(previous, 'spec', 'suspend') !== true &&
    !equal(at(spec, 'template'), at(previous, 'spec', 'template'))
  ) {
    causes.push(invalidValue('spec.template', at(spec, 'template'), 'field is immutable'));
  }
  return causes;
}

function service(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  const spec = asObject(object['spec']);
  const headless = spec['clusterIP'] === 'None' || spec['type'] === 'ExternalName';
  const causes: StatusCause[] = [];
  const ports = asArray(spec['ports']);
  if (!headless && ports.length === 0) causes.push(required('spec.ports'));
  ports.forEach((port, index) => {
    if (ports.length > 1 && at(port, 'name') === undefined) causes.push(required(`spec.ports[${String(index)}].name`));
  });
  const address = at(previous, 'spec', 'clusterIP');
  if (address !== undefined && address !== spec['clusterIP'] && spec['type'] !== 'ExternalName') {
    causes.push(invalidValue('spec.clusterIPs[0]', [spec['clusterIP']], 'may not change once set'));
  }
  return causes;
}

function budget(object: KubeObject): readonly StatusCause[] {
  const spec = asObject(object['spec']);
  if (spec['minAvailable'] === undefined || spec['maxUnavailable'] === undefined) return [];
  return [invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set')];
}

function lease(object: KubeObject): readonly StatusCause[] {
  const seconds = at(object, 'spec', 'leaseDurationSeconds');
  if (typeof seconds !== 'number' || seconds > 0) return [];
  return [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')];
}

function immutableRole(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  if (previous === undefined || equal(object['roleRef'], previous['roleRef'])) return [];
  return [invalidValue('roleRef', object['roleRef'], 'cannot change roleRef')];
}

/** What the new API asks of an event, under the names of the old one. */
function newEvent(object: KubeObject, previous: KubeObject | undefined): readonly StatusCause[] {
  const causes = event({ ...object, involvedObject: object['regarding'] });
  if (previous !== undefined) return causes;
  if (object['eventTime'] === undefined || object['eventTime'] === null) return [...causes, required('eventTime')];
  const missing = ['reportingController', 'reportingInstance', 'action', 'reason'].filter(
    (field) => (object[field] ?? '') === '',
  );
  const note = asString(object['note']);
  const long = note.length > 1024 ? [invalidValue('message', '', 'can have at most 1024 characters')] : [];
  return [...causes, ...missing.map((field) => required(field)), ...long];
}

function event(object: KubeObject): readonly StatusCause[] {
  const about = at(object, 'involvedObject', 'namespace');
  const { namespace } = object.metadata;
  // An event about a cluster-scoped object lives in `default` (ValidateEventCreate).
  if (
    about === undefined || about === '' ? namespace === 'default' || namespace === 'kube-system' : about === namespace
  )
    return [];
  return [invalidValue('involvedObject.namespace', about ?? '', 'does not match event.namespace')];
}

function selectable(object: KubeObject): readonly StatusCause[] {
  try {
    parseLabelSelector('');
    selectorOf(asObject(at(object, 'spec', 'selector')));
    return [];
  } catch (error) {
    return [invalidValue('spec.selector', at(object, 'spec', 'selector'), String(error))];
  }
}

const rules: Readonly<Record<string, Validate>> = {
  'Pod.': pod,
  'Service.': service,
  'Event.': event,
  'Event.events.k8s.io': newEvent,
  'Deployment.apps': workload,
  'ReplicaSet.apps': workload,
  'DaemonSet.apps': workload,
  'StatefulSet.apps': statefulSet,
  'Job.batch': job,
  'PodDisruptionBudget.policy': (object) => [...budget(object), ...selectable(object)],
  'CustomResourceDefinition.apiextensions.k8s.io': validateDefinition,
  'Lease.coordination.k8s.io': lease,
  'RoleBinding.rbac.authorization.k8s.io': immutableRole,
  'ClusterRoleBinding.rbac.authorization.k8s.io': immutableRole,
};

/**
 * What is wrong with an object of a built-in kind, in upstream's words. Covers what a client of the model can run into.
 */
export function validateBuiltin(
  group: string,
  kind: string,
  object: KubeObject,
  previous: KubeObject | undefined,
): readonly StatusCause[] {
  return rules[`${kind}.${group}`]?.(object, previous) ?? [];
}
