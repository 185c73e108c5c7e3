import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { meshMigrations, type MeshMigration } from '../../src/api/resources.ts';
import { systemClock, sleep } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { startEmbedded } from '../demo/demo-cluster.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { installOperator } from '../support/install.ts';

/*
 * A migration of many namespaces by an operator that is a process of its own: how long it takes to plan, to rest and to migrate, and what the process uses
 * meanwhile. The simulated cluster is in this process, so that both share the machine.
 */

interface Used {
  readonly cpuSeconds: number;
  /** The longest time in which the event loop of the operator came to nothing else, of the wall clock. */
  readonly longestMs: number;
  readonly peakMegabytes: number;
}

const options = { namespaces: 200, workloads: 1, ...Object.fromEntries(argued(process.argv.slice(2))) };

/** `--namespaces 1000 --workloads 5`. */
function argued(args: readonly string[]): readonly (readonly [string, number])[] {
  return args.flatMap((arg, at) => (arg.startsWith('--') ? [[arg.slice(2), Number(args[at + 1])] as const] : []));
}

const demo = await startEmbedded();
const signal = new AbortController().signal;
const { admin } = demo.cluster;
const client = new KubeClient({
  transport: admin,
  clock: systemClock,
  random: systemRandom,
  fieldManager: 'bench',
  userAgent: 'bench',
});

async function deploy(): Promise<void> {
  for (let at = 0; at < options.namespaces; at += 1) {
    const home = `ns-${String(at).padStart(4, '0')}`;
    await client.create(kinds.Namespace, namespace(home, { 'istio-injection': 'enabled', fleet: 'yes' }), signal);
    for (let each = 0; each < options.workloads; each += 1)
      await client.create(kinds.Deployment, deployment(home, `web-${String(each)}`), signal);
  }
}

const probe = join(demo.folder, 'probe.json');

async function start(): Promise<ChildProcess> {
  const log = openSync(join(demo.folder, 'operator.log'), 'a');
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      join(import.meta.dirname, 'probe.mjs'),
      join(import.meta.dirname, '../../src/operator/main.ts'),
      '--kubeconfig',
      await demo.operatorKubeconfig(),
      '--health-host',
      '127.0.0.1',
      '--health-port',
      '0',
    ],
    { stdio: ['ignore', log, log], env: { ...process.env, PROBE_FILE: probe } },
  );
  await once(child, 'spawn');
  return child;
}

async function used(operator: ChildProcess): Promise<Used> {
  rmSync(probe, { force: true });
  operator.kill('SIGUSR2');
  while (!existsSync(probe)) await sleep(systemClock, 50);
  await sleep(systemClock, 50);
  return JSON.parse(readFileSync(probe, 'utf8')) as Used;
}

async function phase(wanted: string): Promise<void> {
  for (;;) {
    const { status } = await client.get<MeshMigration>(meshMigrations, undefined, 'fleet', signal);
    if (status?.phase === wanted && status.namespaces?.total === options.namespaces) return;
    if (operator.exitCode !== null) throw new Error(`the operator ended: ${readFileSync(join(demo.folder, 'operator.log'), 'utf8').slice(-2000)}`);
    await sleep(systemClock, 200);
  }
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const began = systemClock.monotonic();
  const cpu = process.cpuUsage();
  await work();
  const seconds = (systemClock.monotonic() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { cpuSeconds, longestMs, peakMegabytes } = await used(operator);
  process.stdout.write(
    `${what}: ${seconds.toFixed(1)} s, operator ${cpuSeconds.toFixed(1)} s of CPU, longest turn ${longestMs.toFixed(0)} ms, peak ${peakMegabytes.toFixed(0)} MB (the cluster ${((user + system) / 1e6).toFixed(1)} s of CPU)\n`,
  );
}

await installOperator(client, systemClock, signal);
await deploy();
await sleep(systemClock, 3000);
const operator = await start();
await sleep(systemClock, 3000);
const selector = { matchLabels: { fleet: 'yes' } };
await timed('planned', async () => {
  await client.create(meshMigrations, meshMigration('fleet', { selector }, { action: 'Plan', restart: { podsPerMinute: 6000 } }), signal);
  await phase('Planned');
});
await timed('quiet for 20 s', () => sleep(systemClock, 20_000));
await timed('migrated', async () => {
  await client.mergePatch(meshMigrations, undefined, 'fleet', { spec: { action: 'Migrate' } }, { signal });
  await phase('Migrated');
});
operator.kill('SIGTERM');
await once(operator, 'exit');
await demo.stop();
process.exit();
