import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { allowGet, shop, stalled } from '../scenarios/http.ts';
import { kinds, object } from '../scenarios/manifests.ts';
import { blockedBy, migrateShop } from '../scenarios/other-pods.ts';
import { runOnSimulation } from './run-scenario.ts';

/** Whoever comes of namespace legacy is refused, by what a sidecar writes of his certificate. */
function refusedByHeader(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-legacy', {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ when: [{ key: 'request.headers[X-Forwarded-Client-Cert]', values: ['*ns/legacy/*'] }] }],
  });
}

const byIdentity = { rules: [{ from: [{ source: { namespaces: ['legacy'] } }] }] };

describe('a policy by a header that a sidecar writes', () => {
  it('blocks before the start, and once it asks for the identity instead the namespace migrates', async () => {
    await runOnSimulation({
      name: 'header-at-start',
      async run(world) {
        const home = world.ns();
        await shop(world, allowGet(home), refusedByHeader(home));
        const before = await world.snapshot();
        await migrateShop(world);
        await blockedBy(world, 'MM080', `AuthorizationPolicy ${home}/no-legacy`, /takes it out/);
        await world.restored(before);
        await world.patch('AuthorizationPolicy', home, 'no-legacy', { spec: byIdentity });
        await world.childPhase('Migrated');
        await world.modesAre({ Ambient: 3 });
      },
    });
  });

  it('takes the namespace back where it comes on the way', async () => {
    await runOnSimulation({
      name: 'header-on-the-way',
      async run(world) {
        const home = world.ns();
        await shop(world, allowGet(home));
        await migrateShop(world);
        await world.eventually('the restarts', async () =>
          (await world.child()).status?.step === 'RestartWorkloads' ? true : undefined,
        );
        await world.create(refusedByHeader(home));
        const { status } = await world.childPhase('RolledBack');
        expect(status?.failure?.message).toMatch(/MM080.*no-legacy/);
        await world.modesAre({ Sidecar: 3 });
      },
    });
  });

  it('is told at rest, and holds no rollback', async () => {
    await runOnSimulation({
      name: 'header-at-rest',
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await shop(world, allowGet(home));
        await migrateShop(world);
        await world.childPhase('Migrated');
        await world.create(refusedByHeader(home));
        expect(await stalled(world, 'CannotBeMade')).toMatch(/no-legacy.*takes it out/);
        await world.command('RollingBack');
        await world.childPhase('RolledBack');
        await world.modesAre({ Sidecar: 3 });
        await world.delete(kinds.AuthorizationPolicy, home, 'no-legacy');
      },
    });
  });
});
