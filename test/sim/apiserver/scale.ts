import type { KubeObject } from '../../../src/api/object.ts';
import { asNumber, asObject, asString, at, isObject, withField, type JsonObject } from './json.ts';
import type { ServedResource } from './served-resource.ts';

function selectorText(selector: unknown): string {
  if (typeof selector === 'string') return selector;
  return Object.entries(asObject(at(selector, 'matchLabels')))
    .map(([key, value]) => `${key}=${asString(value)}`)
    .sort()
    .join(',');
}

/** The autoscaling/v1 Scale of an object. */
export function scaleOf(served: ServedResource, object: KubeObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const paths = served.scale;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: asNumber(at(object, ...(paths?.specReplicas ?? [])), 0) },
    status: {
      replicas: asNumber(at(object, ...(paths?.statusReplicas ?? [])), 0),
      selector: selectorText(at(object, ...(paths?.selector ?? []))),
    },
  };
}

/** The object with the replicas of a Scale; the Scale's resourceVersion, if any, must still hold. */
export function scaledObject(served: ServedResource, object: KubeObject, scale: JsonObject): KubeObject {
  const version = at(scale, 'metadata', 'resourceVersion');
  const replicas = isObject(scale['spec']) ? asNumber(scale['spec']['replicas'], 0) : 0;
  const scaled = withField(object, served.scale?.specReplicas ?? [], replicas);
  return withField(scaled, ['metadata', 'resourceVersion'], version);
}
