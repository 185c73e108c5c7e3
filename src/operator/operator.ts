import { fieldManager, type MeshMigration } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import { sleep } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { KubeClient } from '../kube/client.ts';
import { EventRecorder } from '../kube/events.ts';
import { Fence } from '../kube/fence.ts';
import { LeaderElector } from '../kube/lease.ts';
import type { Transport } from '../kube/transport.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import type { Meshes } from '../mesh/registry.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import type { PrometheusTransport } from '../prometheus/transport.ts';
import type { Window } from './call-history.ts';
import { CallersObserver } from './callers-observer.ts';
import { ClusterView, type Whole } from './cluster-view.ts';
import { Controller } from './controller.ts';
import { Faults } from './faults.ts';
import { GateReader } from './gates/gate-reader.ts';
import { measured } from './metrics/measured-transport.ts';
import { unobserved, type Observer } from './metrics/observer.ts';
import type { Source } from './metrics/source.ts';
import type { State } from './metrics/state.ts';
import { RecordRefusals } from './record-refusals.ts';
import { Unanswered } from './unanswered.ts';

/** What an operator is made of; tests hand in a virtual clock and a simulated cluster. */
export interface OperatorOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Must differ between any two processes, also between two runs of the same pod. */
  readonly identity: string;
  /** Namespace of the Lease. */
  readonly namespace: string;
  /** Where this process runs, if it knows and that is another one. */
  readonly podNamespace?: string | undefined;
  /** Namespace of Istio's control plane. Default: istio-system. */
  readonly istioNamespace?: string;
  /** One more namespace of ztunnel or istio-cni, besides those where installers put them. */
  readonly nodeAgentsNamespace?: string | undefined;
  /** What it knows of meshes. */
  readonly meshes: Meshes;
  /** How many namespaces of one migration may be under way at once. Default: 5. */
  readonly maxConcurrentNamespaces?: number;
  /** Where to ask who calls whom. Default: nobody is asked. */
  readonly prometheus?: PrometheusOptions;
  /** Whoever measures what it does. Default: nobody. */
  readonly observer?: Observer;
}

/** How a Prometheus is asked, and how far back a call counts. */
export interface PrometheusOptions {
  readonly transport: PrometheusTransport;
  readonly callersWindow: Window;
}

/** Thrown by a write that was about to be sent by a process that no longer leads (G in docs/safety.md). */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}

/** A running operator's answers to probes, and to whoever measures it. */
export interface Operator extends Source {
  /** Whether the cluster has been read; a replica that does not lead is ready too. */
  isReady(): boolean;
  /** Resolves after `signal` was aborted and the Lease released; rejects when leadership is lost. */
  run(signal: AbortSignal): Promise<void>;
}

/** Of the Lease, and what the API server knows the operator by. */
const name = 'mesh-migration-operator';

const notReadyReportMs = 10_000;

/** Says what it is waiting for, again and again: an API server that cannot be reached at the start is no silence. */
async function report(
  { clock, log, transport }: OperatorOptions,
  view: ClusterView,
  until: AbortSignal,
): Promise<never> {
  for (;;) {
    await sleep(clock, notReadyReportMs, until);
    log.warn(
      { server: transport.server, waitingFor: view.unsynced() },
      'Not ready yet: some kinds could not be read; check the connection, the CRDs in crds/ and the ClusterRole in deploy/',
    );
  }
}

/** Resolves once the cluster has been read, or `signal` was aborted. */
async function synced(options: OperatorOptions, view: ClusterView, signal: AbortSignal): Promise<void> {
  const { log } = options;
  const done = new AbortController();
  const reporting = report(options, view, AbortSignal.any([signal, done.signal])).catch(() => undefined);
  try {
    await view.whenSynced(signal);
    const kinds = view.absent();
    if (kinds.length > 0)
      log.info({ kinds }, 'The API server does not serve these kinds; whichever of them comes is read then');
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    done.abort();
    await reporting;
  }
}

/** What the leader before it has written it has to know, also of kinds whose watch is down. */
async function lead(view: ClusterView, controller: Controller, leading: AbortSignal): Promise<void> {
  await view.refreshed(leading);
  await controller.run(leading);
}

function stateOf({ migrations, children }: ClusterView): State {
  const all = migrations.list().map(({ object }) => object);
  const names = new Set(all.map(({ metadata }) => metadata.name));
  const records = children.list().map(({ object }) => object);
  // Whoever may create records could name any migration in them.
  return { migrations: all, records: records.filter(({ spec }) => names.has(spec.migration)) };
}

/** Writes nothing unless it leads. */
function leadersClient({ transport, clock, random }: OperatorOptions, elector: LeaderElector): KubeClient {
  return new KubeClient({
    transport,
    clock,
    random,
    fieldManager,
    userAgent: name,
    beforeWrite: () => {
      if (!elector.isLeader()) throw new NotLeaderError('this process does not hold the lease any more');
    },
  });
}

/** Who asks Prometheus who calls whom, by the name of the mesh; nobody where there is none to ask. */
function callersFrom(
  { prometheus, clock, random, log, meshes }: OperatorOptions,
  rootNamespace: string,
  migrations: () => readonly Whole<MeshMigration>[],
): ReadonlyMap<string, CallersObserver> {
  if (prometheus === undefined) return new Map();
  const observing = (adapter: MeshAdapter): CallersObserver =>
    new CallersObserver({
      mesh: adapter.name,
      isNeeded: () => migrations().some(({ object }) => adapter.needsCallers(object.spec)),
      telemetry: adapter.telemetry,
      client: new PrometheusClient(prometheus.transport, clock),
      rootNamespace,
      clock,
      random,
      log,
      window: prometheus.callersWindow,
    });
  return new Map(meshes.all.map((adapter) => [adapter.name, observing(adapter)]));
}

/** Who reads what gates ask for; nobody where there is no Prometheus. */
function gatesFrom({ prometheus, clock, random, log }: OperatorOptions, rootNamespace: string): GateReader | undefined {
  if (prometheus === undefined) return undefined;
  return new GateReader({
    client: new PrometheusClient(prometheus.transport, clock),
    rootNamespace,
    clock,
    random,
    log,
  });
}

/** Wires everything together. Both replicas keep their view warm, only the leader writes. */
export function createOperator(given: OperatorOptions): Operator {
  const { clock, random, log, identity, namespace, meshes, observer = unobserved } = given;
  const transport = measured(given.transport, clock, observer);
  const options = { ...given, transport };
  const controlPlaneNamespace = options.istioNamespace ?? 'istio-system';
  const elector = new LeaderElector({ transport, clock, random, log, namespace, name, identity });
  const client = leadersClient(options, elector);
  const callers = callersFrom(options, controlPlaneNamespace, () => view.migrations.list());
  const gates = gatesFrom(options, controlPlaneNamespace);
  const view: ClusterView = new ClusterView({
    client,
    meshes,
    controlPlaneNamespace,
    nodeAgentsNamespace: options.nodeAgentsNamespace,
    ownNamespaces: [namespace, ...(options.podNamespace === undefined ? [] : [options.podNamespace])],
    clock,
    random,
    log,
    callers,
  });
  const context = {
    view,
    client,
    meshes,
    fence: new Fence(),
    unanswered: new Unanswered(clock),
    records: new RecordRefusals(clock),
    faults: new Faults(log),
    events: new EventRecorder({ transport, clock, log, instance: identity }),
    observer,
    clock,
    log,
    maxConcurrentNamespaces: options.maxConcurrentNamespaces ?? 5,
    callers: [...callers.values()],
    gates,
  };
  const controller = new Controller(context, random, 4);

  async function run(signal: AbortSignal): Promise<void> {
    const stopped = new AbortController();
    const all = AbortSignal.any([signal, stopped.signal]);
    const reflecting = view.run(all);
    let observing: readonly Promise<void>[] = [];
    try {
      await synced(options, view, all);
      // Before it leads: when it takes over, it knows.
      observing = [...callers.values(), ...(gates === undefined ? [] : [gates])].map((each) => each.run(all));
      await elector.run(all, (leading) => lead(view, controller, leading));
    } finally {
      stopped.abort(new Error('the operator ends'));
      await Promise.all([reflecting, ...observing]);
    }
  }

  return {
    isReady: () => view.synced,
    isLeader: () => elector.isLeader(),
    queued: () => controller.queued,
    state: () => stateOf(view),
    run,
  };
}
