import type { OperatorProcess } from '../../support/operator-process.ts';
import type { World } from '../../scenarios/world.ts';
import type { RealCluster } from '../real-cluster.ts';
import { playUnder, type Disturbance } from './story.ts';

/** What an API server answers, or does not: refusals, answers that are late or lost. */
const answers: Disturbance = {
  seed: 1,
  rules: [
    { fault: { kind: 'Refuse', status: 429, retryAfterSeconds: 1 }, sorts: ['Write', 'Read', 'Lease'], every: 12 },
    { fault: { kind: 'Refuse', status: 500 }, sorts: ['Write', 'Read', 'Lease'], every: 11 },
    { fault: { kind: 'Refuse', status: 503 }, sorts: ['Write', 'Read', 'Watch'], every: 13 },
    { fault: { kind: 'LoseAnswer' }, sorts: ['Write', 'Lease'], every: 8 },
    { fault: { kind: 'Delay', ms: 1500 }, sorts: ['Write', 'Read', 'Lease'], every: 9 },
  ],
  needed: ['Refuse 429', 'Refuse 500', 'Refuse 503', 'LoseAnswer', 'Delay'],
};

type Run = (world: World, cluster: RealCluster, operator: OperatorProcess) => Promise<void>;

function under(disturbance: Disturbance): Run {
  return async (world, cluster, operator) => {
    await operator.stop();
    try {
      await playUnder(disturbance, world, cluster);
    } finally {
      await operator.start();
    }
  };
}

/** Checks in which the operator migrates while something goes wrong around it. */
export const faultChecks: readonly { readonly name: string; readonly run: Run }[] = [
  { name: 'faults-answers', run: under(answers) },
];
