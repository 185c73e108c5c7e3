import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { allowGet, httpPort } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import { refusals } from './refusal-watch.ts';

function bare(home: string): KubeObject {
  return {
    kind: 'Pod',
    metadata: { name: 'web', namespace: home, labels: { app: 'web' } },
    spec: { serviceAccountName: 'web', containers: [{ name: 'app', image: 'app' }] },
  };
}

const callers: Readonly<
  Record<
    string,
    {
      readonly make: (world: World, home: string) => Promise<void>;
      readonly replace: (world: World, home: string) => Promise<void>;
    }
  >
> = {
  'a bare pod': {
    make: async (world, home) => {
      await world.create(bare(home));
    },
    replace: async (world, home) => {
      await world.delete(kinds.Pod, home, 'web');
      await world.gone(kinds.Pod, home, 'web');
      await world.create(bare(home));
    },
  },
  'a Deployment that is paused': {
    make: async (world, home) => {
      await world.create(deployment(home, 'web', { serviceAccount: 'web' }));
      await world.podsReady(3);
      await world.patch('Deployment', home, 'web', { spec: { paused: true } });
    },
    replace: async (world, home) => {
      await world.patch('Deployment', home, 'web', { spec: { paused: null } });
    },
  },
};

describe('a caller beside the called that the operator cannot restart', () => {
  it.each(Object.entries(callers))(
    'is waited for, so that no call is refused: %s',
    async (_name, { make, replace }) => {
      await runOnSimulation({
        name: 'own-caller',
        async run(world) {
          const home = world.ns();
          const accounts = ['web', 'api'].map((name): KubeObject => ({
            kind: 'ServiceAccount',
            metadata: { name, namespace: home },
          }));
          await world.create(
            namespace(home),
            ...accounts,
            service(home, 'api', {}, httpPort),
            allowGet(home),
            deployment(home, 'api', { replicas: 2, serviceAccount: 'api' }),
          );
          await make(world, home);
          await world.podsReady(3);
          expect(
            await refusals(world, world.clock, home, home, async () => {
              await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '1m' } }));
              const message = await world.eventually(
                'it waits for its caller',
                async () =>
                  (await world.child()).status?.conditions?.find(
                    (each) => each.type === 'Stalled' && each.reason === 'HeldByFinding',
                  )?.message,
              );
              expect(message).toMatch(
                /the restart of Deployment api waits: MM122 Service .*\/api: it is called by pods that the operator cannot restart/,
              );
              await world.pause(90_000);
              await world.modesAre({ Sidecar: 3 });
              await replace(world, home);
              await world.childPhase('Migrated');
            }),
          ).toEqual([]);
          await world.modesAre({ Ambient: 3 });
        },
      });
    },
  );
});
