import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { AlreadyExistsError, NotFoundError } from '../../src/kube/errors.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { kinds } from './manifests.ts';
import type { World } from './world.ts';

type Strings = Readonly<Record<string, string>>;

/** Parameters of a waypoint by their key in the ConfigMap: `deployment`, `horizontalPodAutoscaler`... */
export type Parameters = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Type, status, reason and message. */
export type ConditionTuple = readonly [type: string, status: string, reason: string, message: string];

/** How a waypoint's Gateway may differ from the plain one. */
export interface WaypointOptions {
  readonly name?: string;
  readonly labels?: Strings;
  /** Annotations of everything that belongs to it; see `podBehaviour`. */
  readonly annotations?: Strings;
  /** The name of a ConfigMap. */
  readonly parameters?: string;
  /** Instead of the only listener that a waypoint should have. */
  readonly listener?: Readonly<Record<string, unknown>>;
  /** `allowedRoutes.namespaces` of the listener. */
  readonly from?: Readonly<Record<string, unknown>>;
}

/** The Gateway of a waypoint. */
export function waypoint(
  home: string,
  { name = 'waypoint', labels, annotations, parameters, listener, from }: WaypointOptions = {},
): KubeObject {
  const infrastructure = {
    ...(annotations && { annotations }),
    ...(parameters !== undefined && { parametersRef: { group: '', kind: 'ConfigMap', name: parameters } }),
  };
  return {
    kind: 'Gateway',
    metadata: { name, namespace: home, ...(labels && { labels }) },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [
        listener ?? {
          name: 'mesh',
          port: 15008,
          protocol: 'HBONE',
          ...(from && { allowedRoutes: { namespaces: from } }),
        },
      ],
      ...(Object.keys(infrastructure).length > 0 && { infrastructure }),
    },
  };
}

/** A ConfigMap with parameters of waypoints. */
export function waypointParameters(home: string, name: string, parameters: Parameters, labels?: Strings): KubeObject {
  const data = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, stringify(value)]));
  return { kind: 'ConfigMap', metadata: { name, namespace: home, ...(labels && { labels }) }, data };
}

/** Parameters that make the pods of a waypoint behave. */
export function behaving(annotations: Strings): Parameters {
  return { deployment: { spec: { template: { metadata: { annotations } } } } };
}

/** A Service on port 80 for the pods `app: NAME`. */
export function service(
  home: string,
  name: string,
  labels: Strings = {},
  spec: Readonly<Record<string, unknown>> = {},
): KubeObject {
  return {
    kind: 'Service',
    metadata: { name, namespace: home, labels },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

/** The conditions of an object; of a Gateway without those of its listeners. */
export async function conditionsOf(
  world: World,
  kind: keyof typeof kinds,
  home: string,
  name: string,
): Promise<readonly ConditionTuple[]> {
  const { status } = (await world.client.get(kinds[kind], home, name, world.signal)) as {
    readonly status?: { readonly conditions?: readonly Strings[] };
  };
  return (status?.conditions ?? []).map(
    ({ type = '', status: holds = '', reason = '', message = '' }) => [type, holds, reason, message] as const,
  );
}

/** Waits until the conditions are exactly these; shows the last ones otherwise. */
export async function conditionsAre(
  world: World,
  kind: keyof typeof kinds,
  home: string,
  name: string,
  expected: readonly ConditionTuple[],
): Promise<void> {
  let seen: readonly ConditionTuple[] = [];
  try {
    await world.eventually(
      `conditions of ${kind} ${home}/${name}`,
      async () => {
        seen = await conditionsOf(world, kind, home, name);
        return isDeepStrictEqual(seen, expected) ? true : undefined;
      },
      20_000,
    );
  } catch {
    assert.deepEqual(seen, expected, `conditions of ${kind} ${home}/${name}`);
  }
}

/** What a condition says; undefined when there is none of the type. */
export async function condition(
  world: World,
  kind: keyof typeof kinds,
  home: string,
  name: string,
  type: string,
): Promise<ConditionTuple | undefined> {
  return (await conditionsOf(world, kind, home, name)).find(([each]) => each === type);
}

/** Whether istiod says that the Service goes through a waypoint; undefined when it says nothing. */
export async function isBound(world: World, home: string, name: string): Promise<boolean | undefined> {
  const found = await condition(world, 'Service', home, name, 'istio.io/WaypointBound');
  return found === undefined ? undefined : found[1] === 'True';
}

/** How many pods of a waypoint are available, which no condition of the Gateway says. */
export async function availableWaypointPods(world: World, home: string, name = 'waypoint'): Promise<number> {
  const { status } = (await world.client.get(kinds.Deployment, home, name, world.signal)) as {
    readonly status?: { readonly availableReplicas?: number };
  };
  return status?.availableReplicas ?? 0;
}

/** The pods of a waypoint that are not on their way out. */
export async function waypointPods(world: World, home: string, name = 'waypoint'): Promise<readonly KubeObject[]> {
  return (await world.pods(home)).filter(
    ({ metadata }) => metadata.labels?.['gateway.networking.k8s.io/gateway-name'] === name,
  );
}

/** Says of all other namespaces that are there that nobody calls them: none of their waypoints is gone around. */
export async function uncalled(world: World): Promise<MeshMigrationSpec['callers']> {
  const { items } = await world.client.list(kinds.Namespace, { signal: world.signal });
  return items
    .map(({ metadata: { name } }) => name)
    .filter((name) => name !== world.ns())
    .map((name) => ({ namespace: name, from: [] }));
}

/** Every pod of the waypoint stops being Ready, and nothing replaces it. */
export async function breakWaypoint(world: World, home: string, name = 'waypoint'): Promise<void> {
  await annotatePods(world, home, name, 'always');
  await world.eventually('no pod of the waypoint available', async () =>
    (await availableWaypointPods(world, home, name)) === 0 ? true : undefined,
  );
}

/** Undoes {@link breakWaypoint}. */
export async function mendWaypoint(world: World, home: string, name = 'waypoint'): Promise<void> {
  await annotatePods(world, home, name, null);
}

async function annotatePods(world: World, home: string, name: string, value: string | null): Promise<void> {
  for (const { metadata } of await waypointPods(world, home, name)) {
    await world.patch('Pod', home, metadata.name, { metadata: { annotations: { [podBehaviour.neverReady]: value } } });
  }
}

const classDefaults = { namespace: 'istio-system', name: 'test-waypoint-defaults' };

/**
 * How the pods of all waypoints behave that are made or changed from now on, also those that the operator makes; with
 * undefined normally again. It is a setting of the mesh: only for scenarios that run alone (`disturbs`).
 */
export async function waypointsBehave(world: World, annotations: Strings | undefined): Promise<void> {
  const { namespace, name } = classDefaults;
  try {
    await world.delete(kinds.ConfigMap, namespace, name);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  if (annotations === undefined) return;
  const defaults = waypointParameters(namespace, name, behaving(annotations), {
    'gateway.istio.io/defaults-for-class': 'istio-waypoint',
  });
  await world.eventually('defaults for waypoints', async () => {
    try {
      await world.create(defaults);
      return true;
    } catch (error) {
      if (error instanceof AlreadyExistsError) return undefined;
      throw error;
    }
  });
}
