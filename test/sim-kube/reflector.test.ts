import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { Store } from '../../src/kube/store.ts';
import type { Change, Stored } from '../../src/kube/store.ts';
import { SimApiServer } from '../sim/apiserver/sim-api-server.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { FaultyLine } from './faulty-line.ts';
import { line } from './scripted-server.ts';

const configMaps: Resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const widgets: Resource = { group: 'example.dev', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };
const manager = { manager: 'test' };

interface Item extends Stored {
  readonly value: unknown;
}

function project({ metadata, data }: KubeObject): Item {
  const { namespace, name, uid = '', resourceVersion = '' } = metadata;
  return { namespace, name, uid, resourceVersion, value: (data as { value?: unknown } | undefined)?.value };
}

function configMap(name: string, value: string): KubeObject {
  return { metadata: { name, namespace: 'default' }, data: { value } };
}

/** What somebody knows who only hears the changes. */
function listener(store: Store<Item>): Map<string, Item> {
  const known = new Map<string, Item>();
  store.onChange((change: Change<Item>) => {
    expect(change.previous).toEqual(known.get(change.name));
    expect(change.type === 'added').toBe(change.previous === undefined);
    if (change.current === undefined) known.delete(change.name);
    else known.set(change.name, change.current);
  });
  return known;
}

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function start(resource: Resource = configMaps, seed = 1) {
  const clock = new VirtualClock();
  const server = new SimApiServer({ clock });
  const wire = new FaultyLine(server.transport());
  const random = seededRandom(seed);
  const client = new KubeClient({ transport: wire, clock, random, fieldManager: 'test' });
  const store = new Store<Item>();
  const known = listener(store);
  const stop = new AbortController();
  const reflector = new Reflector({
    client,
    resource,
    namespace: 'default',
    project,
    store,
    clock,
    random,
    log: silentLogger,
  });
  const running = reflector.run(stop.signal);
  cleanups.push(async () => {
    expect(store.handlerErrors).toBe(0); // the store catches what the listener's expectations throw
    stop.abort(new Error('the test is over'));
    await clock.run(running);
    await server.stop();
  });
  function truth(): readonly Item[] {
    return server.list(resource, 'default').map(project);
  }
  function lists(): number {
    return wire.requests.filter(({ path }) => !path.includes('watch=true') || path.includes('sendInitialEvents'))
      .length;
  }
  function set(name: string, value: string): void {
    const old = server.get(configMaps, 'default', name);
    if (old === undefined) server.create(configMaps, configMap(name, value), manager);
    else server.update(configMaps, { ...old, data: { value } }, manager);
  }
  return { clock, server, wire, store, known, truth, lists, set };
}

describe('a reflector of the simulated API server', () => {
  it('resumes at a bookmark after a cut, without reading the state again', async () => {
    const { clock, server, wire, store, truth, lists, set } = start();
    set('a', '1');
    await clock.run(() => store.synced);
    const other = { ...configMaps, kind: 'Secret', plural: 'secrets' };
    server.create(other, { metadata: { name: 'unrelated', namespace: 'default' } }, manager);
    await clock.advance(61_000);
    expect(store.resourceVersion).toBe(String(server.revision));
    server.compact(server.revision);

    wire.cut();
    set('b', '2');
    await clock.advance(5_000);

    expect([store.list(), lists()]).toEqual([truth(), 1]);
  });

  it('reads the state once more when its version has been compacted away', async () => {
    const { clock, server, wire, store, known, truth, lists, set } = start();
    set('a', '1');
    set('b', '1');
    await clock.run(() => store.synced);
    const before = store.get('default', 'a')?.uid;
    wire.down = true;
    wire.cut();
    await clock.idle();
    server.delete(configMaps, 'default', 'a');
    server.delete(configMaps, 'default', 'b');
    set('a', '1');
    server.compact();
    wire.down = false;

    await clock.advance(10_000);

    expect([store.list(), lists()]).toEqual([truth(), 2]);
    expect(store.get('default', 'a')?.uid).not.toBe(before);
    expect([...known.values()]).toEqual(truth());
  });

  it('notices within 90 s that nothing comes any more, and catches up', async () => {
    const { clock, wire, store, truth, set } = start();
    await clock.run(() => store.synced);
    wire.hold();
    set('a', '1');
    await clock.advance(89_000);
    expect(store.list()).toEqual([]);

    await clock.advance(3_000);
    wire.release();
    await clock.advance(1_000);

    expect(store.list()).toEqual(truth());
    expect(store.list()).toHaveLength(1);
  });

  it('applies what was held back when it arrives late', async () => {
    const { clock, wire, store, truth, lists, set } = start();
    await clock.run(() => store.synced);
    wire.hold();
    set('a', '1');
    set('a', '2');
    await clock.advance(20_000);
    expect(store.list()).toEqual([]);

    wire.release();
    await clock.idle();

    expect([store.list(), lists()]).toEqual([truth(), 1]);
  });

  it.each([
    ['a garbled line', (chunk: string) => chunk.slice(5)],
    [
      'an expiry inside the stream',
      (chunk: string) => line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }) + chunk,
    ],
    [
      'a failure inside the stream',
      (chunk: string) => line('ERROR', { kind: 'Status', code: 500, reason: 'InternalError', message: 'no' }) + chunk,
    ],
  ])('loses nothing to %s', async (_what, fault) => {
    const { clock, wire, store, known, truth, set } = start();
    set('a', '1');
    await clock.run(() => store.synced);
    wire.spoilNext(fault);
    set('a', '2');
    set('b', '1');

    await clock.advance(10_000);

    expect(store.list()).toEqual(truth());
    expect([...known.values()]).toEqual(truth());
  });

  it('asks at most 20 times in an outage of ten minutes, whatever the jitter', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { clock, wire, store, truth, set } = start(configMaps, seed);
      set('a', '1');
      await clock.run(() => store.synced);
      wire.down = true;
      wire.cut();
      const before = wire.requests.length;
      await clock.advance(600_000);
      expect(wire.requests.length - before).toBeLessThanOrEqual(20);
      expect(wire.requests.length - before).toBeGreaterThan(5);

      set('b', '1');
      wire.down = false;
      await clock.advance(60_000);
      expect(store.list()).toEqual(truth());
    }
  });

  it('needs few requests in a quiet hour', async () => {
    const { clock, wire, store } = start();
    await clock.run(() => store.synced);
    await clock.advance(3_600_000);

    expect(wire.requests.length).toBeLessThanOrEqual(13);
  });

  it('finds a kind as soon as its definition is installed', async () => {
    const { clock, server, store } = start(widgets);
    await clock.run(() => store.synced);
    expect(store.absent).toBe(true);

    const definitions = {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      kind: 'CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      namespaced: false,
    };
    server.create(
      definitions,
      {
        metadata: { name: 'widgets.example.dev' },
        spec: {
          group: widgets.group,
          scope: 'Namespaced',
          names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            },
          ],
        },
      },
      manager,
    );
    await clock.advance(31_000);

    expect(store.absent).toBe(false);
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'ends with the true state after random faults (seed %i)',
    async (seed) => {
      const { clock, server, wire, store, known, truth, set } = start(configMaps, seed);
      const random = seededRandom(seed + 1_000);
      const names = ['a', 'b', 'c', 'd'];
      const actions: readonly (() => void)[] = [
        () => {
          wire.cut();
        },
        () => {
          wire.down = !wire.down;
        },
        () => {
          wire.hold();
        },
        () => {
          wire.release();
        },
        () => {
          server.compact();
        },
        () => {
          wire.spoilNext((chunk) => chunk.slice(Math.floor(random() * chunk.length)));
        },
        () => {
          wire.spoilNext((chunk) => chunk.slice(0, Math.floor(random() * chunk.length)));
          wire.cut();
        },
      ];
      for (let step = 0; step < 150; step += 1) {
        const name = names[Math.floor(random() * names.length)] ?? 'a';
        if (random() < 0.5) set(name, String(step));
        else if (random() < 0.5 && server.get(configMaps, 'default', name) !== undefined)
          server.delete(configMaps, 'default', name);
        else if (random() < 0.3) actions[Math.floor(random() * actions.length)]?.();
        await clock.advance(Math.floor(random() * 2_000));
      }
      wire.down = false;
      wire.release();

      await clock.advance(200_000);

      expect(store.list()).toEqual(truth());
      expect([...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(truth());
    },
  );
});
