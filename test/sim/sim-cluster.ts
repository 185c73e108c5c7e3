import { sleep, type Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import type { TestCluster } from '../support/test-cluster.ts';
import { SimApiServer } from './apiserver/sim-api-server.ts';
import { startKubernetes } from './controllers/all.ts';
import { addInjector, type InjectorControl } from './controllers/injector.ts';
import { startIstioStatus } from './controllers/istio-status.ts';
import { istioNamespace, startIstiod } from './controllers/istiod.ts';
import { customResourceDefinitions, daemonSets, deployments, namespaces, nodes } from './controllers/kinds.ts';
import { startNodeAgent } from './controllers/node-agent.ts';
import { conditionOf } from './controllers/pods.ts';
import { getByKey, modify } from './controllers/typed-api.ts';
import { startWaypointController } from './controllers/waypoint.ts';
import type { Condition } from './controllers/pod-types.ts';
import type { Deployment } from './controllers/workload-types.ts';
import { gatewayDefinitions, istioDefinitions } from './fixtures/custom-resource-definitions.ts';
import { ambientVariable, controlPlane, namespaceObject, nodeComponents } from './fixtures/istio-system.ts';
import { node } from './fixtures/nodes.ts';
import { addSchemas } from './schemas.ts';
import { SimStatusError } from './sim-api.ts';

/** How a simulated cluster is set up. */
export interface SimClusterOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether the mesh starts with ambient enabled (default); see {@link SimCluster.enableAmbient}. */
  readonly ambient?: boolean;
  /** Whether the Gateway API's CRDs are installed (default). */
  readonly gatewayApi?: boolean;
  /** Default 3. */
  readonly nodes?: number;
}

/** A cluster with Istio on the simulated API server. */
export interface SimCluster extends TestCluster {
  readonly server: SimApiServer;
  readonly injector: InjectorControl;
  /** Turns a sidecar-only mesh into one with ambient beside the sidecars; resolves when all of it is ready. */
  enableAmbient(): Promise<void>;
}

/**
 * Thrown when a part of a simulated cluster does not become ready: a defect of the model, since nothing in it is slow.
 */
export class ClusterStartError extends Error {
  override readonly name = 'ClusterStartError';
}

const pollMs = 20;
const startLimitMs = 60_000;
const manager = 'helm';
const systemNamespaces: readonly string[] = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  istioNamespace,
];

/**
 * Starts API server, controllers and Istio; resolves when everything is ready. On a virtual clock, run the clock until
 * then.
 */
export async function startSimCluster(options: SimClusterOptions): Promise<SimCluster> {
  const { clock, random, ambient = true, gatewayApi = true } = options;
  const server = new SimApiServer({ clock, random });
  addSchemas(server);
  const abort = new AbortController();
  const context = { api: server, clock, random, signal: abort.signal };
  startKubernetes(context);
  const istiod = startIstiod(context);
  const injector = addInjector(server, istiod, clock);
  startNodeAgent(context);
  startWaypointController(context, istiod);
  startIstioStatus(context, istiod);
  install(server, options.nodes ?? 3, gatewayApi);
  await waitUntil(
    clock,
    abort.signal,
    'istiod',
    () => isRolledOut(server) && (!gatewayApi || isAccepted(server, 'istio')),
  );
  const cluster: SimCluster = {
    kind: 'simulated',
    clock,
    server,
    injector,
    admin: server.transport(),
    async enableAmbient() {
      installAmbient(server);
      await waitUntil(
        clock,
        abort.signal,
        'ambient',
        () =>
          isRolledOut(server) &&
          istiod.ambient &&
          nodesReady(server) &&
          (!gatewayApi || isAccepted(server, 'istio-waypoint')),
      );
    },
    pauseIstiod() {
      istiod.pause();
    },
    resumeIstiod() {
      istiod.resume();
    },
    async stop() {
      abort.abort();
      await server.stop();
    },
  };
  if (ambient) await cluster.enableAmbient();
  return cluster;
}

function install(server: SimApiServer, nodeCount: number, gatewayApi: boolean): void {
  for (const name of systemNamespaces) ensure(server, namespaces, namespaceObject(name));
  for (let number = 1; number <= nodeCount; number += 1) server.create(nodes, node(number), { manager });
  const definitions = [...istioDefinitions, ...(gatewayApi ? gatewayDefinitions : [])];
  for (const definition of definitions) server.create(customResourceDefinitions, definition, { manager });
  for (const object of controlPlane()) apply(server, object);
}

function installAmbient(server: SimApiServer): void {
  const istiod = getByKey(server, deployments, `${istioNamespace}/istiod`);
  if (istiod !== undefined) modify(server, deployments, istiod, { manager }, withAmbient);
  for (const object of nodeComponents()) apply(server, object);
}

function withAmbient(istiod: Deployment): Deployment {
  const { template } = istiod.spec;
  const containers = template.spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []).filter(({ name }) => name !== ambientVariable.name), ambientVariable],
  }));
  return { ...istiod, spec: { ...istiod.spec, template: { ...template, spec: { ...template.spec, containers } } } };
}

function apply(server: SimApiServer, object: KubeObject): void {
  const [group = '', kind = ''] = [
    object.apiVersion?.includes('/') === true ? object.apiVersion.split('/')[0] : '',
    object.kind,
  ];
  const resource = server.resourceFor(group, kind);
  if (resource === undefined) throw new Error(`${kind} is not served`);
  ensure(server, resource, object);
}

/** Creates the object unless it is there already. */
function ensure(server: SimApiServer, resource: Resource, object: KubeObject): void {
  try {
    server.create(resource, object, { manager });
  } catch (error) {
    if (!(error instanceof SimStatusError) || error.reason !== 'AlreadyExists') throw error;
  }
}

function isRolledOut(server: SimApiServer): boolean {
  const istiod = getByKey(server, deployments, `${istioNamespace}/istiod`);
  const { observedGeneration = 0, updatedReplicas, replicas, availableReplicas } = istiod?.status ?? {};
  const wanted = istiod?.spec.replicas;
  return (
    observedGeneration >= (istiod?.metadata.generation ?? Infinity) &&
    updatedReplicas === wanted &&
    replicas === wanted &&
    availableReplicas === wanted
  );
}

function nodesReady(server: SimApiServer): boolean {
  return nodeComponents().every(({ metadata }) => {
    const status = getByKey(server, daemonSets, `${istioNamespace}/${metadata.name}`)?.status;
    return (
      status !== undefined && status.desiredNumberScheduled > 0 && status.numberReady === status.desiredNumberScheduled
    );
  });
}

function isAccepted(server: SimApiServer, gatewayClass: string): boolean {
  const resource = server.resourceFor('gateway.networking.k8s.io', 'GatewayClass');
  const found = resource === undefined ? undefined : server.get(resource, undefined, gatewayClass);
  const status = found?.['status'] as { readonly conditions?: readonly Condition[] } | undefined;
  return conditionOf(status?.conditions, 'Accepted')?.status === 'True';
}

async function waitUntil(clock: Clock, signal: AbortSignal, what: string, condition: () => boolean): Promise<void> {
  const deadline = clock.monotonic() + startLimitMs;
  while (!condition()) {
    if (clock.monotonic() > deadline)
      throw new ClusterStartError(`${what} did not become ready within ${String(startLimitMs / 1000)} s`);
    await sleep(clock, pollMs, signal);
  }
}
