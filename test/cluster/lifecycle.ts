import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/config.ts';
import { createHttpTransport, type HttpTransport } from '../../src/kube/http-transport.ts';
import { ensureBinaries } from './binaries.ts';
import { cacheRoot } from './cache.ts';
import { certificateUser, writeKubeconfig } from './kubeconfig.ts';
import { issueCertificates, type ClientName } from './certificates.ts';
import { readClusterState, writeClusterState, type ClusterState } from './cluster-state.ts';
import { ComponentError, componentRecords, startComponent, stopComponents } from './component.ts';
import { certificatesOf, configDir, controlPlane, kubeconfigOf } from './control-plane.ts';
import { installIstio, kubectl, upgradeToAmbient } from './istio.ts';
import { freePorts } from './ports.ts';
import { isRunning, signalProcess, type ProcessIdentity } from './process-identity.ts';
import { nodesReady, untilTrue } from './readiness.ts';
import { serverAccess } from './service-account.ts';

/** How to start a cluster. */
export interface StartOptions {
  readonly directory: string;
  /** Without ambient: as a cluster is before anybody thinks of a migration. */
  readonly sidecarOnly: boolean;
  /** The process with which the cluster ends; see `sweepAbandoned`. */
  readonly owner?: ProcessIdentity;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const attempts = 3;

/** Where the cluster of `cluster up` is kept. */
export function sharedClusterDirectory(): string {
  return join(cacheRoot(), 'cluster');
}

/** Where each test run keeps its own cluster. */
export function runsDirectory(): string {
  return join(cacheRoot(), 'runs');
}

/** Starts everything. When it fails or is aborted half-way, nothing is left behind. */
export async function startCluster(options: StartOptions): Promise<ClusterState> {
  const { directory, log, signal } = options;
  const tools = await ensureBinaries(log, signal);
  for (let attempt = 1; ; attempt += 1) {
    const state: ClusterState = {
      directory,
      tools,
      ports: await freePorts(),
      ambient: !options.sidecarOnly,
      phase: 'starting',
      ...(options.owner === undefined ? {} : { owner: options.owner }),
    };
    const failed = new AbortController();
    try {
      return await startAll(state, log, AbortSignal.any([signal, failed.signal]));
    } catch (error) {
      failed.abort(error); // ends what was going on beside the step that failed
      await stopCluster(directory);
      if (!(error instanceof ComponentError && error.portClash) || attempt === attempts) throw error;
      log('another program took one of the ports; starting over with others');
    }
  }
}

async function startAll(state: ClusterState, log: (line: string) => void, signal: AbortSignal): Promise<ClusterState> {
  writeClusterState(state);
  await issueCertificates(certificatesOf(state), signal);
  for (const client of ['admin', 'controller-manager', 'scheduler', 'kwok', 'node-agent'] satisfies ClientName[]) {
    writeKubeconfig(kubeconfigOf(state, client), serverAccess(state), certificateUser(certificatesOf(state), client));
  }
  for (const component of controlPlane(state)) {
    log(`starting ${component.name}`);
    await startComponent(state.directory, component, signal);
  }
  await withAdmin(state, async (admin, client) => {
    await kubectl({ state, signal }, 'apply', '--server-side', '-f', join(configDir, 'nodes.yaml'));
    await untilTrue('all nodes are ready', signal, async () => await nodesReady(client, signal));
    await installIstio({ state, admin, client, log, signal });
  });
  const up: ClusterState = { ...state, phase: 'up' };
  writeClusterState(up);
  return up;
}

/** Installs ambient beside the sidecars; nothing to do where it is. */
export async function enableAmbient(
  state: ClusterState,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<ClusterState> {
  if (state.ambient) return state;
  const ambient: ClusterState = { ...state, ambient: true };
  await withAdmin(state, async (admin, client) => {
    await upgradeToAmbient({ state: ambient, admin, client, log, signal });
  });
  writeClusterState(ambient);
  return ambient;
}

/** Ends every process of the cluster and removes its directory. */
export async function stopCluster(directory: string): Promise<void> {
  // Short: nothing of it is kept, and the API server would wait a minute for its watches.
  await stopComponents(directory, componentRecords(directory), 1_000);
  rmSync(directory, { recursive: true, force: true });
}

/** The same by force and at once, for a process that is about to exit and can no longer wait. */
export function killCluster(directory: string): void {
  for (const { process } of componentRecords(directory)) signalProcess(process, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
}

/** Ends the clusters of test runs that were killed before they could do so themselves. */
export async function sweepAbandoned(log: (line: string) => void): Promise<void> {
  if (!existsSync(runsDirectory())) return;
  for (const name of readdirSync(runsDirectory())) {
    const directory = join(runsDirectory(), name);
    const owner = readClusterState(directory)?.owner;
    if (owner === undefined || isRunning(owner)) continue;
    log(`ending the cluster that process ${owner.pid} left behind`);
    await stopCluster(directory);
  }
}

/** A connection as cluster admin. */
export async function connectAdmin(state: ClusterState): Promise<HttpTransport> {
  return createHttpTransport(await loadConnection({ kubeconfig: kubeconfigOf(state, 'admin') }));
}

async function withAdmin(
  state: ClusterState,
  work: (admin: HttpTransport, client: KubeClient) => Promise<void>,
): Promise<void> {
  const admin = await connectAdmin(state);
  try {
    const client = new KubeClient({
      transport: admin,
      clock: systemClock,
      random: systemRandom,
      fieldManager: 'test-cluster',
      userAgent: 'test-cluster',
    });
    await work(admin, client);
  } finally {
    await admin.close();
  }
}
