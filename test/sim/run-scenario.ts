import { seededRandom } from '../../src/base/random.ts';
import type { Logger } from '../../src/base/log.ts';
import type { Observer } from '../../src/operator/metrics/observer.ts';
import type { PrometheusOptions } from '../../src/operator/operator.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { MeshAdapter } from '../../src/mesh/adapter.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { runScenario } from '../scenarios/run.ts';
import { World } from '../scenarios/world.ts';
import { installOperator } from '../support/install.ts';
import { FaultyTransport } from './apiserver/faults.ts';
import type { FaultRule } from './apiserver/fault-rules.ts';
import { startSimCluster, type SimCluster } from './sim-cluster.ts';
import { SimOperator } from './sim-operator.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Virtual time after which a scenario counts as hung. */
const maxMs = 60 * 60_000;

/** What a test may do with a simulated world besides the scenario. */
export interface SimRun {
  readonly seed?: number;
  readonly log?: Logger;
  /** Default: ambient is enabled after the scenario's preparation. */
  readonly ambient?: boolean;
  /** Default: the Gateway API's CRDs are installed. */
  readonly gatewayApi?: boolean;
  /** Faults on the operator's connection to the API server. */
  readonly faults?: readonly FaultRule[];
  /** Whom the operator asks who calls; default: nobody. */
  readonly prometheus?: (clock: VirtualClock) => PrometheusOptions;
  /** What the operator knows of the mesh. Default: Istio as it is. */
  readonly adapter?: MeshAdapter;
  /** How many namespaces of one migration may be under way at once. */
  readonly slots?: number;
  /** Who measures the operator. Default: nobody. */
  readonly observer?: Observer;
  /** Called before the operator is started. */
  readonly arrange?: (cluster: SimCluster, operator: SimOperator, line: FaultyTransport) => void;
}

/** Runs a scenario on a fresh simulated cluster on a virtual clock; the same seed gives the same run. */
export async function runOnSimulation(scenario: Scenario, run: SimRun = {}): Promise<SimOperator> {
  const random = seededRandom(run.seed ?? 1);
  const clock = new VirtualClock({ random: seededRandom((run.seed ?? 1) + 1) });
  return await clock.run(story(scenario, run, clock, random), { maxMs });
}

/** The same with a story in one namespace, whose pods may be outside every mesh. */
export async function runOutside(
  name: string,
  tell: (world: World, home: string) => Promise<void>,
): Promise<SimOperator> {
  return await runOnSimulation({ name, podsOutside: true, run: (world) => tell(world, world.ns()) });
}

async function story(scenario: Scenario, run: SimRun, clock: VirtualClock, random: () => number): Promise<SimOperator> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const cluster = await startSimCluster({ clock, random, ambient: false, gatewayApi: run.gatewayApi ?? true });
  const line = new FaultyTransport(cluster.server.transport('operator'), clock, run.faults ?? []);
  const operator = new SimOperator({
    transport: line,
    clock,
    random,
    ...(run.log && { log: run.log }),
    ...(run.prometheus && { prometheus: run.prometheus(clock) }),
    ...(run.adapter && { adapter: run.adapter }),
    ...(run.slots !== undefined && { slots: run.slots }),
    ...(run.observer && { observer: run.observer }),
  });
  const world = new World({ name: scenario.name, cluster, operator, random, signal });
  try {
    await scenario.prepare?.(world);
    if (run.ambient ?? true) await cluster.enableAmbient();
    await installOperator(
      new KubeClient({ transport: cluster.admin, clock, random, fieldManager: 'helm' }),
      clock,
      signal,
    );
    run.arrange?.(cluster, operator, line);
    await operator.start();
    await runScenario(scenario, world);
    return operator;
  } finally {
    await operator.kill();
    stopping.abort(new Error('the scenario is over'));
    await cluster.stop();
    operator.forget();
  }
}
