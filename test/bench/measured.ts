import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../src/base/clock.ts';
import type { DemoCluster } from '../demo/demo-cluster.ts';

/** What the operator has used since it was asked last. */
export interface Used {
  readonly cpuSeconds: number;
  /** The longest time of the wall clock in which its event loop came to nothing else. */
  readonly longestMs: number;
  readonly peakMegabytes: number;
}

/** Occurs when the operator ends while it is measured. */
class OperatorGoneError extends Error {
  override readonly name = 'OperatorGoneError';
}

const root = join(import.meta.dirname, '../..');

/** As it has in the Deployment: 75 % of the limit of its container. */
const heapMegabytes = 384;

/** Makes what runs in the image. */
export function buildBundle(): void {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'ignore' });
}

interface Options {
  readonly profile?: string | undefined;
  readonly name?: string;
}

/** The operator of the bundle, in a process of its own, with a probe in it. */
export class Measured {
  readonly #child: ChildProcess;
  readonly #probe: string;
  readonly #log: string;

  private constructor(child: ChildProcess, probe: string, log: string) {
    this.#child = child;
    this.#probe = probe;
    this.#log = log;
  }

  /** `profile`: where a CPU profile goes; `name`: tells several at one cluster apart. */
  static async start(cluster: DemoCluster, { profile, name = 'operator' }: Options = {}): Promise<Measured> {
    const { folder } = cluster;
    const [probe, log] = [join(folder, `${name}.probe.json`), join(folder, `${name}.log`)];
    const output = openSync(log, 'a');
    const child = spawn(
      process.execPath,
      [
        ...['--disable-warning=ExperimentalWarning', `--max-old-space-size=${heapMegabytes}`],
        ...(profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]),
        ...['--import', join(import.meta.dirname, 'probe.ts')],
        join(root, 'dist/operator.mjs'),
        ...['--kubeconfig', await cluster.operatorKubeconfig()],
        ...['--health-host', '127.0.0.1', '--health-port', '0', '--metrics-port', '0'],
      ],
      { stdio: ['ignore', output, output], env: { ...process.env, PROBE_FILE: probe } },
    );
    closeSync(output);
    await once(child, 'spawn');
    return new Measured(child, probe, log);
  }

  check(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw new OperatorGoneError(`the operator has ended: ${readFileSync(this.#log, 'utf8').slice(-2000)}`);
  }

  async used(): Promise<Used> {
    rmSync(this.#probe, { force: true });
    this.#child.kill('SIGUSR2');
    while (!existsSync(this.#probe)) {
      this.check();
      await sleep(systemClock, 50);
    }
    await sleep(systemClock, 50);
    return JSON.parse(readFileSync(this.#probe, 'utf8')) as Used;
  }

  /** By SIGTERM, as Kubernetes does, or otherwise. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, 'exit');
  }
}
