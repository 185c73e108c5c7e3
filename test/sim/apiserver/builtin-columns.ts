import type { KubeObject } from '../../../src/api/object.ts';
import { asArray, asNumber, asObject, asString, at, isObject, type JsonObject } from './json.ts';
import { podColumns } from './pod-columns.ts';
import type { Column } from './served-resource.ts';
import { ageOf, durationText } from './duration-text.ts';

type Cell = (object: KubeObject, now: number) => unknown;

/** The column with the object's name. */
export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
};
/** The column with the time since creation. */
export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since creation.',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

function text(name: string, cell: Cell, priority = 0): Column {
  return { name, type: 'string', description: `${name}.`, priority, cell };
}

function number(name: string, ...path: readonly string[]): Column {
  return {
    name,
    type: 'integer',
    description: `${path.join('.')}.`,
    cell: (object) => asNumber(at(object, ...path), 0),
  };
}

function containersOf(object: KubeObject): readonly JsonObject[] {
  return asArray(at(object, 'spec', 'template', 'spec', 'containers')).map(asObject);
}

function selectorText(selector: unknown): string {
  const labels = isObject(at(selector, 'matchLabels')) ? at(selector, 'matchLabels') : selector;
  const parts = Object.entries(asObject(labels))
    .filter(([, value]) => typeof value === 'string')
    .map(([key, value]) => `${key}=${String(value)}`);
  return parts.length === 0 ? '<none>' : parts.sort().join(',');
}

const containers = text(
  'Containers',
  (object) =>
    containersOf(object)
      .map((item) => asString(item['name']))
      .join(','),
  1,
);
const images = text(
  'Images',
  (object) =>
    containersOf(object)
      .map((item) => asString(item['image']))
      .join(','),
  1,
);
const selector = text('Selector', (object) => selectorText(at(object, 'spec', 'selector')), 1);

function ready(desired: readonly string[]): Column {
  return text(
    'Ready',
    (object) =>
      `${String(asNumber(at(object, 'status', 'readyReplicas'), 0))}/${String(asNumber(at(object, ...desired), 0))}`,
  );
}

function servicePorts(object: KubeObject): string {
  const ports = asArray(at(object, 'spec', 'ports'))
    .map(asObject)
    .map(
      (port) =>
        `${JSON.stringify(port['port'])}${port['nodePort'] === undefined ? '' : `:${JSON.stringify(port['nodePort'])}`}/${asString(port['protocol'])}`,
    );
  return ports.length === 0 ? '<none>' : ports.join(',');
}

function jobDuration(object: KubeObject, now: number): string {
  const start = at(object, 'status', 'startTime');
  const end = at(object, 'status', 'completionTime');
  if (typeof start !== 'string') return '';
  return durationText((typeof end === 'string' ? Date.parse(end) : now) - Date.parse(start));
}

function eventSeen(object: KubeObject, now: number): string {
  const seen = [
    at(object, 'series', 'lastObservedTime'),
    object['lastTimestamp'],
    object['deprecatedLastTimestamp'],
    object['eventTime'],
  ];
  return ageOf(
    seen.find((value) => typeof value === 'string' && value !== '') ?? object.metadata.creationTimestamp,
    now,
  );
}

function eventObject(object: KubeObject): string {
  const about = asObject(object['involvedObject'] ?? object['regarding']);
  return `${asString(about['kind']).toLowerCase()}/${asString(about['name'])}`;
}

function nodeStatus(object: KubeObject): string {
  const condition = asArray(at(object, 'status', 'conditions'))
    .map(asObject)
    .find((item) => item['type'] === 'Ready');
  const known = condition?.['status'] === 'True' ? 'Ready' : 'NotReady';
  const state = condition === undefined ? 'Unknown' : known;
  return at(object, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

function dataSize(object: KubeObject): number {
  return Object.keys(asObject(object['data'])).length;
}

const none = '<none>';
const events = [
  text('Last Seen', eventSeen),
  text('Type', (object) => object['type']),
  text('Reason', (object) => object['reason']),
  text('Object', eventObject),
  text('Message', (object) => asString(object['message'] ?? object['note']).trim()),
];

/** Columns between name and age, by `kind.group` (pkg/printers/internalversion/printers.go). */
const middle: Readonly<Record<string, readonly Column[]>> = {
  'Namespace.': [text('Status', (object) => at(object, 'status', 'phase'))],
  'Node.': [text('Status', nodeStatus), text('Roles', () => none)],
  'Pod.': podColumns,
  'Service.': [
    text('Type', (object) => at(object, 'spec', 'type')),
    text('Cluster-IP', (object) => at(object, 'spec', 'clusterIP') ?? none),
    text('External-IP', () => none),
    text('Port(s)', servicePorts),
  ],
  'ServiceAccount.': [text('Secrets', (object) => asArray(object['secrets']).length)],
  'ConfigMap.': [text('Data', dataSize)],
  'Secret.': [text('Type', (object) => object['type']), text('Data', dataSize)],
  'Deployment.apps': [
    ready(['spec', 'replicas']),
    text('Up-to-date', (object) => asNumber(at(object, 'status', 'updatedReplicas'), 0)),
    text('Available', (object) => asNumber(at(object, 'status', 'availableReplicas'), 0)),
  ],
  'ReplicaSet.apps': [
    number('Desired', 'spec', 'replicas'),
    number('Current', 'status', 'replicas'),
    number('Ready', 'status', 'readyReplicas'),
  ],
  'StatefulSet.apps': [ready(['spec', 'replicas'])],
  'DaemonSet.apps': [
    number('Desired', 'status', 'desiredNumberScheduled'),
    number('Current', 'status', 'currentNumberScheduled'),
    number('Ready', 'status', 'numberReady'),
    number('Up-to-date', 'status', 'updatedNumberScheduled'),
    number('Available', 'status', 'numberAvailable'),
    text('Node Selector', (object) => selectorText(at(object, 'spec', 'template', 'spec', 'nodeSelector'))),
  ],
  'Job.batch': [
    text(
      'Status',
      (object) =>
        asArray(at(object, 'status', 'conditions'))
          .map(asObject)
          .find((item) => item['status'] === 'True')?.['type'] ?? 'Running',
    ),
    text(
      'Completions',
      (object) =>
        `${String(asNumber(at(object, 'status', 'succeeded'), 0))}/${String(asNumber(at(object, 'spec', 'completions'), 1))}`,
    ),
    text('Duration', jobDuration),
  ],
  'CronJob.batch': [
    text('Schedule', (object) => at(object, 'spec', 'schedule')),
    text('Suspend', (object) => (at(object, 'spec', 'suspend') === true ? 'True' : 'False')),
    text('Active', (object) => String(asArray(at(object, 'status', 'active')).length)),
    text('Last Schedule', (object, now) =>
      at(object, 'status', 'lastScheduleTime') === undefined
        ? none
        : ageOf(at(object, 'status', 'lastScheduleTime'), now),
    ),
  ],
  'PodDisruptionBudget.policy': [
    text('Min Available', (object) => at(object, 'spec', 'minAvailable') ?? 'N/A'),
    text('Max Unavailable', (object) => at(object, 'spec', 'maxUnavailable') ?? 'N/A'),
    number('Allowed Disruptions', 'status', 'disruptionsAllowed'),
  ],
  'Lease.coordination.k8s.io': [text('Holder', (object) => at(object, 'spec', 'holderIdentity') ?? '')],
  'CustomResourceDefinition.apiextensions.k8s.io': [text('Created At', (object) => object.metadata.creationTimestamp)],
};

const wide: Readonly<Record<string, readonly Column[]>> = {
  'Service.': [text('Selector', (object) => selectorText(at(object, 'spec', 'selector')), 1)],
  'Deployment.apps': [containers, images, selector],
  'ReplicaSet.apps': [containers, images, selector],
  'StatefulSet.apps': [containers, images],
  'DaemonSet.apps': [containers, images, selector],
  'Job.batch': [containers, images, selector],
};

/** The columns of a built-in kind. */
export function builtinColumns(group: string, kind: string): readonly Column[] {
  const key = `${kind}.${group}`;
  if (kind === 'Event') return [...events, { ...nameColumn, priority: 1 }];
  if (kind === 'CustomResourceDefinition') return [nameColumn, ...(middle[key] ?? [])];
  const [first, last] =
    kind === 'Pod'
      ? [podColumns.filter((column) => column.priority !== 1), podColumns.filter((column) => column.priority === 1)]
      : [middle[key] ?? [], wide[key] ?? []];
  return [nameColumn, ...first, ageColumn, ...last];
}
