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
  return object('AuthorizationPolicy', home, 'emergency', {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['GET'], paths: ['/admin*'] } }] }],
  });
}

/** Waits for the copy of a policy; whatever is wrong besides, it takes seconds. */
async function copied(world: World, name: string): Promise<void> {
  await world.eventually(
    `a copy of ${name}`,
    async () => {
      const { items } = await world.client.list(kinds.AuthorizationPolicy, {
        namespace: world.ns(),
        signal: world.signal,
      });
      return items.some(
        ({ metadata }) =>
          metadata.annotations?.['meshmigration.dev/copy-of'] === `AuthorizationPolicy/${world.ns()}/${name}`,
      )
        ? true
        : undefined;
    },
    10_000,
  );
}

async function migrated(world: World): Promise<void> {
  await shop(world, allowGet(world.ns()));
  await world.create(meshMigration(world.name, { names: [world.ns()] }, { restart: { progressDeadline: '40s' } }));
  await world.childPhase('Migrated');
}

async function messageOf(world: World, pattern: RegExp): Promise<void> {
  await world.eventually(`message ${String(pattern)}`, async () =>
    pattern.test((await world.child()).status?.message ?? '') ? true : undefined,
  );
}

/** A policy of somebody else about `web` that no waypoint can carry over. */
function uncarried(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'odd', {
    selector: { matchLabels: { app: 'web' } },
    action: 'DENY',
    rules: [{ when: [{ key: 'connection.sni', values: ['x'] }], to: [{ operation: { methods: ['TRACE'] } }] }],
  });
}

/** An ALLOW of `api` beside the others. */
function temporary(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'temporary', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: ['contractor'] } }], to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

/** An ALLOW that decides nothing. */
function trial(home: string): KubeObject {
  const { metadata, spec } = temporary(home);
  return {
    kind: 'AuthorizationPolicy',
    metadata: { ...metadata, name: 'trial', annotations: { 'istio.io/dry-run': 'true' } },
    spec,
  };
}

async function policyNames(world: World): Promise<readonly string[]> {
  return (
    await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal })
  ).items.map(({ metadata }) => metadata.name);
}

/** Waits until there is, or is not, a policy whose name begins so. */
async function standing(world: World, beginning: string, isThere: boolean): Promise<void> {
  await world.eventually(
    `${beginning} is ${isThere ? '' : 'not '}there`,
    async () => ((await policyNames(world)).some((name) => name.startsWith(beginning)) === isThere ? true : undefined),
    10_000,
  );
}

/** What was copied follows its original whatever else is wrong. */
export const followScenarios: readonly Scenario[] = [
  {
    name: 'follow-gate-lost',
    async run(world) {
      const home = world.ns();
      await migrated(world);
      const [pod] = await waypointPods(world, home);
      await world.patch('Pod', home, pod?.metadata.name ?? '', {
        metadata: { annotations: { [podBehaviour.neverReady]: 'always' } },
      });
      await messageOf(world, /1 of 2 pods available/);
      await world.create(emergency(home));
      await copied(world, 'emergency');
      await world.edit({ action: 'Finalize' });
      await messageOf(world, /finalized when this is settled.*1 of 2 pods available/);
      await world.patch('Pod', home, pod?.metadata.name ?? '', {
        metadata: { annotations: { [podBehaviour.neverReady]: null } },
      });
      await world.childPhase('Finalized');
    },
  },
  {
    name: 'follow-object-edited',
    async run(world) {
      const home = world.ns();
      await migrated(world);
      await world.patch('Gateway', home, 'waypoint', {
        spec: { infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'theirs' } } },
      });
      await messageOf(world, /changed by someone else/);
      await world.create(emergency(home));
      await copied(world, 'emergency');
      await world.edit({ action: 'Finalize' });
      await messageOf(world, /finalized when this is settled/);
      await world.edit({ action: 'Migrate' });
      // A policy that cannot be carried over keeps no other from its copy, and is named.
      await world.create(
        object('AuthorizationPolicy', home, 'odd', {
          selector: { matchLabels: { app: 'api' } },
          action: 'DENY',
          rules: [{ when: [{ key: 'connection.sni', values: ['x'] }] }],
        }),
      );
      await messageOf(world, /not in force yet as they are now: AuthorizationPolicy .*odd: .*changed by someone else/);
      const { metadata, spec } = emergency(home);
      await world.create({ kind: 'AuthorizationPolicy', metadata: { ...metadata, name: 'second' }, spec });
      await copied(world, 'second');
    },
  },
  {
    name: 'follow-revoked',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home), temporary(home));
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
        ),
      );
      await world.childPhase('Migrated');
      await world.create(uncarried(home));
      await messageOf(world, /not in force yet as they are now/);
      // What is revoked ends, and what only refuses is made again, though not all can be carried over.
      await world.delete(kinds.AuthorizationPolicy, home, 'temporary');
      await standing(world, 'temporary', false);
      const guard = (await policyNames(world)).find((name) => name.startsWith('waypoint-only'));
      await world.delete(kinds.AuthorizationPolicy, home, guard ?? '');
      await standing(world, 'waypoint-only', true);
      // Without the last ALLOW of all everybody would be let through: that one stays, and is named.
      const [readers] = (await policyNames(world)).filter(
        (name) => name.includes('readers') && !name.includes('-api-'),
      );
      await world.delete(kinds.AuthorizationPolicy, home, readers ?? '');
      await messageOf(world, /AuthorizationPolicy .*\/readers, which is gone/);
      await world.delete(kinds.AuthorizationPolicy, home, 'odd');
      await standing(world, 'readers', false);
    },
  },
  {
    // What an ALLOW no longer says ends as well, however it was taken from its target; a dry run beside the last one
    // closes nothing.
    name: 'follow-taken-elsewhere',
    simulationOnly: true,
    async run(world) {
      const home = world.ns();
      const { metadata, spec } = temporary(home);
      const second: KubeObject = { kind: 'AuthorizationPolicy', metadata: { ...metadata, name: 'second' }, spec };
      await shop(world, allowGet(home), temporary(home), second, trial(home));
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
        ),
      );
      await world.childPhase('Migrated');
      await world.create(uncarried(home));
      await messageOf(world, /not in force yet as they are now/);
      await world.patch('AuthorizationPolicy', home, 'temporary', {
        spec: { selector: { matchLabels: { app: 'web' } } },
      });
      await standing(world, 'temporary-api-', false);
      await world.patch('AuthorizationPolicy', home, 'second', {
        spec: { selector: null, targetRefs: [{ group: '', kind: 'Service', name: 'elsewhere' }] },
      });
      await standing(world, 'second-api-', false);
      await world.patch('AuthorizationPolicy', home, 'readers', {
        spec: { selector: { matchLabels: { app: 'web' } } },
      });
      await messageOf(world, /AuthorizationPolicy .*\/readers, which asks for nothing at Service .*\/api any more/);
      await standing(world, 'readers-api-', true);
      await world.delete(kinds.AuthorizationPolicy, home, 'odd');
      await standing(world, 'readers-api-', false);
    },
  },
  {
    name: 'follow-foreign-label',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.eventually('RestartWorkloads', async () =>
        (await world.child()).status?.step === 'RestartWorkloads' ? true : undefined,
      );
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
