import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { TestCluster } from '../support/test-cluster.ts';
import { componentRecords, crashComponent } from './component.ts';
import { readClusterState, type ClusterState } from './cluster-state.ts';
import { auditLogOf, certificatesOf, kubeconfigOf } from './control-plane.ts';
import {
  connectAdmin,
  enableAmbient,
  killCluster,
  runsDirectory,
  sharedClusterDirectory,
  startCluster,
  stopCluster,
  sweepAbandoned,
} from './lifecycle.ts';
import type { Ports } from './ports.ts';
import { identityOf, signalProcess } from './process-identity.ts';
import { writeServiceAccountKubeconfig } from './service-account.ts';

/** A real control plane with Istio, and where its files are. */
export interface RealCluster extends TestCluster {
  readonly kind: 'real';
  /** Of the cluster admin. */
  readonly kubeconfigPath: string;
  /** Holds `kubectl`, `helm` and the components themselves. */
  readonly binDir: string;
  /** Holds `istio/samples`, `istio/charts` and `gateway-api/crds`. */
  readonly shareDir: string;
  /** One JSON line for each write (audit.k8s.io/v1 Event at level Metadata). */
  readonly auditLogPath: string;
  readonly ports: Ports;
  /** Holds keys and certificates: `ca.crt`, `apiserver.crt`, `apiserver.key`, `service-account.key`. */
  readonly certificatesDir: string;
  /** Sends a signal to a component: `etcd`, `kube-apiserver`, `istiod`. */
  signal(component: string, signal: NodeJS.Signals): void;
  /** SIGKILL; then the same component again, on what it has left. Resolves when it works. */
  crash(component: string): Promise<void>;
  /** Components that crashed, and from when until when each did not work: milliseconds since the epoch. */
  readonly crashes: readonly Crash[];
  /** For a cluster that was started with `sidecarOnly`: what a mesh admin does before any migration. */
  enableAmbient(): Promise<void>;
  /** A kubeconfig with the rights of that ServiceAccount, valid for a day. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
}

/** A time in which a component was away, or did not work yet. */
export interface Crash {
  readonly component: string;
  readonly from: number;
  readonly until: number;
}

/** Occurs when there is no cluster to connect to. */
export class NoClusterError extends Error {
  override readonly name = 'NoClusterError';
}

/** Options of `startRealCluster`. */
export interface RealClusterOptions {
  /** Without ambient, until `enableAmbient`. */
  readonly sidecarOnly?: boolean;
  /** Progress, line by line. */
  readonly log?: (line: string) => void;
}

const endingSignals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Starts a cluster of its own for this process. However the process ends, so does the cluster. */
export async function startRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  const log =
    options.log ??
    ((): void => {
      /* silent */
    });
  await sweepAbandoned(log);
  mkdirSync(runsDirectory(), { recursive: true });
  const directory = mkdtempSync(join(runsDirectory(), 'run-'));
  const owner = identityOf(process.pid);
  const ending = new AbortController();
  const release = endWithProcess(() => {
    ending.abort(new NoClusterError('the process is ending'));
    killCluster(directory);
  });
  try {
    const started = await startCluster({
      directory,
      sidecarOnly: options.sidecarOnly ?? false,
      log,
      signal: ending.signal,
      ...(owner === undefined ? {} : { owner }),
    });
    return await connect(started, log, async () => {
      await stopCluster(directory);
      release();
    });
  } catch (error) {
    release();
    throw error;
  }
}

/** Uses the cluster that `npm run cluster -- up` left running; its `stop` only closes the connections. */
export async function connectRealCluster(
  log: (line: string) => void = () => {
    /* silent */
  },
): Promise<RealCluster> {
  const state = readClusterState(sharedClusterDirectory());
  if (state?.phase !== 'up') throw new NoClusterError('No cluster is up. Start one with: npm run -s cluster -- up');
  return await connect(state, log, async () => {
    /* It stays up for others. */
  });
}

async function connect(
  initial: ClusterState,
  log: (line: string) => void,
  end: () => Promise<void>,
): Promise<RealCluster> {
  let state = initial;
  const crashes: Crash[] = [];
  const lifetime = new AbortController();
  const admin = await connectAdmin(state);
  const send = (component: string, signal: NodeJS.Signals): void => {
    for (const { name, process } of componentRecords(state.directory))
      if (name === component) signalProcess(process, signal);
  };
  return {
    kind: 'real',
    clock: systemClock,
    admin,
    kubeconfigPath: kubeconfigOf(state, 'admin'),
    binDir: state.tools.binDir,
    shareDir: state.tools.shareDir,
    auditLogPath: auditLogOf(state),
    ports: state.ports,
    certificatesDir: certificatesOf(state),
    signal: send,
    async crash(component) {
      const from = systemClock.now();
      for (const record of componentRecords(state.directory).filter(({ name }) => name === component))
        await crashComponent(state.directory, record, lifetime.signal);
      crashes.push({ component, from, until: systemClock.now() });
    },
    crashes,
    async enableAmbient() {
      state = await enableAmbient(state, log, lifetime.signal);
    },
    pauseIstiod() {
      send('istiod', 'SIGSTOP');
    },
    resumeIstiod() {
      send('istiod', 'SIGCONT');
    },
    async serviceAccountKubeconfig(namespace, name) {
      return await writeServiceAccountKubeconfig(state, admin, namespace, name, lifetime.signal);
    },
    async stop() {
      lifetime.abort(new NoClusterError('the cluster was stopped'));
      await admin.close();
      await end();
    },
  };
}

/** Calls `end` when the process exits for whatever reason but SIGKILL; the returned function takes that back. */
function endWithProcess(end: () => void): () => void {
  const handlers = Object.entries(endingSignals).map(([name, status]) => {
    const handler = (): void => {
      process.exit(status);
    };
    process.once(name, handler);
    return { name, handler };
  });
  process.once('exit', end);
  return () => {
    process.off('exit', end);
    for (const { name, handler } of handlers) process.off(name, handler);
  };
}
