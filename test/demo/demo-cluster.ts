import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { TestCluster } from '../support/test-cluster.ts';
import { serveSim } from '../sim/serve.ts';
import { startSimCluster } from '../sim/sim-cluster.ts';

/** A cluster with Istio in sidecar and ambient mode, reachable by other processes. */
export interface DemoCluster {
  readonly cluster: TestCluster;
  /** File, for kubectl. */
  readonly kubeconfig: string;
  /** File for the operator, with its ServiceAccount's rights; call it once that exists. */
  operatorKubeconfig(): Promise<string>;
  /** A folder for logs; goes with the demo. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** The simulated cluster on the real clock, served on loopback. */
export async function startEmbedded(): Promise<DemoCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-migration-demo-'));
  const cluster = await startSimCluster({ clock: systemClock, random: seededRandom(7) });
  const served = await serveSim(cluster.server, {});
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, served.kubeconfig());
  return {
    cluster,
    kubeconfig,
    folder,
    operatorKubeconfig: () => Promise.resolve(kubeconfig),
    async stop() {
      await served.close();
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The real control plane; its harness is loaded only when it is wanted. */
export async function startReal(log: (line: string) => void): Promise<DemoCluster> {
  const { startRealCluster } = await import('../cluster/real-cluster.ts');
  const folder = mkdtempSync(join(tmpdir(), 'mesh-migration-demo-'));
  const cluster = await startRealCluster({ log });
  return {
    cluster,
    kubeconfig: cluster.kubeconfigPath,
    folder,
    operatorKubeconfig: async () =>
      await cluster.serviceAccountKubeconfig('mesh-migration-system', 'mesh-migration-operator'),
    async stop() {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
