import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OperatorControl } from '../scenarios/world.ts';

const main = fileURLToPath(new URL('../../src/operator/main.ts', import.meta.url));

/** Occurs when the operator ended by itself, which it never should. */
export class OperatorEndedError extends Error {
  override readonly name = 'OperatorEndedError';
}

/** An operator in a process of its own, as it runs in a cluster; its log goes to a file. */
export class OperatorProcess implements OperatorControl {
  readonly #kubeconfig: string;
  readonly #args: readonly string[];
  readonly logFile: string;
  #child: ChildProcess | undefined;

  constructor(options: { readonly kubeconfig: string; readonly logFile: string; readonly args?: readonly string[] }) {
    this.#kubeconfig = options.kubeconfig;
    this.#args = options.args ?? [];
    this.logFile = options.logFile;
  }

  /** Another one on the same cluster, with further options. */
  like(...args: readonly string[]): OperatorProcess {
    return new OperatorProcess({ kubeconfig: this.#kubeconfig, logFile: this.logFile, args });
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Throws if it ended by itself. */
  check(): void {
    const child = this.#child;
    if (child !== undefined && (child.exitCode !== null || child.signalCode !== null)) {
      throw new OperatorEndedError(
        `the operator ended by itself (${String(child.exitCode ?? child.signalCode)}); its log is ${this.logFile}`,
      );
    }
  }

  async start(): Promise<void> {
    const log = openSync(this.logFile, 'a');
    const args = [
      '--disable-warning=ExperimentalWarning',
      main,
      '--kubeconfig',
      this.#kubeconfig,
      '--health-host',
      '127.0.0.1',
      '--health-port',
      '0',
      '--metrics-port',
      '0',
      ...this.#args,
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As Kubernetes does: it finishes its write and releases the Lease. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      child.kill(signal);
    });
  }
}
