import { describe, expect, it } from '@jest/globals';
import { httpPort } from '../scenarios/http.ts';
import { madeByRole, waypointAllowsGet } from '../scenarios/http-back.ts';
import { kinds, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { World } from '../scenarios/world.ts';
import { allHaveSidecars, rested, start, type Start } from './behind-a-waypoint.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Sidecars read ALLOW policies of all Services of their pods together, a waypoint those of one Service. So who makes another Service for pods has more let in at
 * them than before, and what the operator makes for it would void what protects them.
 */

const shop: Start = { wholeNamespace: true, policies: (home) => [waypointAllowsGet(home)] };
const toApi = { ...httpPort, selector: { app: 'api' } };
const another = (world: World, name: string): Promise<void> => world.create(service(world.ns(), name, {}, toApi));

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'let-in', disturbs: true, run: story });
}

interface Operation {
  readonly methods?: unknown;
  readonly notPorts?: readonly string[];
}

interface AllowSpec {
  readonly action?: string;
  readonly rules?: readonly { readonly from?: unknown; readonly to?: readonly { readonly operation: Operation }[] }[];
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
}

/** What lets anybody do anything on the port of api; `keys`: labels that select its pods. */
async function forEverybody(world: World, keys: readonly string[]): Promise<readonly string[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  const made = items.filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role']?.startsWith('Sidecar'));
  return made.flatMap(({ metadata, spec }) => {
    const { action = 'ALLOW', rules = [], selector } = spec as AllowSpec;
    const isOpen = rules.some(
      ({ from, to = [] }) =>
        from === undefined &&
        to.every(({ operation: { methods, notPorts } }) => methods === undefined && notPorts === undefined),
    );
    const ofApi = keys.some((key) => selector.matchLabels[key] !== undefined) && selector.matchLabels['app'] !== 'web';
    return action === 'ALLOW' && isOpen && ofApi ? [metadata.name] : [];
  });
}

async function critical(world: World): Promise<readonly string[]> {
  const { status } = await world.child();
  return (status?.findings ?? []).filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
}

async function staysClosed(world: World, keys: readonly string[] = ['app']): Promise<void> {
  for (let seconds = 0; seconds < 30; seconds += 1) {
    expect(await forEverybody(world, keys)).toEqual([]);
    await world.pause(1000);
  }
}

describe('another Service for pods that have left their waypoint', () => {
  it('has nobody let in, and that is told', async () => {
    await run(async (world) => {
      await rested(world, shop);
      await another(world, 'late');
      await staysClosed(world);
      expect(await critical(world)).toContain('MM090');
    });
  });

  it('leaves nothing behind when it was there for a moment', async () => {
    await run(async (world) => {
      await rested(world, shop);
      await another(world, 'late');
      await world.pause(2000);
      await world.delete(kinds.Service, world.ns(), 'late');
      await staysClosed(world);
      expect(await critical(world)).toEqual([]);
      expect((await world.child()).status?.phase).toBe('Migrated');
    });
  });

  it('has nobody let in where one of other pods comes to select them', async () => {
    await run(async (world) => {
      await rested(world, shop);
      await world.patch('Service', world.ns(), 'web', { spec: { selector: { app: 'api' } } });
      await staysClosed(world);
    });
  });

  it('has nobody let in half-way', async () => {
    await run(async (world) => {
      await start(world, shop);
      await allHaveSidecars(world);
      await another(world, 'late');
      await staysClosed(world);
    });
  });

  it('has nobody let in by a policy that is its own', async () => {
    await run(async (world) => {
      await rested(world, shop);
      const targetRefs = [{ group: '', kind: 'Service', name: 'late' }];
      await world.create(
        object('AuthorizationPolicy', world.ns(), 'anything', { targetRefs, action: 'ALLOW', rules: [{}] }),
        service(world.ns(), 'late', {}, toApi),
      );
      await staysClosed(world);
    });
  });

  it('takes over with its policy, and everybody is refused who was', async () => {
    await run(async (world) => {
      await rested(world, shop);
      await another(world, 'successor');
      const targetRefs = [{ group: '', kind: 'Service', name: 'successor' }];
      await world.patch('AuthorizationPolicy', world.ns(), 'readers', { spec: { targetRefs } });
      await staysClosed(world);
      await world.delete(kinds.Service, world.ns(), 'api');
      await staysClosed(world);
      await world.pause(60_000);
      expect(await critical(world)).toEqual([]);
      const { items } = await world.client.list(kinds.AuthorizationPolicy, {
        namespace: world.ns(),
        signal: world.signal,
      });
      expect(items.filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'SidecarCopy')).not.toEqual(
        [],
      );
    });
  });

  it('leaves nothing of the one before that refuses everybody, once that has gone with its policy', async () => {
    await run(async (world) => {
      await rested(world, shop);
      await world.create(service(world.ns(), 'successor', { 'istio.io/use-waypoint': 'none' }, toApi));
      await world.delete(kinds.Service, world.ns(), 'api');
      await world.pause(10_000);
      expect(await madeByRole(world)).toMatchObject({ SidecarCopy: 1, SidecarAllow: 1 });
      await world.delete(kinds.AuthorizationPolicy, world.ns(), 'readers');
      await world.pause(30_000);
      expect(await madeByRole(world)).toEqual({});
      expect(await critical(world)).toEqual([]);
    });
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['by another label of theirs', { tier: 'be' }],
    ['by one label more', { app: 'api', tier: 'be' }],
    ['as one of many', { version: 'v1' }],
  ])('has nobody let in whatever it selects them by: %s', async (_what, selector) => {
    await run(async (world) => {
      const labels = { metadata: { labels: { tier: 'be', version: 'v1' } } };
      await rested(world, {
        ...shop,
        before: (there) => there.patch('Deployment', there.ns(), 'api', { spec: { template: labels } }),
      });
      await world.create(service(world.ns(), 'late', {}, { ...httpPort, selector }));
      await staysClosed(world, Object.keys(selector));
    });
  });
});

/** The rules of the copy of a policy, as text. */
async function copyOf(world: World, name: string): Promise<string> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  const copies = items.filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'SidecarCopy');
  return copies
    .filter(({ metadata }) => metadata.name.startsWith(name))
    .map(({ spec }) => JSON.stringify(spec))
    .join();
}

const principal = (world: World, name: string): string => `cluster.local/ns/${world.ns()}/sa/${name}`;

function readers(world: World, ...names: readonly string[]): unknown {
  const to = [{ operation: { methods: ['GET'], ports: ['80'] } }];
  return [{ from: [{ source: { principals: names.map((name) => principal(world, name)) } }], to }];
}

describe('what people write of their own Service while another one lets in too many', () => {
  /** Services for the pods of another one, or for the same. */
  const others = [
    ['of other pods', { app: 'web' }],
    ['of the same pods', { app: 'api' }],
  ] as const;

  async function beside(world: World, selector: Readonly<Record<string, string>>): Promise<void> {
    const targetRefs = [{ group: '', kind: 'Service', name: 'web' }];
    await rested(world, {
      wholeNamespace: true,
      policies: (home) => [
        waypointAllowsGet(home),
        object('AuthorizationPolicy', home, 'of-web', {
          targetRefs,
          action: 'ALLOW',
          rules: [{ from: [{ source: { namespaces: ['a'] } }] }],
        }),
      ],
    });
    await world.patch('AuthorizationPolicy', world.ns(), 'readers', { spec: { rules: readers(world, 'web', 'ops') } });
    await world.pause(10_000);
    await world.create(service(world.ns(), 'late', {}, { ...httpPort, selector }));
    await world.eventually('MM090', async () => ((await critical(world)).includes('MM090') ? true : undefined));
  }

  it.each(others)('is followed where it revokes: %s', async (_what, selector) => {
    await run(async (world) => {
      await beside(world, selector);
      await world.patch('AuthorizationPolicy', world.ns(), 'readers', { spec: { rules: readers(world, 'ops') } });
      await world.pause(10_000);
      expect(await copyOf(world, 'readers')).not.toContain('sa/web');
      expect(await copyOf(world, 'readers')).toContain('sa/ops');
    });
  });

  it('is followed where somebody takes the place of another, and the other Service has a policy of its own', async () => {
    await run(async (world) => {
      const ofX = [{ group: '', kind: 'Service', name: 'x' }];
      await rested(world, shop);
      await world.create(
        object('AuthorizationPolicy', world.ns(), 'tests', {
          targetRefs: ofX,
          action: 'ALLOW',
          rules: [{ from: [{ source: { principals: [principal(world, 'tests')] } }] }],
        }),
        service(world.ns(), 'x', {}, toApi),
      );
      await world.eventually('MM090', async () => ((await critical(world)).includes('MM090') ? true : undefined));
      await world.patch('AuthorizationPolicy', world.ns(), 'readers', { spec: { rules: readers(world, 'ops') } });
      await world.pause(10_000);
      expect(await copyOf(world, 'readers')).not.toContain('sa/web');
      expect(await copyOf(world, 'readers')).toContain('sa/ops');
      expect(await copyOf(world, 'tests')).toBe('');
    });
  });

  it('stays at pods of a Service that is gone until the copy of its successor stands', async () => {
    await run(async (world) => {
      const refs = ['api', 'successor'].map((name) => ({ group: '', kind: 'Service', name }));
      await rested(world, {
        wholeNamespace: true,
        policies: (home) => {
          const policy = waypointAllowsGet(home);
          return [{ ...policy, spec: { ...(policy['spec'] as object), targetRefs: refs } }];
        },
      });
      await world.create(
        object('AuthorizationPolicy', world.ns(), 'tests', {
          targetRefs: [{ group: '', kind: 'Service', name: 'x' }],
          action: 'ALLOW',
          rules: [{ from: [{ source: { principals: [principal(world, 'tests')] } }] }],
        }),
        service(world.ns(), 'x', {}, toApi),
      );
      await world.pause(10_000);
      await another(world, 'successor');
      await world.pause(10_000);
      await world.delete(kinds.Service, world.ns(), 'api');
      for (let seconds = 0; seconds < 20; seconds += 1) {
        expect(await copyOf(world, 'readers')).toContain('sa/web');
        await world.pause(1000);
      }
    });
  });

  it.each(others)('is followed where it lets in: %s', async (_what, selector) => {
    await run(async (world) => {
      await beside(world, selector);
      await world.patch('AuthorizationPolicy', world.ns(), 'readers', {
        spec: { rules: readers(world, 'web', 'ops', 'tests') },
      });
      await world.pause(10_000);
      expect(await copyOf(world, 'readers')).toContain('sa/tests');
    });
  });

  it.each(others)('is made again where somebody deletes it: %s', async (_what, selector) => {
    await run(async (world) => {
      await beside(world, selector);
      const { items } = await world.client.list(kinds.AuthorizationPolicy, {
        namespace: world.ns(),
        signal: world.signal,
      });
      const copy = items.find(({ metadata }) => metadata.name.startsWith('readers-'));
      await world.delete(kinds.AuthorizationPolicy, world.ns(), copy?.metadata.name ?? '');
      await world.pause(10_000);
      expect(await copyOf(world, 'readers')).toContain('sa/web');
    });
  });
});

describe('what was made for a Service that another one has taken the place of', () => {
  const ofGateway = (home: string): KubeObject =>
    object('AuthorizationPolicy', home, 'readers', {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
      action: 'ALLOW',
      rules: [
        { from: [{ source: { principals: ['web', 'ops'].map((name) => `cluster.local/ns/${home}/sa/${name}`) } }] },
      ],
    });

  it('goes, so that nobody is let in by it who is revoked later, and no rollback waits for it', async () => {
    await run(async (world) => {
      await rested(world, { wholeNamespace: true, policies: (home) => [ofGateway(home)] });
      await another(world, 'successor');
      await world.pause(10_000);
      await world.delete(kinds.Service, world.ns(), 'api');
      await world.pause(20_000);
      await world.patch('AuthorizationPolicy', world.ns(), 'readers', { spec: { rules: readers(world, 'ops') } });
      await world.pause(20_000);
      const { items } = await world.client.list(kinds.AuthorizationPolicy, {
        namespace: world.ns(),
        signal: world.signal,
      });
      const copies = items.filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'SidecarCopy');
      expect(copies.map(({ spec }) => JSON.stringify(spec)).filter((each) => each.includes('sa/web'))).toEqual([]);
      await world.command('RollingBack', world.ns());
      await world.childPhase('RolledBack');
      expect(await madeByRole(world)).toEqual({});
    });
  });

  it.each(['ALLOW', 'DENY'])('stays for a port that only its own Service has: %s', async (action) => {
    await run(async (world) => {
      const admin = { ports: [{ name: 'http', port: 9090, targetPort: 9090 }], selector: { app: 'api' } };
      const rules = {
        ALLOW: [{ from: [{ source: { principals: ['cluster.local/ns/a/sa/web'] } }] }],
        DENY: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
      };
      await rested(world, {
        wholeNamespace: true,
        policies: (home) => [
          object('AuthorizationPolicy', home, 'all', {
            targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
            action,
            rules: rules[action as 'ALLOW'],
          }),
          service(home, 'admin', {}, admin),
        ],
      });
      const before = await world.client.list(kinds.AuthorizationPolicy, {
        namespace: world.ns(),
        signal: world.signal,
      });
      await world.delete(kinds.Service, world.ns(), 'admin');
      await world.pause(30_000);
      const { items } = await world.client.list(kinds.AuthorizationPolicy, {
        namespace: world.ns(),
        signal: world.signal,
      });
      const said = (all: typeof items): readonly string[] =>
        all.map(({ metadata, spec }) => `${metadata.name} ${JSON.stringify(spec)}`).sort();
      expect(said(items)).toEqual(said(before.items));
    });
  });
});

describe('the policy of a Service that takes the place of another one', () => {
  const of = (home: string, name: string, service: string, account: string): KubeObject =>
    object('AuthorizationPolicy', home, name, {
      targetRefs: [{ group: '', kind: 'Service', name: service }],
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/${account}`] } }] }],
    });

  it('is named as long as it is in force nowhere, is not finalized without, and comes into force', async () => {
    await run(async (world) => {
      const home = world.ns();
      await rested(world, { wholeNamespace: true, policies: () => [of(home, 'old', 'api', 'web')] });
      await world.create(of(home, 'new', 'next', 'ops'));
      await another(world, 'next');
      await world.pause(5000);
      await world.delete(kinds.Service, home, 'api');
      await world.pause(20_000);
      const stalled = async (): Promise<string | undefined> => {
        const { status } = await world.child();
        return status?.conditions?.find((each) => each.type === 'Stalled' && each.status === 'True')?.message;
      };
      expect(await stalled()).toMatch(/AuthorizationPolicy let-in\/new: it would let more in .* Service let-in\/api/);
      await world.edit({ action: 'Finalize' });
      await world.pause(60_000);
      expect((await world.child()).status?.phase).toBe('Migrated');
      await world.delete(kinds.AuthorizationPolicy, home, 'old');
      await world.childPhase('Finalized');
      const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
      const copies = items.filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'SidecarCopy');
      expect(copies.map(({ spec }) => JSON.stringify(spec))).toEqual([expect.stringContaining('sa/ops')]);
    });
  });
});
