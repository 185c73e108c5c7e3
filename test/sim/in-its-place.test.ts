import { describe, expect, it } from '@jest/globals';
import { httpPort } from '../scenarios/http.ts';
import { madeByRole } from '../scenarios/http-back.ts';
import { kinds, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { FaultRule } from './apiserver/fault-rules.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { record } from '../../src/mesh/json.ts';
import type { World } from '../scenarios/world.ts';
import { noWayBack, rested } from './behind-a-waypoint.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * A Service that is gone leaves copies of policies behind, which nothing follows any more. Whether the copies for
 * other Services of its pods decide in their place is a question of each pod, each port and each rule.
 */

type Rules = readonly Readonly<Record<string, unknown>>[];

const web = { name: 'http', port: 80, targetPort: 8080 };
const admin = { name: 'http-admin', port: 90, targetPort: 9090 };
const toApi = { app: 'api' };

async function run(story: (world: World) => Promise<void>, faults: readonly FaultRule[] = []): Promise<void> {
  await runOnSimulation({ name: 'in-place', disturbs: true, run: story }, { faults });
}

function ofGateway(home: string, action: string, rules: Rules): KubeObject {
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }];
  return object('AuthorizationPolicy', home, 'all', { targetRefs, action, rules });
}

function from(home: string, names: readonly string[], operation?: Readonly<Record<string, unknown>>): Rules {
  const principals = names.map((name) => `cluster.local/ns/${home}/sa/${name}`);
  return [{ from: [{ source: { principals } }], ...(operation && { to: [{ operation }] }) }];
}

/** At rest, with a Service `api` that has these ports, and one policy of its waypoint. */
async function atRest(world: World, ports: readonly object[], action: string, rules: Rules): Promise<void> {
  await rested(world, {
    wholeNamespace: true,
    policies: (home) => [ofGateway(home, action, rules)],
    before: (there) => there.patch('Service', there.ns(), 'api', { spec: { ports } }),
  });
}

async function add(world: World, name: string, ports: readonly object[], selector: object = toApi): Promise<void> {
  await world.create(service(world.ns(), name, {}, { ...httpPort, ports, selector }));
}

async function allCopies(world: World): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'SidecarCopy');
}

async function copyFor(world: World, service: string): Promise<string> {
  const names = (await allCopies(world)).map(({ metadata }) => metadata.name);
  return names.find((name) => name.startsWith(`all-${service}`)) ?? '';
}

/** The copies for the pods of api, as texts. */
async function copies(world: World): Promise<readonly string[]> {
  return (await allCopies(world))
    .map(({ spec }) => JSON.stringify(spec))
    .filter((text) => text.includes('"app":"api"'));
}

async function edited(world: World, rules: Rules): Promise<void> {
  await world.patch('AuthorizationPolicy', world.ns(), 'all', { spec: { rules } });
  await world.pause(20_000);
}

async function goesBack(world: World): Promise<void> {
  expect(await noWayBack(world)).toBeUndefined();
  await world.command('RollingBack', world.ns());
  await world.childPhase('RolledBack');
  expect(await madeByRole(world)).toEqual({});
}

describe('the copy for a Service that is gone', () => {
  it('goes where two others have its ports between them, and lets nobody in who is revoked later', async () => {
    await run(async (world) => {
      await atRest(world, [web, admin], 'ALLOW', from(world.ns(), ['web', 'ops']));
      await add(world, 'api-0', [web]);
      await add(world, 'api-1', [admin]);
      await world.pause(20_000);
      await world.delete(kinds.Service, world.ns(), 'api');
      await world.pause(30_000);
      await edited(world, from(world.ns(), ['ops']));
      expect((await copies(world)).filter((text) => text.includes('sa/web'))).toEqual([]);
      await goesBack(world);
    });
  });

  it.each(['ALLOW', 'DENY'])('goes where others were there before it, and holds no rollback: %s', async (action) => {
    await run(async (world) => {
      const rules = { ALLOW: from(world.ns(), ['web']), DENY: [{ to: [{ operation: { methods: ['DELETE'] } }] }] };
      await atRest(world, [web], action, rules[action as 'ALLOW']);
      await add(world, 'admin', [admin]);
      await world.pause(20_000);
      await add(world, 'canary', [web, admin]);
      await world.pause(20_000);
      const before = await copies(world);
      await world.delete(kinds.Service, world.ns(), 'canary');
      await world.pause(20_000);
      expect(await copies(world)).toHaveLength(before.length - 1);
      await goesBack(world);
    });
  });

  it('stays where it refuses at a port what no other refuses there', async () => {
    await run(async (world) => {
      await atRest(world, [web, admin], 'DENY', [
        { to: [{ operation: { methods: ['DELETE'] } }] },
        { to: [{ operation: { methods: ['PATCH'], ports: ['90'] } }] },
      ]);
      await add(world, 'inner', [web, { ...admin, port: 8090 }]);
      await world.pause(20_000);
      await world.delete(kinds.Service, world.ns(), 'api');
      for (let seconds = 0; seconds < 30; seconds += 1) {
        expect((await copies(world)).filter((text) => text.includes('PATCH'))).toHaveLength(1);
        await world.pause(1000);
      }
      expect(await noWayBack(world)).toContain('Service');
    });
  });

  it('stays where the only other at its pods was edited by somebody', async () => {
    await run(async (world) => {
      await atRest(world, [web], 'DENY', [{ to: [{ operation: { methods: ['DELETE'] } }] }]);
      await add(world, 'inner', [web]);
      await world.pause(20_000);
      const name = await copyFor(world, 'inner');
      await world.patch('AuthorizationPolicy', world.ns(), name, {
        spec: { rules: [{ to: [{ operation: { methods: ['TRACE'], ports: ['8080'] } }] }] },
      });
      await world.pause(10_000);
      await world.delete(kinds.Service, world.ns(), 'api');
      await world.pause(30_000);
      expect((await copies(world)).filter((text) => text.includes('DELETE'))).toHaveLength(1);
    });
  });

  it('stays while the API server refuses to bring the only other at its pods up to date', async () => {
    const deny = (...methods: readonly string[]): Rules => [{ to: [{ operation: { methods } }] }];
    const refused: FaultRule = {
      match: { method: 'PATCH', path: /\/authorizationpolicies\/all-inner/ },
      times: 40,
      fault: { kind: 'Refuse', status: 403 },
    };
    await run(
      async (world) => {
        await atRest(world, [web], 'DENY', deny('DELETE'));
        await add(world, 'inner', [web]);
        await world.pause(20_000);
        await edited(world, deny('DELETE', 'PATCH'));
        expect((await copies(world)).filter((text) => text.includes('PATCH'))).toHaveLength(1);
        await world.delete(kinds.Service, world.ns(), 'api');
        await world.pause(30_000);
        expect((await copies(world)).filter((text) => text.includes('PATCH'))).toHaveLength(1);
        await world.command('RollingBack', world.ns());
        await world.pause(5000);
        expect((await world.child()).status?.message).toContain('Service in-place/api');
        await world.childPhase('RolledBack', world.ns(), 3_600_000);
        expect(await madeByRole(world)).toEqual({});
      },
      [refused],
    );
  });

  it('is nothing that a policy is written to which is for other Services by now', async () => {
    await run(async (world) => {
      await atRest(world, [web], 'ALLOW', from(world.ns(), ['web']));
      await world.delete(kinds.Service, world.ns(), 'api');
      await world.pause(20_000);
      const before = await copies(world);
      const targetRefs = [{ group: '', kind: 'Service', name: 'web' }];
      await world.patch('AuthorizationPolicy', world.ns(), 'all', {
        spec: { targetRefs, rules: from(world.ns(), ['tests']) },
      });
      await world.pause(20_000);
      expect(await copies(world)).toEqual(before);
    });
  });
});

/** Deletes a Service, and makes it again a while later with its labels, and without what else stood on it. */
async function replaced(world: World, name: string, meanwhile: () => Promise<void>): Promise<void> {
  const { metadata, spec } = await world.client.get(kinds.Service, world.ns(), name, world.signal);
  await world.delete(kinds.Service, world.ns(), name);
  await meanwhile();
  await world.pause(20_000);
  const { clusterIP: _ip, clusterIPs: _ips, ...others } = record(spec);
  const { labels = {}, namespace: home = '' } = metadata;
  await world.create({ kind: 'Service', metadata: { name, namespace: home, labels }, spec: others });
  await world.pause(30_000);
}

async function labelOf(world: World, name: string): Promise<string | undefined> {
  const { metadata } = await world.client.get(kinds.Service, world.ns(), name, world.signal);
  return metadata.labels?.['istio.io/use-waypoint'];
}

describe('what a Service was that comes back as the operator left it', () => {
  const deny: Rules = [{ to: [{ operation: { methods: ['DELETE'] } }] }];

  async function isRestored(world: World): Promise<void> {
    expect((await copies(world)).filter((text) => text.includes('DELETE'))).not.toHaveLength(0);
    expect(await copyFor(world, 'api')).not.toBe('');
    await goesBack(world);
    expect(await labelOf(world, 'api')).toBeUndefined();
  }

  it('is known though another one decided in its place', async () => {
    await run(async (world) => {
      await atRest(world, [web], 'DENY', deny);
      await add(world, 'inner', [web]);
      await world.pause(20_000);
      await replaced(world, 'api', () => world.pause(10_000));
      await isRestored(world);
    });
  });

  it('is known though its policy was replaced as well', async () => {
    await run(async (world) => {
      await atRest(world, [web], 'DENY', deny);
      await replaced(world, 'api', async () => {
        await world.delete(kinds.AuthorizationPolicy, world.ns(), 'all');
        await world.pause(10_000);
        await world.create(ofGateway(world.ns(), 'DENY', deny));
      });
      await isRestored(world);
    });
  });

  it('holds no rollback where it never comes', async () => {
    await run(async (world) => {
      await atRest(world, [web], 'DENY', deny);
      await world.delete(kinds.AuthorizationPolicy, world.ns(), 'all');
      await world.delete(kinds.Service, world.ns(), 'api');
      await world.pause(30_000);
      await goesBack(world);
    });
  });
});
