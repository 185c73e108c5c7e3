import { parse } from 'yaml';
import { equal, isObject } from '../apiserver/json.ts';
import { applyStrategicMerge } from '../apiserver/strategic-merge.ts';
import type { SimApi } from '../sim-api.ts';
import type { Gateway } from './gateway-types.ts';
import { istioNamespace } from './istiod.ts';
import { configMaps } from './kinds.ts';
import type { ConfigMap } from './service-types.ts';
import { getByKey, listOf } from './typed-api.ts';
import type { WaypointObject } from './waypoint-objects.ts';
import type { KubeObject } from '../../../src/api/object.ts';

/** Label of a ConfigMap in istiod's namespace with defaults for all Gateways of the class that it names. */
const classDefaultsLabel = 'gateway.istio.io/defaults-for-class';

/** Thrown when the children of a Gateway cannot be rendered; istiod logs that and makes none of them. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
}

/**
 * Why `spec.infrastructure.parametersRef` cannot be used, in istiod's words (validateParametersRef in
 * gateway_collection.go).
 */
export function parametersError(api: SimApi, { metadata: { namespace = '' }, spec }: Gateway): string | undefined {
  const reference = spec.infrastructure?.parametersRef;
  if (reference === undefined) return undefined;
  const { group, kind, name } = reference;
  if (group !== '' || kind !== configMaps.kind)
    return `Unsupported parametersRef group/kind ${group}/${kind}, only ConfigMap is supported`;
  return getByKey(api, configMaps, `${namespace}/${name}`) === undefined
    ? `parametersRef ConfigMap ${namespace}/${name} does not exist`
    : undefined;
}

/**
 * The parameters of a Gateway, in the order in which they are laid over its objects: those of the class, then its own
 * (render in deploymentcontroller.go).
 */
export function parametersOf(api: SimApi, gateway: Gateway): readonly ConfigMap[] {
  const reason = parametersError(api, gateway);
  if (reason !== undefined) throw new RenderError(reason);
  const [oldest] = listOf(api, configMaps, istioNamespace)
    .filter(({ metadata }) => metadata.labels?.[classDefaultsLabel] === gateway.spec.gatewayClassName)
    .toSorted(
      (a, b) => Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? ''),
    );
  const name = gateway.spec.infrastructure?.parametersRef?.name;
  const own = name === undefined ? undefined : getByKey(api, configMaps, `${gateway.metadata.namespace ?? ''}/${name}`);
  return [oldest, own].filter((parameters) => parameters !== undefined);
}

const keys: readonly string[] = [
  'deployment',
  'service',
  'serviceAccount',
  'horizontalPodAutoscaler',
  'podDisruptionBudget',
];

/**
 * The object with the parameters laid over it; undefined when it is to be made only if they ask for it (applyOverlay in
 * deploymentcontroller.go).
 */
export function withParameters(
  { object, parameter, optional }: WaypointObject,
  parameters: readonly ConfigMap[],
): KubeObject | undefined {
  let changed = object;
  for (const { data = {} } of parameters) {
    const unknown = Object.keys(data).find((key) => !keys.includes(key));
    if (unknown !== undefined) throw new RenderError(`unsupported overlay ${JSON.stringify(unknown)}`);
    const overlay = data[parameter];
    if (overlay !== undefined) changed = applyStrategicMerge(changed, patchOf(overlay)) as unknown as KubeObject;
  }
  if (changed === object && optional) return undefined;
  const { labels: _labels, annotations: _annotations, ...identity } = changed.metadata;
  const { labels: _before, annotations: _too, ...original } = object.metadata;
  if (!equal(identity, original)) throw new RenderError('illegal metadata change');
  return changed;
}

function patchOf(overlay: string): Readonly<Record<string, unknown>> {
  let patch: unknown;
  try {
    patch = parse(overlay);
  } catch (error) {
    throw new RenderError(`strategic merge patch failed: ${error instanceof Error ? error.message : 'not YAML'}`);
  }
  if (!isObject(patch)) throw new RenderError('strategic merge patch failed: not an object');
  return patch;
}
