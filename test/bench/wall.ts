import { record } from '../../src/mesh/json.ts';
import { meshMigrations } from '../../src/api/resources.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { summarized, table } from './figures.ts';
import { Measured } from './measured.ts';
import { writeMeasured } from './page.ts';
import { migrationOnce, never, nowMs, onPlatform, until, type Platform } from './platform.ts';

/*
 * A namespace of ten workloads, one after the other: by the operator, and by a loop that sets the labels and restarts each workload as `kubectl rollout
 * restart` and `kubectl rollout status` do. Both get no time to look at what was restarted (restart.watch), which the loop does not do either.
 */

const rounds = 3;
const workloads = Array.from({ length: 10 }, (_, at) => `web-${at}`);
const slow = { behaviour: { [podBehaviour.readyAfterMs]: '3000' } };

async function deployed({ client }: Platform, home: string): Promise<void> {
  await client.create(kinds.Namespace, namespace(home), never);
  for (const name of workloads) await client.create(kinds.Deployment, deployment(home, name, slow), never);
  for (const name of workloads) await rolledOut({ client }, home, name);
}

/** As `kubectl rollout status` (polymorphichelpers/rollout_status.go), and no old pod is left. */
async function rolledOut({ client }: Pick<Platform, 'client'>, home: string, name: string): Promise<void> {
  await until(
    async () => {
      const { metadata, spec, status } = await client.get(kinds.Deployment, home, name, never);
      const { replicas } = record(spec);
      const now = record(status);
      const isDone =
        now['observedGeneration'] === metadata.generation &&
        [now['replicas'], now['updatedReplicas'], now['availableReplicas']].every((count) => count === replicas);
      return isDone || undefined;
    },
    () => undefined,
  );
}

async function byHand({ client }: Platform, home: string): Promise<void> {
  const labels = { 'istio-injection': null, 'istio.io/dataplane-mode': 'ambient' };
  await client.mergePatch(kinds.Namespace, undefined, home, { metadata: { labels } }, { signal: never });
  for (const name of workloads) {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
    const template = { metadata: { annotations } };
    await client.mergePatch(kinds.Deployment, home, name, { spec: { template } }, { signal: never });
    await rolledOut({ client }, home, name);
  }
}

async function byOperator(platform: Platform, home: string, operator: Measured): Promise<void> {
  await platform.client.create(meshMigrations, meshMigration(home, { names: [home] }), never);
  await migrationOnce(
    platform,
    home,
    ({ status }) => status?.phase === 'Migrated',
    () => {
      operator.check();
    },
  );
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = nowMs();
  await work();
  return (nowMs() - began) / 1000;
}

/** Writes the table into docs/benchmarks.md. */
export async function wall(): Promise<void> {
  const taken: { readonly hand: number; readonly operator: number }[] = [];
  await onPlatform(async (platform) => {
    const operator = await Measured.start(platform.cluster);
    try {
      for (let round = 0; round < rounds; round += 1) {
        const [mine, theirs] = [`by-operator-${round}`, `by-hand-${round}`];
        await deployed(platform, mine);
        await deployed(platform, theirs);
        taken.push({
          hand: await seconds(() => byHand(platform, theirs)),
          operator: await seconds(() => byOperator(platform, mine, operator)),
        });
      }
    } finally {
      await operator.stop();
    }
  });
  const cells = [
    summarized(
      taken.map(({ operator }) => operator),
      1,
    ),
    summarized(
      taken.map(({ hand }) => hand),
      1,
    ),
    summarized(
      taken.map(({ operator, hand }) => operator / hand),
      2,
    ),
  ];
  writeMeasured('wall', table(['operator, s', 'loop, s', 'ratio'], [cells]));
}
