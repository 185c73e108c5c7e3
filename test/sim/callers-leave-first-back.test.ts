import { describe, expect, it } from '@jest/globals';
import { httpPort } from '../scenarios/http.ts';
import { barePod, cronJob, deployment, job, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { meshMigrations } from '../../src/api/resources.ts';
import { modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Sidecars use no waypoint. On the way to sidecars the called leave theirs before their callers get sidecars; on the way back callers have to leave their sidecars
 * first, or they go around the waypoint behind which the called are again.
 */

const label = 'istio.io/use-waypoint';
const slow = { behaviour: { [podBehaviour.readyAfterMs]: '4000' } };

async function behindWaypoint(world: World, home: string, rules: readonly unknown[]): Promise<void> {
  const targetRefs = [{ group: '', kind: 'Service', name: 'api' }];
  await world.create(
    namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
    waypoint(home),
    service(home, 'api', { [label]: 'waypoint' }, httpPort),
    object('AuthorizationPolicy', home, 'readers', { targetRefs, action: 'ALLOW', rules }),
    deployment(home, 'api', slow),
  );
}

async function inAmbient(world: World, home: string, replicas = 1, readyAfterMs = '4000'): Promise<void> {
  await world.create(
    namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
    deployment(home, 'web', { replicas, behaviour: { [podBehaviour.readyAfterMs]: readyAfterMs } }),
  );
}

interface Shops {
  readonly called: string;
  readonly caller: string;
}

/** Both at rest in sidecars. */
async function bothOut(
  world: World,
  replicas?: number,
  readyAfterMs?: string,
  besides: (caller: string) => readonly KubeObject[] = () => [],
): Promise<Shops> {
  const [called, caller] = [world.ns('called'), world.ns('caller')];
  const get = [{ from: [{ source: { namespaces: [caller] } }], to: [{ operation: { methods: ['GET'] } }] }];
  await behindWaypoint(world, called, get);
  await inAmbient(world, caller, replicas, readyAfterMs);
  await world.create(...besides(caller));
  await world.pause(90_000);
  const callers = [{ namespace: called, from: [{ namespace: caller, serviceAccount: 'default' }] }];
  const spec = { from: 'IstioAmbient', to: 'IstioSidecar', callers, policies: { settle: '5s' } } as const;
  await world.create(meshMigration(world.name, { names: [called, caller] }, spec));
  await world.phase('Migrated');
  await world.pause(10_000);
  return { called, caller };
}

async function modesIn(world: World, home: string, app: string): Promise<readonly string[]> {
  const pods = (await world.pods(home)).map(projectPod);
  return pods.filter(({ labels, ready }) => labels['app'] === app && ready).map(modeOf);
}

/** Nobody with a sidecar is Ready while a pod of the called is in ambient. */
async function nobodyGoesAround(world: World, { called, caller }: Shops, seconds: number): Promise<void> {
  for (let at = 0; at < seconds * 5; at += 1) {
    const around =
      (await modesIn(world, called, 'api')).includes('Ambient') &&
      (await modesIn(world, caller, 'web')).includes('Sidecar');
    expect(around).toBe(false);
    await world.pause(200);
  }
}

async function areBack(world: World, { called, caller }: Shops): Promise<void> {
  for (const home of [called, caller]) await world.childPhase('RolledBack', home);
}

async function run(story: (world: World) => Promise<void>, slots?: number): Promise<void> {
  await runOnSimulation({ name: 'around', disturbs: true, run: story }, slots === undefined ? {} : { slots });
}

describe('a rollback of callers and called behind a waypoint', () => {
  it.each([
    ['as many slots as there are', undefined],
    ['one slot', 1],
  ])('takes the callers out of their sidecars first: %s', async (_what, slots) => {
    await run(async (world) => {
      const shops = await bothOut(world);
      await world.edit({ action: 'Rollback' });
      await nobodyGoesAround(world, shops, 120);
      await areBack(world, shops);
    }, slots);
  });

  it('does where these are slow', async () => {
    await run(async (world) => {
      const shops = await bothOut(world, 4, '20000');
      await world.edit({ action: 'Rollback' });
      await nobodyGoesAround(world, shops, 200);
      await areBack(world, shops);
    });
  });

  it('does when the migration is deleted', async () => {
    await run(async (world) => {
      const shops = await bothOut(world, 2, '10000');
      await world.delete(meshMigrations, undefined, world.name);
      await nobodyGoesAround(world, shops, 120);
      expect(await modesIn(world, shops.called, 'api')).toEqual(['Ambient']);
    });
  });

  it('waits for one that does not go on, and says so', async () => {
    await run(async (world) => {
      const shops = await bothOut(world);
      const { called, caller } = shops;
      await world.patch('Deployment', caller, 'web', { spec: { paused: true } });
      await world.edit({ action: 'Rollback' });
      await nobodyGoesAround(world, shops, 120);
      const { status } = await world.child(called);
      expect(status?.phase).toBe('RollingBack');
      expect(status?.message).toMatch(
        new RegExp(
          `callers with sidecars go around the waypoint, which AuthorizationPolicy ${called}/readers relies on: ${caller} leave their sidecars first`,
        ),
      );
      await world.patch('Deployment', caller, 'web', { spec: { paused: false } });
      await nobodyGoesAround(world, shops, 60);
      await areBack(world, shops);
    });
  });

  it('is not begun where only the called is told to, and says who has to go too', async () => {
    await run(async (world) => {
      const shops = await bothOut(world);
      const { called, caller } = shops;
      await world.command('RollingBack', called);
      await nobodyGoesAround(world, shops, 60);
      const { status } = await world.child(called);
      expect(status?.message).toContain(`but ${caller} do not: roll them back too`);
      const { metadata } = await world.client.get(kinds.Service, called, 'api', world.signal);
      expect(metadata.labels?.[label]).toBe('none');
      await world.command('RollingBack', caller);
      await nobodyGoesAround(world, shops, 60);
      await areBack(world, shops);
    });
  });

  it('waits for nobody who is not among its callers', async () => {
    await run(async (world) => {
      const [called, other] = [world.ns('called'), world.ns('other')];
      await behindWaypoint(world, called, [{ from: [{ source: { namespaces: [called] } }] }]);
      await inAmbient(world, other);
      await world.pause(30_000);
      const spec = { from: 'IstioAmbient', to: 'IstioSidecar', policies: { settle: '5s' } } as const;
      await world.create(meshMigration(world.name, { names: [called, other] }, spec));
      await world.phase('Migrated');
      await world.pause(10_000);
      await world.command('RollingBack', called);
      await world.childPhase('RolledBack', called);
    });
  });

  it.each<[string, (home: string) => KubeObject, string]>([
    ['a Job that runs on', (home) => job(home, 'web'), 'web'],
    ['a pod that nobody replaces', (home) => barePod(home, 'web'), 'web'],
  ])(
    'waits for what is left of them with a sidecar, whatever they say of themselves: %s',
    async (_what, made, name) => {
      await run(async (world) => {
        const shops = await bothOut(world);
        const { called, caller } = shops;
        const left = made(caller);
        await world.create(left);
        await world.pause(20_000);
        await world.edit({ action: 'Rollback' });
        await world.childPhase('RolledBack', caller);
        await nobodyGoesAround(world, shops, 60);
        const { status } = await world.child(called);
        expect(status?.message).toContain(`but ${caller} keep their sidecars: replace or delete what is left there`);
        await world.delete(kinds[left.kind as 'Job' | 'Pod'], caller, name);
        if (left.kind === 'Job')
          for (const { metadata } of await world.pods(caller)) await world.delete(kinds.Pod, caller, metadata.name);
        await world.childPhase('RolledBack', called);
      });
    },
  );

  it('tells at rest, and waits for, a caller that has been made since with sidecars', async () => {
    await run(async (world) => {
      const [called, fresh] = [world.ns('called'), world.ns('fresh')];
      await behindWaypoint(world, called, [{ from: [{ source: { namespaces: [fresh] } }] }]);
      await world.pause(30_000);
      const spec = { from: 'IstioAmbient', to: 'IstioSidecar', policies: { settle: '5s' } } as const;
      await world.create(meshMigration(world.name, { names: [called] }, spec));
      await world.phase('Migrated');
      await world.create(namespace(fresh), deployment(fresh, 'web'));
      await world.pause(60_000);
      const { status } = await world.child(called);
      const told = status?.conditions?.find(({ type }) => type === 'NoWayBack');
      expect(told?.message).toContain(`and ${fresh} keep their sidecars`);
      await world.command('RollingBack', called);
      await nobodyGoesAround(world, { called, caller: fresh }, 60);
      await world.delete(kinds.Deployment, fresh, 'web');
      await world.childPhase('RolledBack', called);
    });
  });

  it.each([
    ['by what was said of him then', 'before'],
    ['by what is said of him since', 'nobody'],
  ])('waits for nobody who had sidecars at the start already: %s', async (_what, named) => {
    await run(async (world) => {
      const [called, before] = [world.ns('called'), world.ns('before')];
      await behindWaypoint(world, called, [{ from: [{ source: { namespaces: [world.ns(named)] } }] }]);
      await world.create(namespace(before), deployment(before, 'web'));
      await world.pause(30_000);
      const spec = { from: 'IstioAmbient', to: 'IstioSidecar', policies: { settle: '5s' } } as const;
      await world.create(meshMigration(world.name, { names: [called] }, spec));
      await world.phase('Migrated');
      const rules = [{ from: [{ source: { namespaces: [before] } }] }];
      await world.patch('AuthorizationPolicy', called, 'readers', { spec: { rules } });
      await world.pause(10_000);
      const { status } = await world.child(called);
      expect(status?.conditions?.some(({ type, status: is }) => type === 'NoWayBack' && is === 'True')).toBe(false);
      await world.command('RollingBack', called);
      await world.childPhase('RolledBack', called);
    });
  });

  it.each<[string, string, readonly unknown[], boolean]>([
    ['tells it at rest', 'DENY', [{ to: [{ operation: { methods: ['DELETE'] } }] }], true],
    ['does not where a policy decides nothing', 'AUDIT', [{}], false],
  ])('of namespaces that would go around each other %s', async (_what, action, rules, isTold) => {
    await run(async (world) => {
      const [called, caller] = [world.ns('called'), world.ns('caller')];
      await behindWaypoint(world, called, [{ from: [{ source: { namespaces: [caller] } }] }]);
      await world.create(
        namespace(caller, { 'istio.io/dataplane-mode': 'ambient' }),
        waypoint(caller),
        service(caller, 'api', { [label]: 'waypoint' }, httpPort),
        deployment(caller, 'api', slow),
      );
      await world.pause(30_000);
      const spec = { from: 'IstioAmbient', to: 'IstioSidecar', policies: { settle: '5s' } } as const;
      await world.create(meshMigration(world.name, { names: [called, caller] }, spec));
      await world.phase('Migrated');
      const targetRefs = [{ group: '', kind: 'Service', name: 'api' }];
      await world.create(object('AuthorizationPolicy', caller, 'late', { targetRefs, action, rules }));
      await world.pause(30_000);
      for (const home of [called, caller]) {
        const { status } = await world.child(home);
        const told = status?.conditions?.find(({ type, status: is }) => type === 'NoWayBack' && is === 'True')?.message;
        if (isTold)
          expect(told).toMatch(/they wait for each other in a circle, .* take the policies from the waypoint/);
        else expect(told).toBeUndefined();
      }
      await world.edit({ action: 'Rollback' });
      if (!isTold) await areBack(world, { called, caller });
    });
  });

  it('waits for nobody whom a policy does not let in by his account', async () => {
    await run(async (world) => {
      const [called, caller] = [world.ns('called'), world.ns('caller')];
      const principals = [`cluster.local/ns/${caller}/sa/web`];
      await behindWaypoint(world, called, [{ from: [{ source: { principals } }] }]);
      await world.create(
        namespace(caller, { 'istio.io/dataplane-mode': 'ambient' }),
        ...['web', 'batch'].map((name): KubeObject => ({
          kind: 'ServiceAccount',
          metadata: { name, namespace: caller },
        })),
        deployment(caller, 'web', { serviceAccount: 'web' }),
      );
      await world.pause(30_000);
      const spec = { from: 'IstioAmbient', to: 'IstioSidecar', policies: { settle: '5s' } } as const;
      await world.create(meshMigration(world.name, { names: [called, caller] }, spec));
      await world.phase('Migrated');
      const other = job(caller, 'night');
      await world.create({
        ...other,
        spec: {
          template: {
            ...(other['spec'] as { template: { spec: object } }).template,
            spec: { ...(other['spec'] as { template: { spec: object } }).template.spec, serviceAccountName: 'batch' },
          },
        },
      });
      await world.pause(20_000);
      await world.edit({ action: 'Rollback' });
      await areBack(world, { called, caller });
    });
  });

  it('waits for nobody who is new where nobody says who calls', async () => {
    await run(async (world) => {
      const [called, fresh] = [world.ns('called'), world.ns('fresh')];
      await behindWaypoint(world, called, [{}]);
      await world.patch('AuthorizationPolicy', called, 'readers', {
        spec: { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] },
      });
      await world.pause(30_000);
      const spec = { from: 'IstioAmbient', to: 'IstioSidecar', policies: { settle: '5s' } } as const;
      await world.create(meshMigration(world.name, { names: [called] }, spec));
      await world.phase('Migrated');
      await world.create(namespace(fresh), deployment(fresh, 'web'));
      await world.pause(30_000);
      await world.command('RollingBack', called);
      await world.childPhase('RolledBack', called);
    });
  });

  it('waits for callers of a namespace in which something has a sidecar of its own', async () => {
    await run(async (world) => {
      const shops = await bothOut(world, 4, '20000', (caller) => [
        cronJob(caller, 'own', { app: 'own', 'sidecar.istio.io/inject': 'true' }),
      ]);
      await world.edit({ action: 'Rollback' });
      await nobodyGoesAround(world, shops, 200);
      await areBack(world, shops);
    });
  });
});
