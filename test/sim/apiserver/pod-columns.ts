import type { KubeObject } from '../../../src/api/object.ts';
import { asArray, asNumber, asObject, asString, at, type JsonObject } from './json.ts';
import type { Column } from './served-resource.ts';

function statuses(pod: KubeObject, field: string): readonly JsonObject[] {
  return asArray(at(pod, 'status', field)).map(asObject);
}

/** Names of init containers that keep running (native sidecars): they count among the containers. */
function sidecars(pod: KubeObject): ReadonlySet<unknown> {
  return new Set(
    asArray(at(pod, 'spec', 'initContainers'))
      .map(asObject)
      .filter((container) => container['restartPolicy'] === 'Always')
      .map((container) => container['name']),
  );
}

function counted(pod: KubeObject): readonly JsonObject[] {
  const keep = sidecars(pod);
  return [
    ...statuses(pod, 'initContainerStatuses').filter((status) => keep.has(status['name'])),
    ...statuses(pod, 'containerStatuses'),
  ];
}

function ready(pod: KubeObject): string {
  const total = asArray(at(pod, 'spec', 'containers')).length + sidecars(pod).size;
  return `${String(counted(pod).filter((status) => status['ready'] === true).length)}/${String(total)}`;
}

function restarts(pod: KubeObject): string {
  return String(counted(pod).reduce((sum, status) => sum + asNumber(status['restartCount'], 0), 0));
}

function waitingReason(pod: KubeObject): string | undefined {
  for (const status of counted(pod).toReversed()) {
    for (const state of ['waiting', 'terminated']) {
      const reason = asString(at(status, 'state', state, 'reason'));
      if (reason !== '') return reason;
    }
  }
  return undefined;
}

function status(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const reason = asString(at(pod, 'status', 'reason'));
  return waitingReason(pod) ?? (reason === '' ? asString(at(pod, 'status', 'phase')) : reason);
}

function gates(pod: KubeObject): string {
  const list = asArray(at(pod, 'spec', 'readinessGates')).map(asObject);
  if (list.length === 0) return '<none>';
  const conditions = statuses(pod, 'conditions');
  const held = list.filter((gate) =>
    conditions.some((condition) => condition['type'] === gate['conditionType'] && condition['status'] === 'True'),
  );
  return `${String(held.length)}/${String(list.length)}`;
}

function wide(name: string, cell: (pod: KubeObject) => unknown): Column {
  return { name, type: 'string', description: `${name}.`, priority: 1, cell };
}

function orNone(value: unknown): unknown {
  return value === undefined || value === '' ? '<none>' : value;
}

/** Columns of a pod between name and age, and the wide ones. */
export const podColumns: readonly Column[] = [
  { name: 'Ready', type: 'string', description: 'Containers that are ready, of all.', cell: ready },
  { name: 'Status', type: 'string', description: 'Phase, or why it is not running.', cell: status },
  { name: 'Restarts', type: 'string', description: 'Restarts of all containers.', cell: restarts },
  wide('IP', (pod) => orNone(at(pod, 'status', 'podIP'))),
  wide('Node', (pod) => orNone(at(pod, 'spec', 'nodeName'))),
  wide('Nominated Node', (pod) => orNone(at(pod, 'status', 'nominatedNodeName'))),
  wide('Readiness Gates', gates),
];
