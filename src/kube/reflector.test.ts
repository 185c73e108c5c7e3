import { describe, expect, it } from '@jest/globals';
import { ScriptedServer, WatchBody, connectionRefused, line, refusal } from '../../test/sim-kube/scripted-server.ts';
import type { Reply } from '../../test/sim-kube/scripted-server.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import type { LogMethod } from '../base/log.ts';
import { silentLogger } from '../base/log.ts';
import { KubeClient } from './client.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import { Reflector } from './reflector.ts';
import { Store } from './store.ts';
import type { Stored } from './store.ts';
import type { HttpRequest } from './transport.ts';

const pods: Resource = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

interface Pod extends Stored {
  readonly phase: unknown;
}

function project({ metadata, phase }: KubeObject): Pod {
  const { namespace, name, uid = '', resourceVersion = '' } = metadata;
  return { namespace, name, uid, resourceVersion, phase };
}

function pod(name: string, resourceVersion: string, phase = 'Running', uid = `uid-${name}`): KubeObject {
  return {
    metadata: { name, namespace: 'shop', uid, resourceVersion, annotations: { large: 'x'.repeat(100) } },
    phase,
  };
}

function list(resourceVersion: string, ...items: readonly KubeObject[]): Reply {
  return { status: 200, body: { kind: 'PodList', metadata: { resourceVersion }, items } };
}

function bookmark(resourceVersion: string, annotations?: Readonly<Record<string, string>>): string {
  return line('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion, annotations } });
}

function initialState(resourceVersion: string, ...items: readonly KubeObject[]): string {
  return (
    items.map((item) => line('ADDED', item)).join('') +
    bookmark(resourceVersion, { 'k8s.io/initial-events-end': 'true' })
  );
}

/** What a request asks for: `list`, `list +token`, `watchlist`, or `watch 12`. */
function asked({ path }: HttpRequest): string {
  const query = new URL(path, 'http://x').searchParams;
  if (query.get('sendInitialEvents') === 'true') return 'watchlist';
  if (query.get('watch') === 'true') return `watch ${query.get('resourceVersion') ?? ''}`;
  return query.has('continue') ? `list +${query.get('continue') ?? ''}` : 'list';
}

/** Starts a reflector against a server that answers one reply after the other, and then never again. */
function start(...replies: readonly (Reply | (() => Reply))[]) {
  return startAs({}, ...replies);
}

function startAs(
  options: { readonly optional?: true; readonly page?: number },
  ...replies: readonly (Reply | (() => Reply))[]
) {
  const clock = new VirtualClock();
  const server = new ScriptedServer((_request, count) => {
    const reply = replies[count - 1] ?? new WatchBody();
    return typeof reply === 'function' ? reply() : reply;
  });
  const warnings: string[] = [];
  const warn: LogMethod = (_fields, message) => {
    warnings.push(message);
  };
  const store = new Store<Pod>();
  const changes: string[] = [];
  store.onChange(({ type, name, current }) => {
    changes.push(`${type} ${name}${current === undefined ? '' : ` ${current.resourceVersion}`}`);
  });
  const random = (): number => 0;
  const client = new KubeClient({ transport: server, clock, random, fieldManager: 'test' });
  const reflector = new Reflector({
    client,
    resource: pods,
    project,
    store,
    clock,
    random,
    log: { ...silentLogger, warn },
    ...options,
  });
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  const requests = (): string[] => server.requests.map(asked);
  return { clock, server, reflector, store, changes, warnings, stop, running, requests };
}

const noWatchList = refusal(422, 'Invalid', 'sendInitialEvents: Forbidden: not offered');

describe('Reflector', () => {
  it('takes the initial state from a WatchList and follows the same stream', async () => {
    const stream = new WatchBody().push(initialState('10', pod('a', '5'), pod('b', '6')));
    const { clock, store, changes, requests, server } = start(stream);

    await clock.run(() => store.synced);
    stream
      .push(line('MODIFIED', pod('a', '11', 'Failed')))
      .push(line('DELETED', pod('b', '12')))
      .push(line('ADDED', pod('c', '13')));
    await clock.idle();

    expect(changes).toEqual(['added a 5', 'added b 6', 'modified a 11', 'deleted b', 'added c 13']);
    expect(store.list('shop')).toEqual([
      { namespace: 'shop', name: 'a', uid: 'uid-a', resourceVersion: '11', phase: 'Failed' },
      { namespace: 'shop', name: 'c', uid: 'uid-c', resourceVersion: '13', phase: 'Running' },
    ]);
    expect(requests()).toEqual(['watchlist']);
    expect(server.requests[0]?.path).toContain('allowWatchBookmarks=true');
    expect(server.requests[0]?.path).toContain('timeoutSeconds=290');
  });

  it('does not show half an initial state', async () => {
    const stream = new WatchBody().push(line('ADDED', pod('a', '5')));
    const { clock, store } = start(stream);

    await clock.idle();

    expect([store.synced, store.list()]).toEqual([false, []]);
  });

  it('falls back to paged lists where WatchList is refused, and does not ask for it again', async () => {
    const firstPage: Reply = {
      status: 200,
      body: { metadata: { resourceVersion: '10', continue: 'two' }, items: [pod('a', '5')] },
    };
    const gone = refusal(410, 'Expired');
    const { clock, store, requests } = start(
      noWatchList,
      firstPage,
      list('10', pod('b', '6')),
      gone,
      list('20', pod('b', '6')),
    );

    await clock.run(() => store.resourceVersion === '20');
    await clock.idle();

    expect(requests()).toEqual(['watchlist', 'list', 'list +two', 'watch 10', 'list', 'watch 20']);
    expect(store.list().map((each) => each.name)).toEqual(['b']);
  });

  it('asks for as many at a time as is said of large ones', async () => {
    const limits = async (page?: number): Promise<string | null | undefined> => {
      const { clock, store, server } = startAs(page === undefined ? {} : { page }, noWatchList, list('10'));
      await clock.run(() => store.synced);
      return new URL(server.requests[1]?.path ?? '', 'http://x').searchParams.get('limit');
    };

    expect([await limits(), await limits(25)]).toEqual(['500', '25']);
  });

  it('falls back to lists when a server ignores sendInitialEvents and sends no end of the initial state', async () => {
    const { clock, store, requests } = start(
      new WatchBody().push(line('ADDED', pod('a', '5'))),
      list('10', pod('a', '5')),
    );

    await clock.run(() => store.synced);

    expect(requests()).toEqual(['watchlist', 'list', 'watch 10']);
    expect(clock.monotonic()).toBe(30_000);
  });

  it('reopens at the last version it has seen when the server ends the watch, bookmarks included', async () => {
    const first = new WatchBody().push(initialState('10') + bookmark('25'));
    const { clock, requests, store } = start(first);
    await clock.advance(60_000);
    first.end();
    await clock.idle();

    expect(requests()).toEqual(['watchlist', 'watch 25']);
    expect(store.resourceVersion).toBe('25');
  });

  it('does not ask in a hot loop when watches end as soon as they are open', async () => {
    const { clock, requests } = start(
      noWatchList,
      list('10'),
      ...Array.from({ length: 1_000 }, () => () => new WatchBody().end()),
    );

    await clock.advance(600_000);

    expect(requests().length).toBeLessThanOrEqual(22);
  });

  it('opens at most one watch a second, even if each brings something', async () => {
    let version = 10;
    const short = (): Reply => {
      version += 1;
      return new WatchBody().push(bookmark(String(version))).end();
    };
    const { clock, requests } = start(noWatchList, list('10'), ...Array.from({ length: 1_000 }, () => short));

    await clock.advance(10_500);

    expect(requests()).toHaveLength(2 + 11);
  });

  it('forgets what is deleted while the initial state arrives', async () => {
    const stream = new WatchBody().push(
      line('ADDED', pod('a', '5')) + line('DELETED', pod('a', '7')) + initialState('10', pod('b', '6')),
    );
    const { clock, store } = start(stream);

    await clock.run(() => store.synced);

    expect(store.list().map((each) => each.name)).toEqual(['b']);
  });

  it('lists once per expired version, whether it is an answer or an event', async () => {
    const inBand = new WatchBody().push(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired' }));
    const { clock, requests } = start(noWatchList, list('10'), inBand, list('20'), refusal(410, 'Expired'), list('30'));

    await clock.advance(30_000);

    expect(requests()).toEqual(['watchlist', 'list', 'watch 10', 'list', 'watch 20', 'list', 'watch 30']);
  });

  it('reports an object that was replaced unseen as deleted and added', async () => {
    const { clock, changes, store } = start(
      noWatchList,
      list('10', pod('a', '5')),
      refusal(410, 'Expired'),
      list('20', pod('a', '15', 'Running', 'other')),
    );

    await clock.run(() => store.resourceVersion === '20');

    expect(changes).toEqual(['added a 5', 'deleted a', 'added a 15']);
  });

  it('goes on behind the last good event when a line is garbled', async () => {
    const first = new WatchBody().push(
      initialState('10') + line('ADDED', pod('a', '11')) + '{"type":"ADD\n' + line('ADDED', pod('c', '13')),
    );
    const second = new WatchBody().push(line('ADDED', pod('b', '12')) + line('ADDED', pod('c', '13')));
    const { clock, store, requests, changes, server } = start(first, second);

    await clock.run(() => store.resourceVersion === '13');

    expect(requests()).toEqual(['watchlist', 'watch 11']);
    expect(server.requests.map((request) => request.signal.aborted)).toEqual([true, false]);
    expect(changes).toEqual(['added a 11', 'added b 12', 'added c 13']);
  });

  it('reads the state anew when two watches in a row stay silent', async () => {
    const { clock, requests } = start(noWatchList, list('10'), new WatchBody(), new WatchBody(), list('3'));

    await clock.advance(200_000);

    expect(requests()).toEqual(['watchlist', 'list', 'watch 10', 'watch 10', 'list', 'watch 3']);
  });

  it('warns of a storage that is being initialized only when that comes again', async () => {
    const initializing = (): Reply => refusal(429, 'TooManyRequests', 'storage is (re)initializing');
    const once = start(initializing, new WatchBody().push(initialState('10', pod('a', '5'))));
    await once.clock.run(() => once.store.synced);
    expect(once.warnings).toEqual([]);

    const thrice = start(
      initializing,
      initializing,
      initializing,
      new WatchBody().push(initialState('10', pod('a', '5'))),
    );
    await thrice.clock.run(() => thrice.store.synced);
    expect(thrice.warnings).toEqual(['Cannot list or watch']);
  });

  it('sends at most 20 requests in ten minutes of outage, and then goes on where it was', async () => {
    let down = true;
    const first = new WatchBody().push(initialState('10', pod('a', '5')));
    const after = (): Reply => {
      if (down) throw connectionRefused();
      return new WatchBody().push(line('MODIFIED', pod('a', '40')));
    };
    const { clock, requests, store, warnings } = start(first, ...Array.from({ length: 100 }, () => after));
    await clock.idle();
    first.cut();
    await clock.advance(600_000);

    expect(requests().length - 1).toBeLessThanOrEqual(20);
    expect(requests().slice(1)).toEqual(Array(requests().length - 1).fill('watch 10'));
    expect(warnings).toEqual(['Cannot list or watch', 'Cannot list or watch']);
    expect(store.list()).toHaveLength(1);

    down = false;
    await clock.run(() => store.get('shop', 'a')?.resourceVersion === '40', { maxMs: 60_000 });
  });

  it('starts with a short wait again after a healthy stream', async () => {
    const cut = (): Reply => new WatchBody().cut();
    const healthy = new WatchBody();
    const { clock, requests } = start(noWatchList, list('10'), cut, cut, cut, cut, healthy);
    await clock.run(() => requests().length === 7);
    expect(clock.monotonic()).toBeGreaterThan(800 + 1_600 + 3_200);
    healthy.push(bookmark('20'));
    await clock.idle();
    healthy.cut();
    const before = clock.monotonic();

    await clock.run(() => requests().length === 8);

    expect(clock.monotonic() - before).toBe(800);
  });

  it('marks a kind that is not served as absent and notices when it appears', async () => {
    const missing = refusal(404, 'NotFound', 'the server could not find the requested resource');
    const { clock, store, requests } = start(missing, missing, new WatchBody().push(initialState('10', pod('a', '5'))));

    await clock.run(store.whenSynced(new AbortController().signal));
    expect([store.absent, store.list()]).toEqual([true, []]);

    await clock.run(() => !store.absent);
    expect([clock.monotonic(), store.list().length, requests().length]).toEqual([60_000, 1, 3]);
  });

  it('empties the store when the CRD is removed', async () => {
    const { clock, store, changes } = start(noWatchList, list('10', pod('a', '5')), refusal(404, 'NotFound'));

    await clock.run(() => store.absent);

    expect(changes).toEqual(['added a 5', 'deleted a']);
  });

  it('says once that rights are missing', async () => {
    const { clock, warnings, store } = start(...Array.from({ length: 50 }, () => refusal(403, 'Forbidden')));

    await clock.advance(300_000);

    expect(warnings).toEqual(['Not allowed to list and watch; check the ClusterRole of the operator']);
    expect(store.synced).toBe(false);
  });

  it('keeps nobody waiting for a kind that is optional, and reads it as soon as that is allowed', async () => {
    const { clock, warnings, store } = startAs(
      { optional: true },
      refusal(403, 'Forbidden'),
      new WatchBody().push(initialState('10', pod('a', '5'))),
    );

    await clock.run(() => store.unreadable);
    expect([store.synced, store.list().length]).toEqual([true, 0]);

    await clock.run(() => !store.unreadable);
    expect(store.list().length).toBe(1);
    expect(warnings).toEqual(['Not allowed to list and watch; check the ClusterRole of the operator']);
  });

  it.each([
    ['answers that it cannot', () => refusal(503, 'ServiceUnavailable'), 90_000],
    ['answers that it has failed', () => refusal(500, 'InternalError'), 90_000],
    ['never answers', () => new WatchBody(), 600_000],
  ] as const)(
    'waits for a while only for an optional kind whose server %s, and for another one for ever',
    async (_, reply, ms) => {
      for (const options of [{ optional: true }, {}] as const) {
        const { clock, store } = startAs(options, ...Array.from({ length: 200 }, () => reply));
        await clock.advance(30_000);
        expect(store.synced).toBe(false);

        await clock.advance(ms);

        expect([store.synced, store.unreadable]).toEqual('optional' in options ? [true, true] : [false, false]);
      }
    },
  );

  it('keeps what it has of an optional kind that was read once', async () => {
    const { clock, store } = startAs(
      { optional: true },
      new WatchBody().push(initialState('10', pod('a', '5'))).end(),
      ...Array.from({ length: 200 }, () => () => refusal(503, 'ServiceUnavailable')),
    );

    await clock.advance(900_000);

    expect([store.unreadable, store.list().length]).toEqual([false, 1]);
  });

  it('is up to date while it follows a stream, and reads anew without a pause when it is asked to be', async () => {
    const { signal } = new AbortController();
    const { clock, reflector, requests, store } = start(
      new WatchBody().push(initialState('10', pod('a', '5'))).end(),
      ...Array.from({ length: 6 }, () => refusal(503, 'ServiceUnavailable')),
      new WatchBody().push(initialState('20', pod('b', '15'))),
    );
    await clock.run(() => requests().length === 7);
    const before = clock.monotonic();

    await clock.run(reflector.refreshed(signal));

    expect(clock.monotonic() - before).toBeLessThan(1000);
    expect(requests().slice(-2)).toEqual(['watch 10', 'watchlist']);
    expect(store.list().map(({ name }) => name)).toEqual(['b']);
    await reflector.refreshed(signal);
    expect(requests().length).toBe(8);
  });

  it('ends when it is told to, also in the middle of a stream', async () => {
    const { clock, stop, running, store } = start(new WatchBody().push(initialState('10')));
    await clock.run(() => store.synced);

    stop.abort(new Error('shutting down'));

    await clock.run(running);
    expect(clock.pending).toBe(0);
  });
});
