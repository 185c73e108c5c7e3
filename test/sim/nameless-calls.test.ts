import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const back = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const headless = { clusterIP: 'None' };

/** Decides by the identity of the callers from a namespace. */
function byIdentity(action: 'ALLOW' | 'DENY', home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'by-identity', {
    selector: { matchLabels: { app: 'db' } },
    action,
    rules: [{ from: [{ source: { namespaces: [caller] } }] }],
  });
}

interface Cast {
  readonly a: string;
  readonly b: string;
}

/** `a`, in ambient, has `web` with these annotations and is to get sidecars; `b`, in ambient too, has `db`. */
async function run(
  name: string,
  cast: (names: Cast) => readonly KubeObject[],
  story: (world: World, names: Cast) => Promise<void>,
  annotations: Readonly<Record<string, string>> = {},
  options: SimRun = {},
): Promise<void> {
  await runOnSimulation(
    {
      name,
      async run(world) {
        const names = { a: world.ns('a'), b: world.ns('b') };
        const { a, b } = names;
        await world.create(
          namespace(a, ambient),
          namespace(b, ambient),
          ...cast(names),
          deployment(a, 'web', { behaviour: annotations }),
          deployment(b, 'db'),
        );
        for (const home of [a, b]) await world.podsReady(1, home);
        await story(world, names);
      },
    },
    options,
  );
}

function callers({ a, b }: Cast): Pick<MeshMigrationSpec, 'callers'> {
  return {
    callers: [
      { namespace: b, from: [{ namespace: a }] },
      { namespace: a, from: [{ namespace: 'elsewhere' }] },
    ],
  };
}

async function moves(world: World, names: Cast): Promise<void> {
  await world.create(meshMigration(world.name, { names: [names.a] }, { ...back, ...callers(names) }));
  await world.phase('Migrated');
  await world.modesAre({ Sidecar: 1 }, names.a);
}

/** Sees that `b` had its sidecars before anything changed in `a`. */
async function wentAfter(world: World, { a, b }: Cast): Promise<void> {
  const [moved, flipped] = [await world.completedAt('RestartWorkloads', b), await world.completedAt('Flip', a)];
  assert.ok(moved !== '' && moved <= flipped, `${b} was to move (${moved}) before ${a} changed (${flipped})`);
}

/** The one critical finding of a namespace that is blocked. */
async function blocked(world: World, names: Cast): Promise<string> {
  await world.create(meshMigration(world.name, { names: [names.a] }, { ...back, ...callers(names) }));
  const { status } = await world.childPhase('Blocked', names.a);
  const critical =
    status?.findings
      ?.filter(({ severity }) => severity === 'Critical')
      .map(({ id, object: it, message }) => `${id} ${it}: ${message}`) ?? [];
  assert.equal(critical.length, 1, critical.join('\n'));
  return critical[0] ?? '';
}

describe('a namespace that leaves ambient for sidecars', () => {
  it('is kept where a DENY of its identity would not know it any more, by the address of a pod or by a headless Service', async () => {
    await run(
      'deny',
      ({ a, b }) => [byIdentity('DENY', b, a), service(b, 'db')],
      async (world, names) => {
        assert.match(
          await blocked(world, names),
          new RegExp(`^MM136 AuthorizationPolicy ${names.b}/by-identity: .*what it refuses may get through`),
        );
      },
    );
  });

  it('goes where mutual TLS refuses such calls, or the DENY is about others', async () => {
    await run('strict-deny', ({ a, b }) => [byIdentity('DENY', b, a), strict(b), service(b, 'db')], moves);
    await run('others', ({ b }) => [byIdentity('DENY', b, 'elsewhere'), service(b, 'db')], moves);
  });

  it.each(['strict', 'ALLOW'] as const)(
    'is kept where what it calls by a headless Service in ambient would refuse it (%s)',
    async (how) => {
      await run(
        `headless-${how.toLowerCase()}`,
        ({ a, b }) => [how === 'strict' ? strict(b) : byIdentity('ALLOW', b, a), service(b, 'db', {}, headless)],
        async (world, names) => {
          assert.match(await blocked(world, names), /^MM136 .*headless Service/);
          await world.edit({ policies: { refusals: 'Accept' } });
          await world.phase('Migrated');
        },
      );
    },
  );

  it('goes where an ordinary Service leads there', async () => {
    await run('ordinary', ({ b }) => [strict(b), service(b, 'db')], moves);
  });

  it('goes after whom it calls by a headless Service, where the migration moves both', async () => {
    await run(
      'both',
      ({ b }) => [strict(b), service(b, 'db', {}, headless)],
      async (world, names) => {
        await world.create(meshMigration(world.name, { names: [names.a, names.b] }, { ...back, ...callers(names) }));
        await world.phase('Migrated');
        await wentAfter(world, names);
      },
      {},
      { slots: 1 },
    );
  });

  it('goes after whom it calls, though nobody says who calls itself', async () => {
    await run(
      'half-known',
      ({ a, b }) => [
        ...[a, b].map((home) => strict(home)),
        service(a, 'web', {}, headless),
        service(b, 'db', {}, headless),
      ],
      async (world, { a, b }) => {
        const callers = [{ namespace: b, from: [{ namespace: a }] }];
        const spec = { ...back, policies: { refusals: 'Accept' }, callers } as const;
        await world.create(meshMigration(world.name, { names: [a, b] }, spec));
        await world.phase('Migrated');
        await wentAfter(world, { a, b });
      },
    );
  });

  it.each([
    ['traffic.sidecar.istio.io/excludeOutboundPorts', '80'],
    ['traffic.sidecar.istio.io/excludeOutboundIPRanges', '10.0.0.0/8'],
    ['traffic.sidecar.istio.io/includeOutboundIPRanges', ''],
    ['sidecar.istio.io/interceptionMode', 'NONE'],
  ])(
    'is kept where its template would have the sidecar leave calls alone that have to come by mutual TLS (%s: "%s")',
    async (key, value) => {
      await run(
        'outbound',
        ({ b }) => [strict(b), service(b, 'db')],
        async (world, names) => {
          assert.match(
            await blocked(world, names),
            new RegExp(`^MM136 PeerAuthentication ${names.b}/.*${key.split('/')[1] ?? ''}`),
          );
        },
        { [key]: value },
      );
    },
  );

  it.each([
    ['traffic.sidecar.istio.io/excludeOutboundPorts', '3306'],
    ['traffic.sidecar.istio.io/excludeOutboundIPRanges', '169.254.169.254/32'],
    ['traffic.sidecar.istio.io/includeOutboundIPRanges', '*'],
  ])('goes where what it leaves alone is none of these (%s: "%s")', async (key, value) => {
    await run('elsewhere', ({ b }) => [strict(b), service(b, 'db')], moves, { [key]: value });
  });

  it('is kept where its own workloads call each other by a headless Service under STRICT', async () => {
    await run(
      'own',
      ({ a }) => [strict(a), service(a, 'web', {}, headless)],
      async (world, names) => {
        await world.create(meshMigration(world.name, { names: [names.a] }, back));
        const { status } = await world.childPhase('Blocked', names.a);
        assert.deepEqual(
          status?.findings?.filter(({ severity }) => severity === 'Critical').map(({ id }) => id),
          ['MM136'],
        );
      },
    );
  });

  it('says at rest that a later DENY of its identity is not in force', async () => {
    await run(
      'late',
      ({ b }) => [service(b, 'db')],
      async (world, names) => {
        await moves(world, names);
        await world.create(byIdentity('DENY', names.b, names.a));
        await world.eventually('it is said', async () =>
          (await world.child(names.a)).status?.findings?.some(
            ({ id, severity }) => id === 'MM136' && severity === 'Critical',
          ) === true
            ? true
            : undefined,
        );
      },
    );
  });
});

describe('a namespace whose sidecars are not told of a Service that it calls', () => {
  const sidecar = (home: string): KubeObject => object('Sidecar', home, 'default', { egress: [{ hosts: ['./*'] }] });
  const hidden = (b: string): KubeObject => ({
    ...service(b, 'db'),
    metadata: { name: 'db', namespace: b, annotations: { 'networking.istio.io/exportTo': '.' } },
  });

  it.each<[string, (names: Cast) => readonly KubeObject[]]>([
    ['by its Sidecar', ({ a, b }) => [strict(b), service(b, 'db'), sidecar(a)]],
    ['by the Sidecar of the mesh', ({ b }) => [strict(b), service(b, 'db'), sidecar('istio-system')]],
    ['because it is not exported', ({ b }) => [strict(b), hidden(b)]],
  ])('is kept in ambient, where it is known (%s)', async (_how, cast) => {
    await run('untold', cast, async (world, names) => {
      assert.match(await blocked(world, names), /^MM136 PeerAuthentication .*keeps sidecars here from being told/);
    });
  });
});
