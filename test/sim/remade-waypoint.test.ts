import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import { runOnSimulation } from './run-scenario.ts';

const ambient = { 'istio.io/dataplane-mode': 'ambient' };

describe('a waypoint elsewhere that is made anew', () => {
  it('is gone around by nobody meanwhile: who was held by it is not started, and then neither', async () => {
    await runOnSimulation({
      name: 'remade-waypoint',
      async run(world) {
        const [home, bank] = [world.ns(), world.ns('bank')];
        const behind = { 'istio.io/use-waypoint': 'gate' };
        await world.create(namespace(home, ambient), namespace(bank, ambient), waypoint(bank, { name: 'gate' }));
        await world.create(service(bank, 'ledger', behind), deployment(bank, 'ledger'), deployment(home, 'web'));
        await world.create(
          object('AuthorizationPolicy', bank, 'no-delete', {
            targetRefs: [{ group: '', kind: 'Service', name: 'ledger' }],
            action: 'DENY',
            rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
          }),
        );
        await world.podsReady(1, home);
        const way = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
        await world.create(meshMigration(world.name, { names: [home] }, way));
        const isHeld = async (why: RegExp): Promise<true | undefined> => {
          const { status } = await world.child(home);
          const found = status?.findings?.find(({ id }) => id === 'MM092');
          return status?.phase === 'Blocked' && why.test(found?.message ?? '') ? true : undefined;
        };
        await world.eventually('held by the waypoint', () =>
          isHeld(/which enforces AuthorizationPolicy \S+\/no-delete/),
        );

        await world.delete(kinds.Gateway, bank, 'gate');
        await world.eventually('held by what it was', () => isHeld(/not there or not ready now, and is to enforce/));
        await world.pause(30_000);
        await world.modesAre({ Ambient: 1 }, home);
        await world.create(waypoint(bank, { name: 'gate' }));
        await world.eventually('held as before', () => isHeld(/which enforces/));
        await world.modesAre({ Ambient: 1 }, home);

        // What the finding says.
        await world.patch('Service', bank, 'ledger', { metadata: { labels: { 'istio.io/use-waypoint': null } } });
        await world.childPhase('Migrated', home);
        assert.equal((await world.child(home)).status?.itinerary, 'L4');
      },
    });
  });
});
