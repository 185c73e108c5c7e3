import { meshMigrations, type MeshMigration } from '../../src/api/resources.ts';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { counted } from '../../src/base/counted.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { table } from './figures.ts';
import { Measured } from './measured.ts';
import { writeMeasured } from './page.ts';
import { migrationOnce, never, nowMs, onPlatform, type Platform } from './platform.ts';

/*
 * A migration of many namespaces by an operator that is a process of its own: how long it takes to plan, to rest and to migrate, and what the process uses
 * meanwhile. The simulated cluster is in this process, so that both share the machine.
 */

interface Size {
  readonly namespaces: number;
  /** Of each namespace; with none only what is written of namespaces counts. */
  readonly workloads: number;
  /** Where a CPU profile of the operator goes. */
  readonly profile?: string;
}

const quietMs = 20_000;

async function deploy(client: KubeClient, { namespaces, workloads }: Size): Promise<void> {
  for (let at = 0; at < namespaces; at += 1) {
    const home = `ns-${String(at).padStart(4, '0')}`;
    await client.create(kinds.Namespace, namespace(home, { 'istio-injection': 'enabled', fleet: 'yes' }), never);
    for (let each = 0; each < workloads; each += 1)
      await client.create(kinds.Deployment, deployment(home, `web-${String(each)}`), never);
  }
}

/** Measures what happens while something is done. */
async function timed(operator: Measured, what: string, work: () => Promise<void>): Promise<readonly string[]> {
  await operator.used();
  const [began, own] = [nowMs(), process.cpuUsage()];
  await work();
  const seconds = (nowMs() - began) / 1000;
  const { user, system } = process.cpuUsage(own);
  const { cpuSeconds, longestMs, peakMegabytes } = await operator.used();
  const cells = [seconds.toFixed(1), cpuSeconds.toFixed(1), longestMs.toFixed(0), peakMegabytes.toFixed(0)];
  process.stdout.write(`${what}: ${cells.join(', ')}\n`);
  return [what, ...cells, ((user + system) / 1e6).toFixed(1)];
}

const head = ['', 'time, s', 'CPU, s', 'longest turn, ms', 'peak memory, MB', 'CPU of the cluster, s'];

async function reached(platform: Platform, operator: Measured, phase: string, namespaces: number): Promise<void> {
  const isIt = ({ status }: MeshMigration): boolean =>
    status?.phase === phase && status.namespaces?.total === namespaces;
  await migrationOnce(platform, 'fleet', isIt, () => {
    operator.check();
  });
}

async function measured(platform: Platform, size: Size, operator: Measured): Promise<readonly (readonly string[])[]> {
  const { client } = platform;
  const planned = await timed(operator, 'planned', async () => {
    const spec = { action: 'Plan', restart: { podsPerMinute: 6000 } } as const;
    const selection = { selector: { matchLabels: { fleet: 'yes' } } };
    await client.create(meshMigrations, meshMigration('fleet', selection, spec), never);
    await reached(platform, operator, 'Planned', size.namespaces);
  });
  await sleep(systemClock, quietMs); // Until what follows from the last writes is over.
  const quiet = await timed(operator, `quiet for ${String(quietMs / 1000)} s`, () => sleep(systemClock, quietMs));
  const migrated = await timed(operator, 'migrated', async () => {
    await client.mergePatch(meshMigrations, undefined, 'fleet', { spec: { action: 'Migrate' } }, { signal: never });
    await reached(platform, operator, 'Migrated', size.namespaces);
  });
  return [planned, quiet, migrated];
}

/** Writes a row for each part of the way into docs/benchmarks.md. */
export async function fleet(size: Size): Promise<void> {
  await onPlatform(async (platform) => {
    await deploy(platform.client, size);
    const operator = await Measured.start(platform.cluster, { profile: size.profile });
    try {
      await sleep(systemClock, 3000);
      const rows = await measured(platform, size, operator);
      const title = `${size.namespaces} namespaces with ${counted(size.workloads, 'workload')} each:`;
      writeMeasured('fleet', `${title}\n\n${table(head, rows)}`);
    } finally {
      await operator.stop();
    }
  });
}
