import type { Clock } from '../../src/base/clock.ts';
import type { Transport } from '../../src/kube/transport.ts';

/**
 * What a scenario may use of a cluster. The simulated cluster and the real control plane both offer it, so one scenario
 * file runs on both; a scenario never asks which one it is on.
 */
export interface TestCluster {
  readonly kind: 'simulated' | 'real';
  /** Virtual on the simulation, real on the control plane. */
  readonly clock: Clock;
  /** With cluster-admin rights: for the scenario itself. */
  readonly admin: Transport;
  /**
   * From now on istiod hangs: it answers no webhook, makes nothing and reports nothing. Only in scenarios that run
   * alone.
   */
  pauseIstiod(): void;
  /** It goes on, and learns what it has missed. */
  resumeIstiod(): void;
  /** Ends everything that was started, by pid or by abort. */
  stop(): Promise<void>;
}

/**
 * Annotations on a pod (usually put in a workload's template) by which a scenario makes it behave badly. The simulated
 * kubelet and node agent read them, and so do the KWOK stages and the node agent double of the real control plane.
 */
export const podBehaviour = {
  /** Milliseconds from scheduled to Ready, for example "3000". Default: at once. */
  readyAfterMs: 'test.meshmigration.dev/ready-after-ms',
  /**
   * `always`: never Ready; on a pod that is Ready, not any more. `without-sidecar`: never Ready unless the pod has
   * `sidecar.istio.io/status`.
   */
  neverReady: 'test.meshmigration.dev/never-ready',
  /**
   * Milliseconds that it goes on after SIGTERM, Ready all the while, within its grace period. Default: it ends soon, and
   * is not Ready meanwhile.
   */
  drainsForMs: 'test.meshmigration.dev/drains-for-ms',
  /** `never`: the node agent never enrols it; `pending`: it stays at `pending`. Default: enrolled at once. */
  enrol: 'test.meshmigration.dev/enrol',
  /** Milliseconds from started to Succeeded, for pods of Jobs. Default: runs on. */
  completesAfterMs: 'test.meshmigration.dev/completes-after-ms',
} as const;
