import { timestamp } from '../../../src/base/clock.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { conflict, invalid, required } from './errors.ts';
import { asArray, asObject, asString, at, withField, type JsonObject } from './json.ts';
import type { ServedResource } from './served-resource.ts';
import type { ServerState, WriteOptions } from './server-state.ts';
import { commitChange } from './update.ts';

/** POST of a Binding: assigns a pod to a node, once (assignPod upstream). */
export function bindPod(
  state: ServerState,
  served: ServedResource,
  stored: KubeObject,
  binding: JsonObject,
  options: WriteOptions,
): void {
  const node = asString(at(binding, 'target', 'name'));
  const { name } = stored.metadata;
  if (node === '') throw invalid({ group: '', plural: 'bindings', kind: 'Binding' }, name, [required('target.name')]);
  const bound = asString(at(stored, 'spec', 'nodeName'));
  if (bound !== '')
    throw conflict(
      { group: '', plural: 'pods/binding', kind: 'Binding' },
      name,
      `pod ${name} is already assigned to node "${bound}"`,
    );
  const condition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: timestamp(state.clock.now()),
  };
  const others = asArray(at(stored, 'status', 'conditions')).filter(
    (item) => asObject(item)['type'] !== 'PodScheduled',
  );
  const assigned = withField(stored, ['spec', 'nodeName'], node);
  commitChange(state, served, stored, withField(assigned, ['status', 'conditions'], [...others, condition]), options);
}
