import assert from 'node:assert/strict';
import { copyOfAnnotation } from '../../src/mesh/istio/policy/translate/names.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { watchEvents } from '../../src/kube/watch-stream.ts';
import { nothingLeft, rolesOf, shop } from './http.ts';
import { kinds, meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const api = { selector: { matchLabels: { app: 'api' } } };

/** Traces of `api`. */
export function traces(home: string, percentage: number): KubeObject {
  return object('Telemetry', home, 'traces', { ...api, tracing: [{ randomSamplingPercentage: percentage }] });
}

/** A plugin that decides about the requests to `api`. */
export function plugin(home: string): KubeObject {
  return object('WasmPlugin', home, 'auth', {
    ...api,
    url: 'oci://registry.example.com/auth:1',
    phase: 'AUTHZ',
    match: [{ mode: 'SERVER' }],
  });
}

type Spec = Readonly<Record<string, unknown>>;

/** What the operator made of an object, if it did. */
async function copiesOf(world: World, kind: 'Telemetry' | 'WasmPlugin', name: string): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list(kinds[kind], { namespace: world.ns(), signal: world.signal });
  return items.filter(({ metadata }) => metadata.annotations?.[copyOfAnnotation] === `${kind}/${world.ns()}/${name}`);
}

/** Versions of the cluster at which things happened. */
interface Course {
  readonly versions: Map<string, bigint>;
  stop(): Promise<void>;
}

/** Notes at which version a Service is bound and unbound, and at which a copy of a plugin is there and gone. */
async function watchCourse(world: World): Promise<Course> {
  const versions = new Map<string, bigint>();
  const stopping = new AbortController();
  const until = AbortSignal.any([world.signal, stopping.signal]);
  const note = (what: string, { metadata }: KubeObject): void => {
    if (!versions.has(what)) versions.set(what, BigInt(metadata.resourceVersion ?? '0'));
  };
  const notes: Readonly<Record<'Service' | 'WasmPlugin', (seen: KubeObject, deleted: boolean) => void>> = {
    WasmPlugin(seen, deleted) {
      if (seen.metadata.annotations?.[copyOfAnnotation] !== undefined) note(deleted ? 'copy gone' : 'copy there', seen);
    },
    Service(seen) {
      if (seen.metadata.name !== 'api') return;
      if (seen.metadata.labels?.['istio.io/use-waypoint'] !== undefined) note('bound', seen);
      else if (versions.has('bound')) note('unbound', seen);
    },
  };
  const readings: (() => Promise<void>)[] = [];
  for (const kind of ['Service', 'WasmPlugin'] as const) {
    const { resourceVersion } = await world.client.listPage(kinds[kind], { namespace: world.ns(), signal: until });
    const stream = await world.client.watch(
      kinds[kind],
      { namespace: world.ns(), resourceVersion, timeoutSeconds: 3600 },
      until,
    );
    const options = {
      clock: world.clock,
      idleMs: () => 3_600_000,
      abort: (reason: unknown) => {
        stopping.abort(reason);
      },
      request: { server: world.client.server, method: 'GET', path: kind },
    };
    readings.push(async () => {
      for await (const event of watchEvents(stream, options)) {
        if (event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED')
          notes[kind](event.object, event.type === 'DELETED');
      }
    });
  }
  const done = Promise.allSettled(readings.map((read) => read()));
  return {
    versions,
    async stop() {
      stopping.abort(new Error('seen enough'));
      await done;
    },
  };
}

/** Namespaces with extensions of their proxies: copies of them go on at the waypoint. */
export const httpExtensionScenarios: readonly Scenario[] = [
  {
    name: 'http-telemetry-copy',
    async run(world) {
      const home = world.ns();
      await shop(
        world,
        traces(home, 10),
        object('Telemetry', home, 'default', { accessLogging: [{ disabled: true }] }),
      );
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7');
      const [copy, ...more] = await copiesOf(world, 'Telemetry', 'traces');
      assert.deepEqual(copy?.['spec'], {
        targetRefs: [{ group: '', kind: 'Service', name: 'api' }],
        tracing: [{ randomSamplingPercentage: 10 }],
      });
      assert.deepEqual(more, []);
      assert.deepEqual(
        await copiesOf(world, 'Telemetry', 'default'),
        [],
        'a waypoint reads what is for the whole namespace',
      );
      await world.patch('Telemetry', home, 'traces', { spec: { tracing: [{ randomSamplingPercentage: 20 }] } });
      await world.eventually('the copy follows', async () =>
        (((await copiesOf(world, 'Telemetry', 'traces'))[0]?.['spec'] as Spec)['tracing'] as readonly Spec[])[0]?.[
          'randomSamplingPercentage'
        ] === 20
          ? true
          : undefined,
      );
      await world.command('RollingBack');
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
      assert.equal(
        (await world.client.list(kinds.Telemetry, { namespace: home, signal: world.signal })).items.length,
        2,
        'the originals stay',
      );
    },
  },
  {
    name: 'http-wasm-before-bind',
    async run(world) {
      const home = world.ns();
      await shop(world, plugin(home));
      const course = await watchCourse(world);
      const { versions } = course;
      try {
        await world.create(
          meshMigration(
            world.name,
            { names: [home] },
            { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
          ),
        );
        await world.childPhase('Migrated');
        assert.deepEqual(await rolesOf(world), { Guard: 1 }, 'whoever goes past the waypoint goes past the plugin');
        assert.equal((await copiesOf(world, 'WasmPlugin', 'auth')).length, 1);
        await world.command('RollingBack');
        await world.childPhase('RolledBack');
        await nothingLeft(world);
        const order = ['copy there', 'bound', 'unbound', 'copy gone'];
        await world.eventually(
          'all of it was seen',
          async () => await Promise.resolve(order.every((what) => versions.has(what)) ? true : undefined),
        );
        assert.deepEqual(
          [...versions]
            .sort(([, a], [, b]) => (a < b ? -1 : 1))
            .map(([what]) => what)
            .filter((what) => order.includes(what)),
          order,
        );
      } finally {
        await course.stop();
      }
    },
  },
];
