import { join } from 'node:path';
import type { KubeObject } from '../../../src/api/object.ts';
import type { World } from '../../scenarios/world.ts';
import type { RealCluster } from '../real-cluster.ts';
import { readCorpus } from './corpus.ts';
import { Differential } from './differential.ts';
import { describeDisagreement, type Disagreement } from './disagreement.ts';
import { compareWithEnvoy } from './envoy/check.ts';
import { generateBatches } from './generated.ts';
import { PeerDifferential } from './peer-differential.ts';
import { openStage, type Stage } from './stage.ts';
import type { StageOptions } from './stage-options.ts';
import { Tally } from './tally.ts';

/** Of the generated policies and edits. Another seed gives others. */
const seed = 1;
const batches = 14;
const batchSize = 480;
const peerEdits = 40;

/** More would only hide the first ones. */
const shownDisagreements = 10;

/** The policies of all checks so far. */
export const tally = new Tally();

function optionsOf(world: World, cluster: RealCluster): StageOptions {
  return {
    client: world.client,
    clock: world.clock,
    signal: world.signal,
    program: join(cluster.binDir, 'xds'),
    port: cluster.ports.istiodGrpc,
  };
}

/** Throws if there are disagreements, and shows the first of them. */
function report(disagreements: readonly Disagreement[], objects: ReadonlyMap<string, KubeObject>): void {
  if (disagreements.length === 0) return;
  const shown = disagreements.slice(0, shownDisagreements).map((one) => describeDisagreement(one, objects));
  throw new Error(`${disagreements.length} disagreements with istiod:\n${shown.join('\n')}`);
}

/** Opens the stage for the work, and clears everything away behind it. */
async function onStage(
  world: World,
  cluster: RealCluster,
  work: (differential: Differential, stage: Stage) => Promise<void>,
): Promise<void> {
  const options = optionsOf(world, cluster);
  const stage = await openStage(options);
  const differential = new Differential(options, cluster.admin, stage);
  try {
    await work(differential, stage);
  } finally {
    await differential.delete();
    await stage.close();
  }
}

/** Lets policies go through the cluster, batch by batch, and compares; every second batch edits the one before. */
async function compareBatches(
  world: World,
  cluster: RealCluster,
  list: readonly (readonly KubeObject[])[],
): Promise<void> {
  await onStage(world, cluster, async (differential) => {
    for (const [index, batch] of list.entries()) {
      const { accepted, refused, agreeing, disagreements, objects } = await differential.run(batch);
      tally.add({ policies: accepted, agree: agreeing, refused });
      report(disagreements, objects);
      if (index % 2 === 1 || index === list.length - 1) report(await differential.clear(), objects);
    }
  });
}

/** The written corpus against istiod. */
export async function policyCorpus(world: World, cluster: RealCluster): Promise<void> {
  await compareBatches(world, cluster, [readCorpus()]);
}

/** Thousands of generated policies against istiod. */
export async function policyGenerated(world: World, cluster: RealCluster): Promise<void> {
  await compareBatches(world, cluster, generateBatches(seed, batches, batchSize));
}

/** Our verdicts against those of a real Envoy. */
export async function policyEnvoy(world: World, cluster: RealCluster): Promise<void> {
  await onStage(world, cluster, async (differential, stage) => {
    const [node] = stage.nodes;
    if (node === undefined) throw new Error('nobody is on the stage');
    const { policies, disagreements, objects } = await compareWithEnvoy(differential, node, seed, world.signal);
    tally.add({ policies, agree: policies - new Set(disagreements.map(({ policy }) => policy)).size, refused: 0 });
    report(disagreements, objects);
  });
}

/** PeerAuthentications of every mode at every level, and edits in any order. */
export async function policyPeers(world: World, cluster: RealCluster): Promise<void> {
  const options = optionsOf(world, cluster);
  const peers = PeerDifferential.open(options);
  try {
    const { compared, disagreements, objects } = await peers.run(seed, peerEdits);
    tally.add({
      policies: compared,
      agree: compared - new Set(disagreements.map(({ policy }) => policy)).size,
      refused: 0,
    });
    report(disagreements, objects);
  } finally {
    await peers.close();
  }
}
