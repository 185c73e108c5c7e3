import { equal } from '../apiserver/json.ts';
import type { KubeObject, OwnerReference } from '../../../src/api/object.ts';
import { apiVersionOf } from '../../../src/api/object.ts';
import type { SimApi, SimWriteOptions } from '../sim-api.ts';
import type { Kind } from './kinds.ts';

/** `namespace/name`, or `/name` at cluster scope: what work queues hold. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** The object with this key; undefined when absent. */
export function getByKey<T extends KubeObject>(api: SimApi, kind: Kind<T>, key: string): T | undefined {
  const [namespace = '', name = ''] = key.split('/');
  return api.get(kind, kind.namespaced ? namespace : undefined, name) as T | undefined;
}

/** The objects of one namespace, or of all. */
export function listOf<T extends KubeObject>(api: SimApi, kind: Kind<T>, namespace?: string): readonly T[] {
  return api.list(kind, namespace) as readonly T[];
}

/** Whether objects of the kind can be read: its definition may not be installed. */
export function isServed<T extends KubeObject>(api: SimApi, kind: Kind<T>): boolean {
  return api.resourceFor(kind.group, kind.kind) !== undefined;
}

/** Reads the newest version, changes it and stores it; does nothing when the object is gone. */
export function modify<T extends KubeObject>(
  api: SimApi,
  kind: Kind<T>,
  object: T,
  options: SimWriteOptions,
  change: (current: T) => T,
): T | undefined {
  const current = getByKey(api, kind, keyOf(object));
  if (current === undefined || current.metadata.uid !== object.metadata.uid) return undefined;
  return api.update(kind, change(current), options) as T;
}

/** Stores a status when it differs. */
export function updateStatus<T extends KubeObject & { readonly status?: object }>(
  api: SimApi,
  kind: Kind<T>,
  object: T,
  manager: string,
  status: NonNullable<T['status']>,
): void {
  if (equal(object.status, status)) return;
  modify(api, kind, object, { manager, subresource: 'status' }, (current) => ({ ...current, status }));
}

/** The owner reference that marks the managing controller (metav1.NewControllerRef). */
export function controllerReference<T extends KubeObject>(kind: Kind<T>, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The reference to the managing controller, if the object has one (metav1.GetControllerOf). */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}
