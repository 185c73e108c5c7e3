import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import type { NamespaceMigrationStatus } from '../../src/api/namespace-migration.ts';
import { allowGet, httpPort, shop } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const root = 'istio-system';

async function on(name: string, run: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name, disturbs: true, run });
}

async function says(world: World, mesh: string): Promise<void> {
  await world.patch('ConfigMap', root, 'istio', { data: { mesh } });
}

/** A policy that names its callers by namespace: it is the same in every trust domain. */
function readers(home: string): KubeObject {
  const rules = [{ from: [{ source: { namespaces: [home] } }], to: [{ operation: { methods: ['GET'] } }] }];
  return object('AuthorizationPolicy', home, 'readers', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules,
  });
}

async function migrate(world: World): Promise<void> {
  const home = world.ns();
  await world.create(
    meshMigration(
      world.name,
      { names: [home] },
      { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
    ),
  );
}

/** Whom the objects that the operator made admit, or refuse nobody but. */
async function waypointsNamed(world: World): Promise<readonly string[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return [...new Set(items.flatMap((policy) => JSON.stringify(policy).match(/[^"]+\/sa\/waypoint/g) ?? []))];
}

async function statusOf(world: World): Promise<NamespaceMigrationStatus> {
  return (await world.child()).status ?? {};
}

function critical({ findings = [] }: NamespaceMigrationStatus): readonly string[] {
  return findings.filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
}

async function blocked(world: World): Promise<NamespaceMigrationStatus> {
  return (await world.childPhase('Blocked')).status ?? {};
}

describe('the trust domain of guards', () => {
  it.each([
    ['with a comment behind it', 'trustDomain: corp.example # as in the contract\n'],
    ['in single quotes', "trustDomain: 'corp.example'\n"],
    ['in JSON', '{"trustDomain": "corp.example"}'],
    ['by its name in the API', 'trust_domain: corp.example\n'],
    ['by an anchor', 'x: &domain corp.example\ntrustDomain: *domain\n'],
  ])(
    'is that of the mesh configuration, %s',
    async (_how, text) => {
      await on('trust-domain', async (world) => {
        await says(world, text);
        await shop(world, readers(world.ns()));
        await migrate(world);
        await world.childPhase('Migrated');

        expect(await waypointsNamed(world)).toEqual([`corp.example/ns/${world.ns()}/sa/waypoint`]);
      });
    },
    300_000,
  );

  it.each([
    ['brackets without end', 'trustDomain: [corp'],
    ['something else than a text', 'trustDomain: 5\n'],
    ['nothing', 'trustDomain: ""\n'],
  ])('is not guessed where the configuration has %s', async (_what, text) => {
    await on('unreadable', async (world) => {
      await says(world, text);
      await shop(world, readers(world.ns()));
      await migrate(world);
      const status = await blocked(world);

      expect(critical(status)).toContain('MM016');
      expect(status.findings?.find(({ id }) => id === 'MM016')?.object).toBe('ConfigMap istio-system/istio');
    });
  });

  it.each([
    ['is edited, and says the same', 'trustDomain: corp.example # for good\n', /every pod is in its new data plane/],
    [
      'says another one',
      'trustDomain: other.example\n',
      /the trust domain corp.example, which the mesh configuration gives as other.example/,
    ],
    ['cannot be read', 'trustDomain: [corp', /ConfigMap istio-system\/istio: .* cannot be read/],
    ['is gone', undefined, /ConfigMap istio-system\/istio: .* is not there/],
  ])(
    'stays as it was at rest when the configuration %s',
    async (_what, text, said) => {
      await on('at-rest', async (world) => {
        await says(world, 'trustDomain: corp.example\n');
        await shop(world, readers(world.ns()));
        await migrate(world);
        await world.childPhase('Migrated');
        const before = await waypointsNamed(world);
        if (text === undefined) await world.delete(kinds.ConfigMap, root, 'istio');
        else await says(world, text);
        await world.pause(60_000);

        expect(await waypointsNamed(world)).toEqual(before);
        const status = await statusOf(world);
        expect(status.phase).toBe('Migrated');
        expect(status.message).toMatch(said);
      });
    },
    300_000,
  );
});

it.each([
  ['cannot be read', 'trustDomain: [corp'],
  ['is gone', undefined],
])(
  'a namespace on its way stays where it is while the configuration %s',
  async (_what, text) => {
    await on('on-the-way', async (world) => {
      await shop(world, allowGet(world.ns()));
      await migrate(world);
      await world.eventually('the waypoint is bound', async () =>
        (await statusOf(world)).step === 'RestartWorkloads' ? true : undefined,
      );
      if (text === undefined) await world.delete(kinds.ConfigMap, root, 'istio');
      else await says(world, text);
      await world.eventually('it is held', async () =>
        ((await statusOf(world)).message ?? '').includes('MM016') ? true : undefined,
      );
      await world.pause(600_000);
      expect((await statusOf(world)).phase).toBe('Migrating');
      const mesh = 'trustDomain: cluster.local\n';
      if (text === undefined)
        await world.client.create(
          kinds.ConfigMap,
          { kind: 'ConfigMap', metadata: { name: 'istio', namespace: root }, data: { mesh } },
          world.signal,
        );
      else await says(world, mesh);
      await world.childPhase('Migrated');
    });
  },
  300_000,
);

it('policies for the whole mesh are those of meshConfig.rootNamespace', async () => {
  await on('root-namespace', async (world) => {
    const home = world.ns();
    const config = world.ns('config');
    await says(world, `rootNamespace: ${config}\n`);
    await world.create(
      namespace(config, {}),
      namespace(home),
      strict(home),
      service(home, 'api', {}, httpPort),
      deployment(home, 'api', { replicas: 2 }),
    );
    const rules = [{ to: [{ operation: { methods: ['DELETE'] } }] }];
    await world.create(object('AuthorizationPolicy', config, 'no-delete-anywhere', { action: 'DENY', rules }));
    await world.podsReady(2);
    await world.create(meshMigration(world.name, { names: [home] }));

    expect((await blocked(world)).itinerary).toBe('L7');
  });
});

it.each(["'REGISTRY_ONLY'", '"REGISTRY_ONLY" # closed', '0'])(
  'egress that the mesh configuration closes by mode %s blocks',
  async (mode) => {
    await on('registry-only', async (world) => {
      const home = world.ns();
      await says(world, `outboundTrafficPolicy:\n  mode: ${mode}\n`);
      await world.create(namespace(home), deployment(home, 'api', { replicas: 2 }));
      await world.podsReady(2);
      await world.create(meshMigration(world.name, { names: [home] }));

      expect(critical(await blocked(world))).toContain('MM044');
    });
  },
);

async function policiesFor(world: World, role: string): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === role);
}

describe('what names the waypoint and is deleted while the mesh configuration cannot be read', () => {
  async function deleted(world: World, ...roles: readonly string[]): Promise<readonly KubeObject[]> {
    await says(world, 'trustDomain: corp.example\n');
    await shop(world, readers(world.ns()));
    await migrate(world);
    await world.childPhase('Migrated');
    const before = (await Promise.all(roles.map(async (role) => await policiesFor(world, role)))).flat();
    expect(before).toHaveLength(roles.length);
    await says(world, 'trustDomain: [corp');
    await world.eventually('it is not known', async () =>
      (await statusOf(world)).message?.includes('cannot be read') === true ? true : undefined,
    );
    for (const { metadata } of before) await world.delete(kinds.AuthorizationPolicy, world.ns(), metadata.name);
    return before;
  }

  it('is made anew as it was where it only refuses, and all that stands names the same waypoint', async () => {
    await on('deleted-guard', async (world) => {
      const [before] = await deleted(world, 'Guard');
      const after = await world.eventually(
        'the guard is there again',
        async () => (await policiesFor(world, 'Guard'))[0],
      );
      expect(after.spec).toEqual(before?.spec);
      expect(after.metadata.annotations).toEqual(before?.metadata.annotations);
      await world.pause(60_000);
      expect(await waypointsNamed(world)).toEqual([`corp.example/ns/${world.ns()}/sa/waypoint`]);
    });
  });

  it.each([
    ['lets the waypoint in', ['AllowWaypoint']],
    ['is the last that names it', ['AllowWaypoint', 'Guard']],
  ])('is named and not guessed where it %s', async (_what, roles) => {
    await on('deleted-for-now', async (world) => {
      const before = await deleted(world, ...roles);
      await world.pause(60_000);
      expect((await Promise.all(roles.map(async (role) => await policiesFor(world, role)))).flat()).toEqual([]);
      const { message = '' } = await statusOf(world);
      for (const {
        metadata: { name },
      } of before)
        expect(message).toContain(
          `AuthorizationPolicy ${world.ns()}/${name}, which is not there and is made only when the mesh configuration is known again`,
        );
      await says(world, 'trustDomain: corp.example\n');
      await world.eventually('it is there again', async () =>
        (await waypointsNamed(world)).length === 1 && (await policiesFor(world, 'AllowWaypoint')).length === 1
          ? true
          : undefined,
      );
      await world.childPhase('Migrated');
    });
  });

  it('does not make a status of objects that are there', async () => {
    await on('all-there', async (world) => {
      await deleted(world);
      await world.pause(60_000);
      expect((await statusOf(world)).message).not.toMatch(/not in force yet as they are now: AuthorizationPolicy/);
    });
  });
});

describe('a root namespace that istiod does not see', () => {
  /** An ALLOW for the whole mesh, which no proxy reads. */
  const forAll = object('AuthorizationPolicy', root, 'ops-may-delete', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: ['ops'] } }], to: [{ operation: { methods: ['DELETE'] } }] }],
  });

  async function hidden(world: World): Promise<void> {
    await says(world, 'discoverySelectors:\n- matchLabels:\n    team: shop\n');
    await shop(world, readers(world.ns()));
    await world.patch('Namespace', undefined, world.ns(), { metadata: { labels: { team: 'shop' } } });
  }

  async function copiedFrom(world: World): Promise<readonly string[]> {
    const { items } = await world.client.list(kinds.AuthorizationPolicy, {
      namespace: world.ns(),
      signal: world.signal,
    });
    return items.flatMap(({ metadata }) => metadata.annotations?.['meshmigration.dev/copy-of'] ?? []);
  }

  it('keeps a namespace from beginning while something stands in it for the whole mesh', async () => {
    await on('hidden-root', async (world) => {
      await hidden(world);
      await world.create(forAll);
      await migrate(world);
      expect(critical(await blocked(world))).toEqual(['MM017']);

      await world.delete(kinds.AuthorizationPolicy, root, 'ops-may-delete');
      await world.childPhase('Migrated');
    });
  });

  it('gives no copies of what comes into it, and takes none away', async () => {
    await on('hidden-later', async (world) => {
      await hidden(world);
      await world.patch('Namespace', undefined, root, { metadata: { labels: { team: 'shop' } } });
      await world.create({ ...forAll, metadata: { ...forAll.metadata, name: 'before' } });
      await migrate(world);
      await world.childPhase('Migrated');
      const before = [`AuthorizationPolicy/${world.ns()}/readers`, `AuthorizationPolicy/${root}/before`];
      expect([...(await copiedFrom(world))].sort()).toEqual(before);

      await world.patch('Namespace', undefined, root, { metadata: { labels: { team: null } } });
      await world.create(forAll);
      await world.eventually('a message', async () =>
        /no discoverySelectors of .* select it/.test((await statusOf(world)).message ?? '') ? true : undefined,
      );
      await world.pause(20_000);
      expect([...(await copiedFrom(world))].sort()).toEqual(before);
      await world.delete(kinds.AuthorizationPolicy, root, 'ops-may-delete');
      await world.delete(kinds.AuthorizationPolicy, root, 'before');
    });
  });
});
