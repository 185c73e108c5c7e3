import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, nothingLeft, shop } from './http.ts';
import { kinds, meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { waypointPods } from './waypoint-world.ts';
import type { World } from './world.ts';

/** What somebody writes when something is wrong. */
function emergency(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'emergency', { selector: { matchLabels: { app: 'api' } }, action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'], paths: ['/admin*'] } }] }] });
}

/** Waits for the copy of a policy; whatever is wrong besides, it takes seconds. */
async function copied(world: World, name: string): Promise<void> {
  await world.eventually(`a copy of ${name}`, async () => {
    const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
    return items.some(({ metadata }) => metadata.annotations?.['meshmigration.dev/copy-of'] === `AuthorizationPolicy/${world.ns()}/${name}`) ? true : undefined;
  }, 10_000);
}

async function migrated(world: World): Promise<void> {
  await shop(world, allowGet(world.ns()));
  await world.create(meshMigration(world.name, { names: [world.ns()] }, { restart: { progressDeadline: '40s' } }));
  await world.childPhase('Migrated');
}

async function messageOf(world: World, pattern: RegExp): Promise<void> {
  await world.eventually(`message ${String(pattern)}`, async () => (pattern.test((await world.child()).status?.message ?? '') ? true : undefined));
}

/** What was copied follows its original whatever else is wrong. */
export const followScenarios: readonly Scenario[] = [
  {
    name: 'follow-gate-lost',
    async run(world) {
      const home = world.ns();
      await migrated(world);
      const [pod] = await waypointPods(world, home);
      await world.patch('Pod', home, pod?.metadata.name ?? '', { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } });
      await messageOf(world, /1 of 2 pods available/);
      await world.create(emergency(home));
      await copied(world, 'emergency');
      await world.edit({ action: 'Finalize' });
      await messageOf(world, /finalized when this is settled.*1 of 2 pods available/);
      await world.patch('Pod', home, pod?.metadata.name ?? '', { metadata: { annotations: { [podBehaviour.neverReady]: null } } });
      await world.childPhase('Finalized');
    },
  },
  {
    name: 'follow-object-edited',
    async run(world) {
      const home = world.ns();
      await migrated(world);
      await world.patch('Gateway', home, 'waypoint', { spec: { infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'theirs' } } } });
      await messageOf(world, /changed by someone else/);
      await world.create(emergency(home));
      await copied(world, 'emergency');
      await world.edit({ action: 'Finalize' });
      await messageOf(world, /finalized when this is settled/);
      await world.edit({ action: 'Migrate' });
      // A policy that cannot be carried over keeps no other from its copy, and is named.
      await world.create(object('AuthorizationPolicy', home, 'odd', { selector: { matchLabels: { app: 'api' } }, action: 'DENY', rules: [{ when: [{ key: 'connection.sni', values: ['x'] }] }] }));
      await messageOf(world, /not in force yet as they are now: AuthorizationPolicy .*odd: .*changed by someone else/);
      const { metadata, spec } = emergency(home);
      await world.create({ kind: 'AuthorizationPolicy', metadata: { ...metadata, name: 'second' }, spec });
      await copied(world, 'second');
    },
  },
  {
    name: 'follow-foreign-label',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.eventually('RestartWorkloads', async () => ((await world.child()).status?.step === 'RestartWorkloads' ? true : undefined));
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/rev': 'canary' } } });
      await world.childPhase('Paused');
      await world.create(emergency(home));
      await copied(world, 'emergency');
      await world.delete(kinds.AuthorizationPolicy, home, 'emergency');
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/rev': null } } });
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
      assert.equal((await world.child()).status?.phase, 'RolledBack');
    },
  },
];
