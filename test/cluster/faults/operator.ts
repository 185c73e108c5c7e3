import { sleep, systemClock } from '../../../src/base/clock.ts';
import { OperatorEndedError, OperatorProcess } from '../../support/operator-process.ts';

const lookMs = 200;

/** After how long another process is there in the place of one that has ended. */
const restartMs = 1000;

/**
 * The operator as Kubernetes runs it: a process that ends, because it has lost its Lease or was killed, is followed by
 * another.
 */
export class KeptOperator {
  readonly #process: OperatorProcess;
  readonly #over = new AbortController();
  #keeping: Promise<void> | undefined;
  #endings = 0;
  #held = false;

  constructor(kubeconfig: string, logFile: string) {
    this.#process = new OperatorProcess({ kubeconfig, logFile });
  }

  /** How often it has ended by itself. */
  get endings(): number {
    return this.#endings;
  }

  async start(): Promise<void> {
    await this.#process.start();
    this.#keeping = this.#keep();
  }

  /** SIGKILL, and another one after a moment. */
  async kill(): Promise<void> {
    this.#held = true;
    await this.#process.kill();
    this.#held = false;
  }

  /** It stands still, as in a machine that is suspended, until something is over. */
  async frozen(until: () => Promise<void>): Promise<void> {
    const { pid } = this.#process;
    if (pid === undefined) throw new OperatorEndedError('the operator that is to stand still does not run');
    process.kill(pid, 'SIGSTOP');
    try {
      await until();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#keeping;
    await this.#process.stop();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await sleep(systemClock, lookMs, signal).catch(() => undefined);
      if (this.#held || this.#isThere()) continue;
      await sleep(systemClock, restartMs, signal).catch(() => undefined);
      await this.#startUnlessOver();
    }
  }

  async #startUnlessOver(): Promise<void> {
    if (!this.#over.signal.aborted) await this.#process.start();
  }

  #isThere(): boolean {
    if (this.#process.pid === undefined) return false;
    try {
      this.#process.check();
      return true;
    } catch (error) {
      if (!(error instanceof OperatorEndedError)) throw error;
      this.#endings += 1;
      return false;
    }
  }
}
