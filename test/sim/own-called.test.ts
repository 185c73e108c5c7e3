import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { allowGet, httpPort } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { plain, readableBy } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { refusals } from './refusal-watch.ts';

const minuteMs = 60_000;

function bare(home: string, owner?: KubeObject['metadata']['ownerReferences']): KubeObject {
  const metadata = {
    name: 'api',
    namespace: home,
    labels: { app: 'api' },
    ...(owner !== undefined && { ownerReferences: owner }),
  };
  return { kind: 'Pod', metadata, spec: { serviceAccountName: 'api', containers: [{ name: 'app', image: 'app' }] } };
}

/** One that the operator cannot restart: how it is made, and how a person replaces it. */
interface Called {
  readonly make: (world: World, home: string) => Promise<void>;
  /** At rest, once it is in ambient. */
  readonly rest?: (world: World, home: string) => Promise<void>;
  readonly replace: (world: World, home: string) => Promise<void>;
  readonly named: RegExp;
}

function alone(owner?: KubeObject['metadata']['ownerReferences']): Called {
  return {
    make: async (world, home) => {
      await world.create(bare(home, owner));
    },
    replace: async (world, home) => {
      await world.delete(kinds.Pod, home, 'api');
      await world.gone(kinds.Pod, home, 'api');
      await world.create(bare(home, owner));
    },
    named:
      /^Deployment web gets its sidecars back after pods that it calls and that the operator cannot restart: .*pod api .*: kubectl delete pod api -n .*FailClosed/,
  };
}

const called: Readonly<Record<string, Called>> = {
  'a bare pod': alone(),
  'a pod of a controller that is not known': alone([
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'api', uid: 'a-rollout', controller: true },
  ]),
  'a Deployment that is paused': {
    make: async (world, home) => {
      await world.create(deployment(home, 'api', { serviceAccount: 'api' }));
    },
    rest: async (world, home) => {
      await world.patch('Deployment', home, 'api', { spec: { paused: true } });
    },
    replace: async (world, home) => {
      await world.patch('Deployment', home, 'api', { spec: { paused: null } });
    },
    named: /Deployment api is paused/,
  },
};

async function stuck(world: World, home: string): Promise<string> {
  return await world.eventually(
    'it waits for the called',
    async () =>
      (await world.child(home)).status?.conditions?.find((each) => each.type === 'Stalled' && each.status === 'True')
        ?.message,
    5 * minuteMs,
  );
}

/** Behind a waypoint, with everything in ambient: a person has replaced what the operator cannot. */
async function moved(world: World, home: string, { make, rest, replace }: Called): Promise<void> {
  const accounts = ['web', 'api'].map((name): KubeObject => ({
    kind: 'ServiceAccount',
    metadata: { name, namespace: home },
  }));
  await world.create(
    namespace(home),
    ...accounts,
    service(home, 'api', {}, httpPort),
    allowGet(home),
    deployment(home, 'web', { replicas: 2, serviceAccount: 'web' }),
  );
  await make(world, home);
  await world.podsReady(3);
  await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '1m' } }));
  if (rest === undefined) {
    await world.childPhase('Incomplete');
    await replace(world, home);
  }
  await world.childPhase('Migrated');
  await rest?.(world, home);
  await world.modesAre({ Ambient: 3 });
}

describe('called pods beside their callers that the operator cannot restart', () => {
  it.each(Object.entries(called))(
    'are waited for on the way back, so that no call is refused: %s',
    async (_name, each) => {
      await runOnSimulation({
        name: 'own-called',
        async run(world) {
          const home = world.ns();
          await moved(world, home, each);
          expect(
            await refusals(world, world.clock, home, home, async () => {
              await world.command('RollingBack');
              expect(await stuck(world, home)).toMatch(each.named);
              await world.pause(2 * minuteMs);
              await world.modesAre({ Ambient: 3 });
              await each.replace(world, home);
              await world.phase('RolledBack');
            }),
          ).toEqual([]);
          await world.modesAre({ Sidecar: 3 });
        },
      });
    },
  );

  it.each<readonly [string, (home: string) => Readonly<Record<string, unknown>>]>([
    ['wants callers to be refused', () => ({ policies: { bypass: 'FailClosed' } })],
    ['says that they do not call', (home) => ({ callers: [{ namespace: home, from: [{ namespace: 'elsewhere' }] }] })],
  ])('are not waited for where the user %s', async (_what, edit) => {
    await runOnSimulation({
      name: 'own-called-all-the-same',
      async run(world) {
        const home = world.ns();
        await moved(world, home, alone());
        await world.command('RollingBack');
        await stuck(world, home);
        await world.edit(edit(home));
        await world.eventually(
          'its caller has its sidecars back',
          async () => ((await world.modes()).Sidecar === 2 ? true : undefined),
          5 * minuteMs,
        );
      },
    });
  });

  it('are waited for by those who were known at the start, whoever is named since', async () => {
    await runOnSimulation({
      name: 'own-called-before',
      async run(world) {
        const home = world.ns();
        await moved(world, home, alone());
        const rules = [{ to: [{ operation: { methods: ['GET'] } }] }];
        await world.patch('AuthorizationPolicy', home, 'readers', { spec: { rules } });
        await world.pause(minuteMs);
        await world.command('RollingBack');
        expect(await stuck(world, home)).toMatch(/^Deployment web gets its sidecars back after pods that it calls/);
        await world.modesAre({ Ambient: 3 });
      },
    });
  });

  it('are waited for by callers in another namespace, which name them', async () => {
    await runOnSimulation({
      name: 'others-called',
      async run(world) {
        const [a, b] = [world.ns('a'), world.ns('b')];
        await plain(world, a);
        await world.create(
          namespace(b),
          { kind: 'ServiceAccount', metadata: { name: 'api', namespace: b } },
          service(b, 'api', {}, httpPort),
          readableBy(b, a),
          bare(b),
        );
        await world.podsReady(1, a);
        await world.podsReady(1, b);
        await world.create(meshMigration(world.name, { names: [a, b] }, { restart: { progressDeadline: '1m' } }));
        await world.childPhase('Incomplete', b);
        await alone().replace(world, b);
        await world.phase('Migrated');
        expect(
          await refusals(world, world.clock, a, b, async () => {
            await world.command('RollingBack');
            expect(await stuck(world, a)).toMatch(/but .* does not go on: pod api .*delete/);
            await world.pause(2 * minuteMs);
            await world.modesAre({ Ambient: 1 }, a);
            await alone().replace(world, b);
            await world.phase('RolledBack');
          }),
        ).toEqual([]);
      },
    });
  });
});
