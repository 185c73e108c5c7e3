import { describe, expect, it } from '@jest/globals';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { allowGet, shop } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { movedByASecond } from '../scenarios/two-migrations.ts';
import type { World } from '../scenarios/world.ts';
import type { FaultRule } from './apiserver/fault-rules.ts';
import { runOnSimulation } from './run-scenario.ts';

const restart = 'meshmigration.dev/restart';

/** The last write of a rollback is refused for a while, so that somebody else comes first. */
const journalStays: FaultRule = {
  match: {
    method: 'PATCH',
    path: /\/namespaces\/[^/]+\?/,
    body: /"op":"remove","path":"\/metadata\/annotations\/meshmigration.dev~1journal"/,
  },
  times: 6,
  fault: { kind: 'Refuse', status: 429, retryAfterSeconds: 5 },
};

async function run(
  story: (world: World, home: string) => Promise<void>,
  faults: readonly FaultRule[] = [],
): Promise<void> {
  await runOnSimulation(
    {
      name: 'end',
      run: async (world) => {
        await story(world, world.ns());
      },
    },
    { faults },
  );
}

async function migratedPlain(world: World, home: string): Promise<void> {
  await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
  await world.podsReady(2);
  await world.create(meshMigration(world.name, { names: [home] }));
  await world.childPhase('Migrated');
}

async function closing(world: World): Promise<void> {
  await world.eventually('everything is back', async () =>
    (await world.child()).status?.message?.startsWith('everything is back') === true ? true : undefined,
  );
}

/** What the record and the migration say at the end. */
async function saidOf(
  world: World,
): Promise<{ readonly restored: string | undefined; readonly message: string; readonly whole: string }> {
  const { status } = await world.childPhase('RolledBack');
  const whole =
    (await world.phase('RolledBack')).status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  const condition = status?.conditions?.find(({ type }) => type === 'Restored');
  return { restored: condition && `${condition.status}: ${condition.message}`, message: status?.message ?? '', whole };
}

describe('the end of a rollback', () => {
  it('says that everything is as it was, when it is', async () => {
    await run(async (world, home) => {
      await migratedPlain(world, home);
      await world.edit({ action: 'Rollback' });
      const said = await saidOf(world);
      expect(said).toEqual({
        restored: 'True: everything that the migration changed is as it was',
        message: 'back as it was',
        whole: 'everything is as it was: 1 namespace back',
      });
      await world.edit({ action: 'Migrate' });
      const { status } = await world.childPhase('Migrated');
      expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready', 'Reconciling', 'Stalled']);
    });
  });

  it('names a label of the namespace that somebody has changed meanwhile', async () => {
    await run(
      async (world, home) => {
        await migratedPlain(world, home);
        await world.edit({ action: 'Rollback' });
        await closing(world);
        await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'disabled' } } });
        const { restored, message, whole } = await saidOf(world);
        expect(restored).toBe(
          'False: label istio-injection of Namespace end is disabled and was enabled (changed meanwhile by scenario)',
        );
        expect(message).toBe(
          'rolled back. Not as it was: label istio-injection of Namespace end is disabled and was enabled (changed meanwhile by scenario)',
        );
        expect(whole).toBe('1 namespace back, not as it was: end (condition Restored)');
      },
      [journalStays],
    );
  });

  it('names a template that has our annotation again', async () => {
    await run(
      async (world, home) => {
        await migratedPlain(world, home);
        const { spec } = (await world.client.get(
          { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
          home,
          'web',
          world.signal,
        )) as unknown as { spec: { template: { metadata: { annotations: Record<string, string> } } } };
        await world.edit({ action: 'Rollback' });
        await closing(world);
        await world.patch('Deployment', home, 'web', {
          spec: { template: { metadata: { annotations: { [restart]: spec.template.metadata.annotations[restart] } } } },
        });
        const { restored } = await saidOf(world);
        expect(restored).toBe(
          'False: the template of Deployment end/web has annotation meshmigration.dev/restart (changed meanwhile by scenario)',
        );
      },
      [journalStays],
    );
  });

  it('names a label of a Service that its owner has changed meanwhile, and leaves it', async () => {
    await run(async (world, home) => {
      await shop(world, allowGet(home));
      await world.create(
        meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed', settle: '10s' } }),
      );
      await world.childPhase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.eventually('unbound', async () =>
        (await world.child()).status?.steps?.some(
          ({ name, completedAt }) => name === 'UnbindWaypoint' && completedAt !== undefined,
        ) === true
          ? true
          : undefined,
      );
      await world.patch('Service', home, 'api', { metadata: { labels: { 'istio.io/use-waypoint': 'mine' } } });
      const { restored } = await saidOf(world);
      expect(restored).toBe(
        'False: label istio.io/use-waypoint of Service end/api is mine and was absent (changed meanwhile by scenario)',
      );
    });
  });

  it('puts back what a template had from an earlier migration, also after the namespace has gone on from rest', async () => {
    await run(async (world, home) => {
      await migratedPlain(world, home);
      await world.edit({ action: 'Finalize' });
      await world.phase('Finalized');
      const before = await world.snapshot();
      await world.create(meshMigration('home', { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      await world.phase('Migrated', 'home');
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'disabled' } } });
      await world.eventually('it is noticed', async () =>
        (await world.child(home, 'home')).status?.message?.includes('istio-injection') === true ? true : undefined,
      );
      await world.client.mergePatch(
        namespaceMigrations,
        home,
        'home',
        { status: { phase: 'Migrating' } },
        { subresource: 'status', signal: world.signal },
      );
      await world.eventually('it goes on', async () =>
        (await world.child(home, 'home')).status?.attempt === 2 ? true : undefined,
      );
      await world.edit({ action: 'Rollback' }, 'home');
      await world.phase('RolledBack', 'home');
      await world.restored(before);
    });
  });

  it('is swept no more where another migration has moved the namespace for good', async () => {
    await run(async (world, home) => {
      await movedByASecond(world, 'second');
      await world.edit({ action: 'Finalize' }, 'second');
      await world.phase('Finalized', 'second');
      const before = await world.snapshot();
      for (const name of ['web', 'api']) await world.patch('Deployment', home, name, { spec: { replicas: 0 } });
      await world.operator.kill();
      await world.operator.start();
      await world.pause(180_000);
      expect((await world.snapshot()).services).toEqual(before.services);
      await world.client.get(kinds.ConfigMap, home, 'mesh-migration-waypoint', world.signal);
    });
  });
});

describe('a record that is made anew after a rollback', () => {
  it.each(['as it was', 'not as it was'])('does not say what nobody has seen: it was %s', async (how) => {
    await run(
      async (world, home) => {
        await migratedPlain(world, home);
        await world.command('RollingBack', home);
        await closing(world);
        if (how === 'not as it was')
          await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'disabled' } } });
        await world.childPhase('RolledBack');
        const before = (await world.child()).status?.conditions?.find(({ type }) => type === 'Restored')?.status;
        expect(before).toBe(how === 'as it was' ? 'True' : 'False');
        await world.delete(namespaceMigrations, home, world.name);
        await world.eventually('it is made anew', async () =>
          (await world.child().catch(() => undefined))?.status?.phase === 'RolledBack' ? true : undefined,
        );
        await world.pause(60_000);
        const { status } = await world.child();
        expect(status?.conditions?.some(({ type }) => type === 'Restored')).toBe(false);
        expect(status?.message).toMatch(
          /^rolled back by scenario at [^ ]*\. Its record was made anew since, so whether everything is as it was is not known\. /,
        );
        await world.edit({ action: 'Rollback' });
        await world.eventually('the migration says so', async () =>
          (await world.migration()).status?.conditions?.[0]?.message ===
          '1 namespace back, not known whether as it was, because the record was made anew since: end'
            ? true
            : undefined,
        );
      },
      [journalStays],
    );
  });
});
