import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { meshMigrations, type MeshMigration } from '../../src/api/resources.ts';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { startEmbedded, type DemoCluster } from '../demo/demo-cluster.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { installOperator } from '../support/install.ts';

/*
 * A migration of many namespaces by an operator that is a process of its own: how long it takes to plan, to rest and to migrate, and what the process uses
 * meanwhile. The simulated cluster is in this process, so that both share the machine.
 */

/** What the operator has used since it was asked last. */
interface Used {
  readonly cpuSeconds: number;
  /** The longest time of the wall clock in which its event loop came to nothing else. */
  readonly longestMs: number;
  readonly peakMegabytes: number;
}

interface Size {
  readonly namespaces: number;
  /** Of each namespace; with none only what is written of namespaces counts. */
  readonly workloads: number;
  /** Where a CPU profile of the operator goes. */
  readonly profile?: string;
}

/** Occurs when the operator ends while it is measured. */
class OperatorGoneError extends Error {
  override readonly name = 'OperatorGoneError';
}

const never = new AbortController().signal;
const quietMs = 20_000;

const root = join(import.meta.dirname, '../..');

/** As it has in the Deployment: 75 % of the limit of its container. */
const heapMegabytes = 384;

async function deploy(client: KubeClient, { namespaces, workloads }: Size): Promise<void> {
  for (let at = 0; at < namespaces; at += 1) {
    const home = `ns-${String(at).padStart(4, '0')}`;
    await client.create(kinds.Namespace, namespace(home, { 'istio-injection': 'enabled', fleet: 'yes' }), never);
    for (let each = 0; each < workloads; each += 1)
      await client.create(kinds.Deployment, deployment(home, `web-${String(each)}`), never);
  }
}

/** The operator with a probe in it. */
class Measured {
  readonly #child: ChildProcess;
  readonly #probe: string;
  readonly #log: string;

  private constructor(child: ChildProcess, probe: string, log: string) {
    this.#child = child;
    this.#probe = probe;
    this.#log = log;
  }

  static async start(cluster: DemoCluster, { profile }: Size): Promise<Measured> {
    const { folder } = cluster;
    const [probe, log] = [join(folder, 'probe.json'), join(folder, 'operator.log')];
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
    await once(child, 'spawn');
    return new Measured(child, probe, log);
  }

  check(): void {
    if (this.#child.exitCode !== null)
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

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}

/** Measures what happens while something is done. */
async function timed(operator: Measured, what: string, work: () => Promise<void>): Promise<void> {
  await operator.used();
  const [began, own] = [systemClock.monotonic(), process.cpuUsage()];
  await work();
  const seconds = (systemClock.monotonic() - began) / 1000;
  const { user, system } = process.cpuUsage(own);
  const { cpuSeconds, longestMs, peakMegabytes } = await operator.used();
  process.stdout.write(
    `${what}: ${seconds.toFixed(1)} s; the operator ${cpuSeconds.toFixed(1)} s of CPU, longest turn ${longestMs.toFixed(0)} ms, ` +
      `peak ${peakMegabytes.toFixed(0)} MB; the cluster ${((user + system) / 1e6).toFixed(1)} s of CPU\n`,
  );
}

async function reached(client: KubeClient, operator: Measured, phase: string, namespaces: number): Promise<void> {
  for (;;) {
    const { status } = await client.get<MeshMigration>(meshMigrations, undefined, 'fleet', never);
    if (status?.phase === phase && status.namespaces?.total === namespaces) return;
    operator.check();
    await sleep(systemClock, 200);
  }
}

/** Prints a line for each part of the way. */
export async function fleet(size: Size): Promise<void> {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'ignore' });
  const cluster = await startEmbedded();
  const client = new KubeClient({
    transport: cluster.cluster.admin,
    clock: systemClock,
    random: systemRandom,
    fieldManager: 'bench',
    userAgent: 'bench',
  });
  await installOperator(client, systemClock, never);
  await deploy(client, size);
  const operator = await Measured.start(cluster, size);
  try {
    await sleep(systemClock, 3000);
    await timed(operator, 'planned', async () => {
      const spec = { action: 'Plan', restart: { podsPerMinute: 6000 } } as const;
      const selection = { selector: { matchLabels: { fleet: 'yes' } } };
      await client.create(meshMigrations, meshMigration('fleet', selection, spec), never);
      await reached(client, operator, 'Planned', size.namespaces);
    });
    await sleep(systemClock, quietMs); // Until what follows from the last writes is over.
    await timed(operator, `quiet for ${String(quietMs / 1000)} s`, () => sleep(systemClock, quietMs));
    await timed(operator, 'migrated', async () => {
      await client.mergePatch(meshMigrations, undefined, 'fleet', { spec: { action: 'Migrate' } }, { signal: never });
      await reached(client, operator, 'Migrated', size.namespaces);
    });
  } finally {
    await operator.stop();
    await cluster.stop();
  }
}
