import assert from 'node:assert/strict';
import { httpPort } from './http.ts';
import { isReady, messageOf } from './late-findings.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service, uncalled } from './waypoint-world.ts';

const wild = { from: [{ source: { namespaces: ['team-*-x'] } }] };
const onlyX = { from: [{ source: { namespaces: ['x'] } }] };
const exit = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

/**
 * What policies mean where no waypoint stands before the pods: by values that the two data planes read otherwise, by
 * labels of the injector, or for the first time.
 */
export const valueScenarios: readonly Scenario[] = [
  {
    name: 'late-value-at-rest',
    async run(world) {
      const home = world.ns();
      const behind = world.ns('behind');
      await world.create(
        namespace(home),
        deployment(home, 'worker'),
        namespace(behind),
        deployment(behind, 'api'),
        service(behind, 'api', {}, httpPort),
      );
      await world.podsReady(1);
      await world.podsReady(1, behind);
      await world.create(
        meshMigration(world.name, { names: [home, behind] }, { callers: [{ namespace: behind, from: [] }] }),
      );
      await world.phase('Migrated');
      for (const each of [home, behind])
        await world.create(object('AuthorizationPolicy', each, 'late', { action: 'DENY', rules: [wild] }));
      await messageOf(world, /^MM086 .*late: in ambient a caller in the mesh would get through/);
      // Where a waypoint would do it, it is offered.
      await messageOf(world, /^MM086 .*late.*"phase":"Migrating"/, undefined, behind);
      for (const each of [home, behind]) await world.delete(kinds.AuthorizationPolicy, each, 'late');
      await isReady(world);
    },
  },
  {
    name: 'exit-narrowed-allow',
    async run(world) {
      const home = world.ns();
      const narrowed = {
        selector: { matchLabels: { 'security.istio.io/tlsMode': 'istio' } },
        action: 'ALLOW',
        rules: [{}],
      };
      await world.create(
        namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
        deployment(home, 'api'),
        object('AuthorizationPolicy', home, 'only-x', { action: 'ALLOW', rules: [onlyX] }),
        object('AuthorizationPolicy', home, 'narrowed', narrowed),
      );
      await world.podsReady(1);
      await world.modesAre({ Ambient: 1 });
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, { ...exit, callers: await uncalled(world) }));
      const { status } = await world.childPhase('Blocked');
      assert.deepEqual(
        status?.findings
          ?.filter(({ severity }) => severity === 'Critical')
          .map(({ id, object: which }) => `${id} ${which}`),
        [`MM090 AuthorizationPolicy ${home}/narrowed`],
      );
      await world.restored(before);
      await world.delete(kinds.AuthorizationPolicy, home, 'narrowed');
      await world.phase('Migrated');
      await world.modesAre({ Sidecar: 1 });
    },
  },
  {
    name: 'none-to-a-mesh-with-policies',
    podsOutside: true,
    async run(world) {
      for (const to of ['IstioSidecar', 'IstioAmbient'] as const) {
        const home = world.ns(to.toLowerCase());
        await world.create(
          namespace(home, {}),
          deployment(home, 'api'),
          strict(home),
          object('AuthorizationPolicy', home, 'only-x', { action: 'ALLOW', rules: [onlyX] }),
        );
        await world.podsReady(1, home);
        await world.create(meshMigration(home, { names: [home] }, { from: 'None', to, action: 'Plan' }));
        const { status } = await world.eventually('planned', async () => {
          const child = await world.child(home, home);
          return child.status?.writtenPhase === 'Planned' ? child : undefined;
        });
        const told =
          status?.findings
            ?.filter(({ id }) => id === 'MM029')
            .map(({ severity, message }) => `${severity} ${message}`) ?? [];
        assert.ok(
          told.some((each) => /^Warning .*a caller in the mesh would be refused by Deployment .*only-x/.test(each)),
          JSON.stringify(told),
        );
        assert.ok(
          told.some((each) => /^Warning .*a caller outside the mesh would be refused/.test(each)),
          JSON.stringify(told),
        );
      }
    },
  },
];
