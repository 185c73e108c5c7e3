import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { noWayBack, stalled } from '../scenarios/http.ts';
import { cronJob, deployment, kinds, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation, runOutside } from './run-scenario.ts';

/*
 * What was so at the start is where a rollback leads back to, whatever its age; what came since, by an edit too, is what it would end.
 */

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const exit = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const entry = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;
const departure = { from: 'IstioSidecar', to: 'None' } as const;
const arrival = { from: 'None', to: 'IstioSidecar' } as const;

const selector = { matchLabels: { app: 'api' } };
const rules = [{ to: [{ operation: { methods: ['DELETE'] } }] }];

function deny(home: string, more: Readonly<Record<string, unknown>> = { selector }): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', { ...more, action: 'DENY', rules });
}

interface Start {
  readonly way: typeof exit | typeof entry | typeof departure | typeof arrival;
  readonly labels?: Readonly<Record<string, string>>;
  /** Beside Deployment `api` and its Service. */
  readonly objects?: (home: string) => readonly KubeObject[];
  /** Pods that are Ready before the start. */
  readonly pods?: number;
}

async function migrated(world: World, { way, labels, objects, pods = 1 }: Start): Promise<string> {
  const home = world.ns();
  await world.create(
    namespace(home, labels),
    service(home, 'api'),
    deployment(home, 'api'),
    ...(objects?.(home) ?? []),
  );
  await world.podsReady(pods, home);
  await world.pause(3000);
  const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
  await world.create(meshMigration(world.name, { names: [home] }, { ...way, callers }));
  await world.childPhase('Migrated', home);
  await world.pause(3000);
  return home;
}

/** It is said at rest already, and the rollback stands until somebody has changed it. */
async function holds(world: World, home: string, what: RegExp, mend: () => Promise<void>): Promise<void> {
  assert.match(await world.eventually('it is told', () => noWayBack(world, home)), what);
  await world.command('RollingBack', home);
  assert.match(await stalled(world, 'RollbackStuck', home), what);
  await mend();
  await world.childPhase('RolledBack', home);
}

const tokens = { selector, jwtRules: [{ issuer: 'https://issuer.example', jwks: '{"keys":[]}' }] };

/** What only sidecars enforce. */
const enforced: Readonly<Record<string, (home: string) => KubeObject>> = {
  'a DENY by HTTP': (home) => deny(home),
  'a policy that asks somebody else': (home) =>
    object('AuthorizationPolicy', home, 'no-delete', {
      selector,
      action: 'CUSTOM',
      provider: { name: 'x' },
      rules: [{}],
    }),
  'tokens that are checked': (home) => object('RequestAuthentication', home, 'no-delete', tokens),
};

const excluded = { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' };

function annotated(annotations: Readonly<Record<string, string | null>>): Readonly<Record<string, unknown>> {
  return { spec: { template: { metadata: { annotations } } } };
}

describe('what came since the start, and ends with the way back', () => {
  it.each(Object.entries(enforced))('holds the rollback of a way to sidecars: %s', async (_, make) => {
    await runOnSimulation({
      name: 'since-sidecars',
      async run(world) {
        const home = await migrated(world, { way: exit, labels: ambient });
        const made = make(home);
        await world.create(made);
        await holds(world, home, /no-delete/, async () => {
          await world.delete(kinds[made.kind as keyof typeof kinds], home, 'no-delete');
        });
        await world.modesAre({ Ambient: 1 }, home);
      },
    });
  });

  it('holds the rollback to no mesh, where nothing enforces it', async () => {
    await runOutside('since-mesh', async (world) => {
      const home = await migrated(world, { way: arrival, labels: {} });
      await world.create(strict(home));
      await holds(world, home, /PeerAuthentication since-mesh\/strict/, async () => {
        await world.patch('PeerAuthentication', home, 'strict', { spec: { mtls: { mode: 'PERMISSIVE' } } });
      });
    });
  });

  it('holds the rollback when a policy of before has been edited onto the waypoint', async () => {
    await runOnSimulation({
      name: 'since-edited',
      async run(world) {
        const home = await migrated(world, { way: entry, objects: (there) => [deny(there)] });
        const targetRefs = [{ group: '', kind: 'Service', name: 'api' }];
        await world.patch('AuthorizationPolicy', home, 'no-delete', { spec: { selector: null, targetRefs } });
        await world.command('RollingBack', home);
        assert.match(await stalled(world, 'RollbackStuck', home), /no-delete, which was attached since the start/);
        await world.patch('AuthorizationPolicy', home, 'no-delete', { spec: { selector, targetRefs: null } });
        await world.childPhase('RolledBack', home);
      },
    });
  });

  it('holds the rollback to sidecars that would leave ports alone', async () => {
    await runOnSimulation({
      name: 'since-ports',
      async run(world) {
        const home = await migrated(world, { way: entry, objects: (there) => [strict(there)] });
        await world.patch('Deployment', home, 'api', annotated(excluded));
        await world.podsReady(1, home);
        await holds(world, home, /MM089/, async () => {
          const none = { 'traffic.sidecar.istio.io/excludeInboundPorts': null };
          await world.patch('Deployment', home, 'api', annotated(none));
        });
      },
    });
  });
});

describe('a pod that came without a sidecar', () => {
  it('by accident, is taken back into ambient by the rollback of a way to sidecars', async () => {
    await runOnSimulation({
      name: 'since-accident',
      podsOutside: true,
      async run(world) {
        const home = await migrated(world, { way: exit, labels: ambient });
        await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': null } } });
        await world.patch('Deployment', home, 'api', annotated({ release: '2' }));
        await world.modesAre({ None: 1 }, home);
        await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
        await world.command('RollingBack', home);
        await world.childPhase('RolledBack', home);
        await world.modesAre({ Ambient: 1 }, home);
      },
    });
  });
});

const asleep = { replicas: 0 };
const notAmbient = { 'istio.io/dataplane-mode': 'none' };

/** What would hold the way there that a rollback is, and was so before. */
const before: Readonly<Record<string, Start>> = {
  'a template that opted out of ambient, back to sidecars': {
    way: departure,
    objects: (home) => [deployment(home, 'old', { podLabels: notAmbient })],
    pods: 2,
  },
  'a CronJob that opted out of ambient, back to sidecars': {
    way: departure,
    objects: (home) => [cronJob(home, 'old', { app: 'old', ...notAmbient })],
  },
  'a gateway that is injected and sleeps': {
    way: exit,
    labels: ambient,
    objects: (home) => [deployment(home, 'old', { ...asleep, behaviour: { 'inject.istio.io/templates': 'gateway' } })],
  },
  'the same from no mesh': {
    way: arrival,
    labels: {},
    objects: (home) => [deployment(home, 'old', { ...asleep, behaviour: { 'inject.istio.io/templates': 'gateway' } })],
  },
  'a policy by HTTP, which ztunnel did not read before': {
    way: exit,
    labels: ambient,
    objects: (home) => [object('AuthorizationPolicy', home, 'by-path', { selector, action: 'AUDIT', rules })],
  },
};

/** What somebody in another namespace, which no migration moves, writes for himself. */
const asked: Readonly<Record<string, (other: string, home: string) => KubeObject>> = {
  'a DENY by who calls': (other, home) =>
    object('AuthorizationPolicy', other, 'no-shop', {
      action: 'DENY',
      rules: [{ from: [{ source: { namespaces: [home] } }] }],
    }),
  'an ALLOW by who calls': (other, home) =>
    object('AuthorizationPolicy', other, 'no-shop', {
      action: 'ALLOW',
      rules: [{ from: [{ source: { namespaces: [home] } }] }],
    }),
  'mutual TLS': (other) => strict(other),
};

describe('what others have got since that asks who calls', () => {
  it.each(Object.entries(asked))('is told within seconds where the way back leads to no mesh: %s', async (_, make) => {
    await runOutside('since-others', async (world) => {
      const other = world.ns('bank');
      await world.create(namespace(other), deployment(other, 'ledger'));
      await world.podsReady(1, other);
      const home = await migrated(world, { way: arrival, labels: {} });
      await world.pause(60_000);
      const said = async (): Promise<boolean> =>
        (await world.child(home)).status?.findings?.some(({ id }) => id === 'MM124') === true;
      assert.equal(await said(), false);
      await world.create(make(other, home));
      await world.pause(5000);
      assert.equal(await said(), true);
    });
  });
});

describe('what was so at the start', () => {
  it.each(Object.entries(before))('holds no rollback, and is not told: %s', async (_, start) => {
    const story = async (world: World): Promise<void> => {
      const home = await migrated(world, start);
      // Its pods are new, and whoever releases an application makes its template another one.
      await world.patch('Deployment', home, 'api', {
        spec: { template: { metadata: { labels: { version: '2' } } } },
      });
      await world.pause(60_000);
      assert.equal(await noWayBack(world, home), undefined);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home);
    };
    const isOutside = start.way.from === 'None' || start.way.to === 'None';
    await runOnSimulation({ name: 'so-before', run: story, ...(isOutside && { podsOutside: true }) });
  });
});
