import type { World } from '../../scenarios/world.ts';
import type { OperatorProcess } from '../../support/operator-process.ts';
import type { RealCluster } from '../real-cluster.ts';
import { answers, connections, controlPlane, process, token } from './disturbances.ts';
import { playUnder, type Disturbance } from './story.ts';

type Run = (world: World, cluster: RealCluster, operator: OperatorProcess) => Promise<void>;

/** With an operator of its own in the place of the one that all others use. */
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

/** Checks in which two namespaces migrate there and back while something goes wrong around the operator, or with it. */
export const faultChecks: readonly { readonly name: string; readonly run: Run }[] = [
  { name: 'faults-answers', run: under(answers) },
  { name: 'faults-connections', run: under(connections) },
  { name: 'faults-process', run: under(process) },
  { name: 'faults-control-plane', run: under(controlPlane) },
  { name: 'faults-token', run: under(token) },
];
