import assert from 'node:assert/strict';
import { httpPort } from './http.ts';
import { deployment, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';

/** A namespace that calls another goes back, and the other with it, because it would refuse it. */
export const backTogetherScenarios: readonly Scenario[] = [
  {
    name: 'back-with-the-called',
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      const readers = { from: [{ source: { namespaces: [a] } }], to: [{ operation: { methods: ['GET'] } }] };
      await world.create(namespace(a), deployment(a, 'web'), namespace(b), service(b, 'api', {}, httpPort));
      await world.create(
        object('AuthorizationPolicy', b, 'readers', { action: 'ALLOW', rules: [readers] }),
        deployment(b, 'api', { replicas: 2 }),
      );
      await world.podsReady(1, a);
      await world.podsReady(2, b);
      const before = [await world.snapshot(a), await world.snapshot(b)] as const;
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await world.command('RollingBack', a);
      const answer = await world.eventually(
        'the answer',
        async () => (await world.child(a)).status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message,
      );
      assert.match(
        answer,
        new RegExp(`${b} would refuse calls from here, or not know them, and would go back with it`),
      );
      await world.modesAre({ Ambient: 1 }, a);
      await world.command('RollingBack', a);
      await world.childPhase('RolledBack', a);
      const { status } = await world.childPhase('RolledBack', b);
      assert.match(status?.message ?? '', new RegExp(`rolled back by the rollback of ${a}`));
      const restored = async (home: string): Promise<string> =>
        (await world.child(home)).status?.steps?.find(({ name }) => name === 'RestoreWorkloads')?.completedAt ?? '';
      assert.ok((await restored(b)) <= (await restored(a)), 'whoever is called was to have its sidecars back first');
      await world.restored(before[0], a);
      await world.restored(before[1], b);
    },
  },
];
