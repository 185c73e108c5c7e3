import assert from 'node:assert/strict';
import { allowGet, shop } from './http.ts';
import { meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';

/** Hosts outside the mesh, and what Envoy would not take. */
export const egressScenarios: readonly Scenario[] = [
  {
    name: 'service-entry-of-the-waypoint',
    async run(world) {
      const home = world.ns();
      const partner = object('ServiceEntry', home, 'partner', {
        hosts: ['partner.example.com'],
        location: 'MESH_EXTERNAL',
        resolution: 'DNS',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      });
      await shop(world, allowGet(home), {
        ...partner,
        metadata: { ...partner.metadata, labels: { 'istio.io/use-waypoint': 'waypoint' } },
      });
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
      const { status } = await world.childPhase('Blocked');
      assert.deepEqual(
        status?.findings
          ?.filter(({ severity }) => severity === 'Critical')
          .map(({ id, object: about }) => `${id} ${about}`),
        [`MM098 ServiceEntry ${home}/partner`],
      );
      await world.restored(before);
      await world.patch('ServiceEntry', home, 'partner', { metadata: { labels: { 'istio.io/use-waypoint': null } } });
      await world.childPhase('Migrated');
    },
  },
  {
    name: 'refused-by-envoy',
    async run(world) {
      const home = world.ns();
      await shop(
        world,
        object('AuthorizationPolicy', home, 'template', {
          selector: { matchLabels: { app: 'api' } },
          action: 'DENY',
          rules: [{ to: [{ operation: { paths: ['{**}/admin'] } }] }],
        }),
      );
      await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
      const { status } = await world.childPhase('Blocked');
      assert.deepEqual(
        status?.findings
          ?.filter(({ severity }) => severity === 'Critical')
          .map(({ id, object: about }) => `${id} ${about}`),
        [`MM097 AuthorizationPolicy ${home}/template`],
      );
      await world.patch('AuthorizationPolicy', home, 'template', {
        spec: { rules: [{ to: [{ operation: { paths: ['/{**}/admin'] } }] }] },
      });
      await world.childPhase('Migrated');
    },
  },
];
