import { describe, expect, it } from '@jest/globals';
import { meshMigrations } from '../../src/api/resources.ts';
import { madeByRole } from '../scenarios/http-back.ts';
import { httpPort } from '../scenarios/http.ts';
import { kinds } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { allHaveSidecars, backUntil, isBack, noWayBack, rested, stands, start } from './behind-a-waypoint.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Which waypoint protects pods without sidecars stands in labels that their owner may change meanwhile, and of Services that may be away. While pods have
 * sidecars nothing changes by that; that nobody is behind a waypoint now does not say that nothing is lacking.
 */

const label = 'istio.io/use-waypoint';
const all = { SidecarCopy: 2, SidecarAllow: 1, SidecarGuard: 1 };
const wholeNamespace = { wholeNamespace: true };

const labelled = (world: World, value: string | null): Promise<void> =>
  world.patch('Namespace', undefined, world.ns(), { metadata: { labels: { [label]: value } } });

const putBack = (world: World): Promise<void> => labelled(world, 'waypoint');

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'led-elsewhere', disturbs: true, run: story });
}

interface Moment {
  readonly until: (world: World) => Promise<void>;
  /** What is done once the label has changed. */
  readonly then?: (world: World) => Promise<void>;
  readonly modes: Readonly<Record<string, number>>;
  readonly because?: string;
}

async function commanded(world: World): Promise<void> {
  await world.pause(10_000);
  await world.command('RollingBack', world.ns());
}

/** When the label of the namespace is changed. */
const moments: Readonly<Record<string, Moment>> = {
  'before a rollback from rest': {
    until: (world) => rested(world, wholeNamespace),
    then: commanded,
    modes: { Sidecar: 3 },
  },
  'before a rollback from half-way': {
    async until(world) {
      await start(world, wholeNamespace);
      await allHaveSidecars(world);
    },
    then: commanded,
    modes: { Sidecar: 3 },
  },
  'before the migration is deleted': {
    until: (world) => rested(world, wholeNamespace),
    async then(world) {
      await world.pause(10_000);
      await world.delete(meshMigrations, undefined, world.name);
    },
    modes: { Sidecar: 3 },
  },
  'right before the labels': {
    async until(world) {
      await rested(world, wholeNamespace);
      await world.command('RollingBack', world.ns());
      // The step in the record may be seen only once the labels have changed.
      await world.eventually('all wait for the labels', async () =>
        (await world.child()).status?.message?.includes('before RestoreLabels relies on it') === true
          ? true
          : undefined,
      );
    },
    modes: { Sidecar: 3 },
  },
  'right after the labels': {
    async until(world) {
      await backUntil(world, 'RestoreLabels', wholeNamespace);
      await world.eventually('the labels', async () =>
        (await world.labels())['istio.io/dataplane-mode'] === 'ambient' ? true : undefined,
      );
    },
    because: 'ForeignChange',
    modes: { Sidecar: 3 },
  },
  'while the first workload is brought back': {
    async until(world) {
      await backUntil(world, 'RestoreWorkloads', wholeNamespace);
      await world.eventually('web', async () => ((await world.pods()).length > 4 ? true : undefined));
    },
    because: 'ForeignChange',
    modes: { Sidecar: 2, Ambient: 1 },
  },
  'right before what was made goes': {
    async until(world) {
      await backUntil(world, 'RestoreWorkloads', wholeNamespace);
      await world.modesAre({ Ambient: 3 });
    },
    because: 'ForeignChange',
    modes: { Ambient: 3 },
  },
};

const values: readonly (readonly [string, string | null])[] = [
  ['none', 'none'],
  ['another waypoint', 'other'],
  ['nothing', null],
];

describe('a rollback to the waypoint of a namespace whose label has come to name another', () => {
  const stories = Object.entries(moments).flatMap(([when, moment]) =>
    values.map(([what, value]) => [what, when, value, moment] as const),
  );

  it.each(stories)('stands where it is: %s, %s', async (_what, _when, value, { until, then, modes, because }) => {
    await run(async (world) => {
      await until(world);
      await labelled(world, value);
      await then?.(world);
      await stands(world, `--overwrite ${label}=waypoint`, modes, because);
      await putBack(world);
      await isBack(world);
    });
  });

  it.each(values)('is told at rest, and what was made stays, once that is accepted: %s', async (_what, value) => {
    await run(async (world) => {
      await rested(world, wholeNamespace);
      await labelled(world, value);
      await world.pause(10_000);
      await world.command('Migrating', world.ns());
      await world.pause(30_000);
      expect(await madeByRole(world)).toEqual(all);
      expect(await noWayBack(world)).toContain(`the label ${label} of the namespace is ${value ?? 'absent'}`);
      await putBack(world);
      await world.pause(10_000);
      expect(await noWayBack(world)).toBeUndefined();
    });
  });
});

const lost = (world: World): Promise<void> => world.delete(kinds.Gateway, world.ns(), 'waypoint');
const lostService = (world: World): Promise<void> => world.delete(kinds.Service, world.ns(), 'api');
const madeAnew = (world: World): Promise<void> =>
  world.create(service(world.ns(), 'api', { [label]: 'waypoint' }, httpPort));

describe('a rollback while a Service that was behind a waypoint is away', () => {
  const says = 'Service led-elsewhere/api is not there, behind whose waypoint its policies are enforced';

  it('does not begin', async () => {
    await run(async (world) => {
      await rested(world);
      await lostService(world);
      await commanded(world);
      await stands(world, says, { Sidecar: 3 });
      await madeAnew(world);
      await isBack(world);
    });
  });

  it.each([
    ['the labels', 'RestoreLabels', { Sidecar: 3 }],
    ['the workloads that are left', 'RestoreWorkloads', { Sidecar: 2, Ambient: 1 }],
  ])('stands before %s, whatever becomes of the waypoint', async (_what, at, modes) => {
    await run(async (world) => {
      await backUntil(world, at);
      await lost(world);
      await world.pause(2000);
      await lostService(world);
      await stands(world, says, modes);
      await madeAnew(world);
      await stands(world, 'waypoint is not there. Create it again', modes);
      await world.create(waypoint(world.ns()));
      await isBack(world);
    });
  });

  it('goes on where its policies have gone with it', async () => {
    await run(async (world) => {
      await rested(world);
      await lostService(world);
      await commanded(world);
      await stands(world, says, { Sidecar: 3 });
      for (const name of ['readers', 'no-delete']) await world.delete(kinds.AuthorizationPolicy, world.ns(), name);
      await world.childPhase('RolledBack');
      await world.modesAre({ Ambient: 3 });
    });
  });
});
