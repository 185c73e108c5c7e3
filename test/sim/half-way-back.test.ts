import { describe, it } from '@jest/globals';
import { barePod, deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOutside } from './run-scenario.ts';

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const joining = { from: 'None', to: 'IstioSidecar' } as const;
const leaving = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const quick = { behaviour: { [podBehaviour.readyAfterMs]: '3000' } };
const three = ['one', 'two', 'three'];

interface Story {
  readonly route: typeof joining | typeof leaving;
  readonly labels?: Readonly<Record<string, string>>;
  /** What stands in the namespace besides, that nobody restarts. */
  readonly beside?: (home: string) => ReturnType<typeof barePod>;
  readonly back: (world: World, home: string) => Promise<void>;
  readonly modes: Readonly<Record<string, number>>;
}

/** The labels have changed, and workloads are to be restarted or are being. */
async function restarting(world: World, home: string): Promise<void> {
  await world.eventually('it restarts', async () => {
    const { status } = await world.child(home);
    return status?.step === 'RestartWorkloads' && (status.workloads ?? []).length > 0 ? true : undefined;
  });
}

async function byCommand(world: World, home: string): Promise<void> {
  await restarting(world, home);
  await world.pause(4000);
  await world.command('RollingBack', home);
}

async function byAction(world: World, home: string): Promise<void> {
  await restarting(world, home);
  await world.edit({ action: 'Rollback' });
}

async function settling(world: World, home: string): Promise<void> {
  await world.eventually('its labels have changed', async () => {
    const { metadata } = await world.client.get(kinds.Namespace, undefined, home, world.signal);
    return metadata.labels?.['istio-injection'] === 'enabled' ? true : undefined;
  });
  await world.command('RollingBack', home);
}

async function atTheEnd(world: World): Promise<void> {
  await world.pause(120_000);
  await world.edit({ action: 'Rollback' });
}

const stories: Readonly<Record<string, Story>> = {
  'out of no mesh, by a command': { route: joining, back: byCommand, modes: { None: 3 } },
  'out of no mesh, as a whole': { route: joining, back: byAction, modes: { None: 3 } },
  'out of no mesh, before the first restart': { route: joining, back: settling, modes: { None: 3 } },
  'out of no mesh, beside a pod that nobody restarts': {
    route: joining,
    beside: (home) => barePod(home, 'bare'),
    back: atTheEnd,
    modes: { None: 4 },
  },
  'out of ambient, by a command': { route: leaving, labels: ambient, back: byCommand, modes: { Ambient: 3 } },
};

async function tell({ route, labels = {}, beside, back, modes }: Story, world: World, home: string): Promise<void> {
  const other = beside?.(home);
  await world.create(
    namespace(home, labels),
    ...three.map((name) => deployment(home, name, quick)),
    ...(other === undefined ? [] : [other]),
  );
  await world.podsReady(other === undefined ? 3 : 4, home);
  await world.create(meshMigration(world.name, { names: [home] }, { ...route, restart: { enrolmentDeadline: '2m' } }));
  await back(world, home);
  await world.childPhase('RolledBack', home);
  await world.modesAre(modes, home);
}

describe('a rollback from half-way', () => {
  it.each(Object.entries(stories))('leaves out what is back already: %s', async (name, story) => {
    await runOutside(`half-way-${String(Object.keys(stories).indexOf(name))}`, (world, home) =>
      tell(story, world, home),
    );
  });
});
