import { expect, it } from '@jest/globals';
import { namespaceMigrations } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { FaultyTransport } from './apiserver/faults.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';
import { SimOperator } from './sim-operator.ts';
import type { Clock } from '../../src/base/clock.ts';

const namespaceWatch = {
  match: { path: /^\/api\/v1\/namespaces\?.*watch=true/ },
  fault: { kind: 'LostRequest' },
} as const;

function phaseOf(record: KubeObject): string {
  return (record['status'] as { readonly phase?: string } | undefined)?.phase ?? '';
}

it('a process that takes over knows what the one before it has done, though its own watch was down', async () => {
  let [cluster, clock]: [SimCluster | undefined, Clock | undefined] = [undefined, undefined];
  const said = new Set<string>();
  await runOnSimulation(
    {
      name: 'takes-over',
      async run(world) {
        if (cluster === undefined || clock === undefined) throw new Error('there is no cluster');
        const home = world.ns();
        await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
        await world.podsReady(2);
        const line = new FaultyTransport(cluster.server.transport('operator'), clock, []);
        const standby = new SimOperator({ transport: line, clock, random: () => 0.5, name: 'standby' });
        await standby.start();
        await world.pause(5000);
        // From here on it hears nothing of namespaces, and asks for them less and less often.
        line.add({ ...namespaceWatch, times: 1000 });
        line.cutWatches();
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.childPhase('Migrated');
        await world.pause(75_000);
        line.heal();
        cluster.server.watch(namespaceMigrations, ({ object }) => {
          said.add(phaseOf(object));
        });
        await world.operator.kill();
        await world.pause(60_000);
        await standby.kill();
        standby.forget();
        await world.operator.start();
      },
    },
    {
      arrange: (made, operator) => {
        cluster = made;
        clock = operator.clock;
      },
    },
  );
  expect([...said]).toEqual(['Migrated']);
});
