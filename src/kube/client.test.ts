import { describe, expect, it } from '@jest/globals';
import { ScriptedServer, connectionRefused, refusal, silence } from '../../test/sim-kube/scripted-server.ts';
import type { Reply } from '../../test/sim-kube/scripted-server.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import { KubeClient } from './client.ts';
import type { KubeClientOptions } from './client.ts';
import { AmbiguousWriteError, ExpiredError, ThrottledError, UnavailableError } from './errors.ts';
import type { Resource } from '../api/object.ts';
import type { HttpRequest } from './transport.ts';

const deployments: Resource = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
const pods: Resource = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const { signal } = new AbortController();
const cart = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cart', namespace: 'shop' } };

function setUp(
  answer: (request: HttpRequest, count: number) => Reply | Promise<Reply>,
  options: Partial<KubeClientOptions> = {},
) {
  const clock = new VirtualClock();
  const server = new ScriptedServer(answer);
  const client = new KubeClient({
    transport: server,
    clock,
    random: () => 0,
    fieldManager: 'mesh-migration',
    ...options,
  });
  return { clock, server, client };
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}

describe('reads', () => {
  it('are repeated while the server is unavailable, and wait as long as it asks for', async () => {
    const busy: Reply = { status: 429, body: '', headers: { 'retry-after': '7' } };
    const answers = [refusal(503, 'ServiceUnavailable'), busy, ok(cart)];
    const { client, clock, server } = setUp((_request, count) => answers[count - 1] ?? ok({}));

    await expect(clock.run(client.get(deployments, 'shop', 'cart', signal))).resolves.toEqual(cart);

    expect(server.requests).toHaveLength(3);
    expect(clock.monotonic()).toBe(200 + 7_000);
  });

  it('give up after four attempts', async () => {
    const { client, clock, server } = setUp(() => refusal(503, 'ServiceUnavailable'));

    await expect(clock.run(client.get(deployments, 'shop', 'cart', signal))).rejects.toBeInstanceOf(UnavailableError);

    expect(server.requests).toHaveLength(4);
  });

  it('end at their deadline even when the transport never answers', async () => {
    const { client, clock } = setUp(silence);

    await expect(clock.run(client.listPage(pods, { attempts: 1, signal }))).rejects.toThrow(
      'no complete answer within 15 s',
    );

    expect(clock.monotonic()).toBe(15_000);
    expect(clock.pending).toBe(0);
  });

  it('repeat an answer that was cut short', async () => {
    const { client, clock } = setUp((_request, count) => (count === 1 ? ok('{"metadata":{"na') : ok(cart)));

    await expect(clock.run(client.get(deployments, 'shop', 'cart', signal))).resolves.toEqual(cart);
  });

  it('end with the reason of the caller', async () => {
    const { client, clock } = setUp(silence);
    const caller = new AbortController();
    const reading = client.get(deployments, 'shop', 'cart', caller.signal);
    const reason = new Error('shutting down');
    caller.abort(reason);

    await expect(clock.run(reading)).rejects.toBe(reason);
  });
});

describe('list', () => {
  it('reads all pages and names the type of every item', async () => {
    const { client, clock, server } = setUp((_request, count) =>
      ok(
        count === 1
          ? { metadata: { resourceVersion: '9', continue: 'next' }, items: [{ metadata: { name: 'a' } }] }
          : { metadata: { resourceVersion: '9' }, items: [{ metadata: { name: 'b' } }] },
      ),
    );

    const page = await clock.run(client.list(deployments, { labelSelector: 'app in (a,b)', signal }));

    expect(page).toEqual({
      resourceVersion: '9',
      items: [
        { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } },
        { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'b' } },
      ],
    });
    expect(server.requests.map((request) => request.path)).toEqual([
      '/apis/apps/v1/deployments?labelSelector=app+in+%28a%2Cb%29&limit=500',
      '/apis/apps/v1/deployments?labelSelector=app+in+%28a%2Cb%29&limit=500&continue=next',
    ]);
  });

  it('begins again, once, when its continue token has expired', async () => {
    const first = ok({ metadata: { resourceVersion: '9', continue: 'next' }, items: [{ metadata: { name: 'a' } }] });
    const answers = [
      first,
      refusal(410, 'Expired'),
      ok({ metadata: { resourceVersion: '12' }, items: [{ metadata: { name: 'b' } }] }),
    ];
    const { client, clock } = setUp((_request, count) => answers[count - 1] ?? refusal(410, 'Expired'));

    expect((await clock.run(client.list(pods, { signal }))).items.map((item) => item.metadata.name)).toEqual(['b']);
    await expect(clock.run(client.list(pods, { signal }))).rejects.toBeInstanceOf(ExpiredError);
  });
});

describe('writes', () => {
  it('are repeated when they surely were not committed', async () => {
    const { client, clock, server } = setUp((_request, count) => {
      if (count === 1) throw connectionRefused();
      return count === 2 ? refusal(429, 'TooManyRequests') : ok(cart);
    });

    await expect(clock.run(client.create(deployments, cart, signal))).resolves.toEqual(cart);

    expect(server.requests).toHaveLength(3);
  });

  it.each([
    [
      'a reset',
      () => {
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      },
    ],
    ['a 504', () => refusal(504, 'Timeout')],
    ['silence', silence],
  ])(
    'are sent once and their outcome is called unknown after %s',
    async (_what, answer: () => Reply | Promise<Reply>) => {
      const { client, clock, server } = setUp(answer);

      await expect(clock.run(client.create(deployments, cart, signal))).rejects.toBeInstanceOf(AmbiguousWriteError);

      expect(server.requests).toHaveLength(1);
    },
  );

  it('end with the reason of the caller', async () => {
    const { client, clock } = setUp(silence);
    const caller = new AbortController();
    const creating = client.create(deployments, cart, caller.signal);
    const reason = new Error('shutting down');
    caller.abort(reason);

    await expect(clock.run(creating)).rejects.toBe(reason);
  });

  it('ask before every attempt whether they may be sent', async () => {
    let allowed = 1;
    const beforeWrite = (): void => {
      if (allowed-- <= 0) throw new Error('not the leader');
    };
    const { client, clock, server } = setUp(
      () => {
        throw connectionRefused();
      },
      { beforeWrite },
    );

    await expect(clock.run(client.delete(pods, 'shop', 'cart-1', { signal }))).rejects.toThrow('not the leader');

    expect(server.requests).toHaveLength(1);
  });

  it('leave an eviction that a budget holds back to the caller', async () => {
    const { client, clock, server } = setUp(() =>
      refusal(429, 'TooManyRequests', 'no', { causes: [{ reason: 'DisruptionBudget' }] }),
    );

    await expect(clock.run(client.evict('shop', 'cart-1', { uid: 'u1', signal }))).rejects.toBeInstanceOf(
      ThrottledError,
    );

    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/namespaces/shop/pods/cart-1/eviction?timeout=10s',
    });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'cart-1', namespace: 'shop' },
      deleteOptions: { preconditions: { uid: 'u1' } },
    });
  });
});

describe('the wire form', () => {
  it('of an apply carries type, manager and force', async () => {
    const { client, clock, server } = setUp(() => ok(cart));

    await clock.run(
      client.apply(deployments, { metadata: cart.metadata, spec: { replicas: 2 } }, { subresource: 'status', signal }),
    );

    expect(server.requests[0]).toMatchObject({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/shop/deployments/cart/status?fieldManager=mesh-migration&force=false&timeout=10s',
      headers: { 'content-type': 'application/apply-patch+yaml', 'user-agent': 'mesh-migration-operator' },
    });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ ...cart, spec: { replicas: 2 } });
  });

  it('of patches names their type and keeps null', async () => {
    const { client, clock, server } = setUp(() => ok(cart));

    await clock.run(
      client.jsonPatch(deployments, 'shop', 'cart', [{ op: 'test', path: '/metadata/labels/a', value: null }], {
        signal,
      }),
    );
    await clock.run(client.mergePatch(deployments, 'shop', 'cart', { metadata: { labels: { a: null } } }, { signal }));

    expect(server.requests.map((request) => [request.headers['content-type'], request.body])).toEqual([
      ['application/json-patch+json', '[{"op":"test","path":"/metadata/labels/a","value":null}]'],
      ['application/merge-patch+json', '{"metadata":{"labels":{"a":null}}}'],
    ]);
  });

  it.each([
    ['of a patch that is only tried asks the server to store nothing', true, 'All'],
    ['of any other patch does not', false, null],
  ])('%s', async (_title, dryRun, expected) => {
    const { client, clock, server } = setUp(() => ok(cart));
    const options = { signal, dryRun };

    await clock.run(client.mergePatch(deployments, 'shop', 'cart', {}, options));
    await clock.run(client.jsonPatch(deployments, 'shop', 'cart', [], { ...options, subresource: 'status' }));
    await clock.run(client.apply(deployments, cart, options));

    expect(server.requests.map(({ path }) => new URL(path, 'http://x').searchParams.get('dryRun'))).toEqual([
      expected,
      expected,
      expected,
    ]);
  });

  it('of a delete carries its preconditions', async () => {
    const { client, clock, server } = setUp(() => ok({ kind: 'Status' }));

    await clock.run(client.delete(pods, 'shop', 'cart-1', { uid: 'u1', resourceVersion: '7', signal }));

    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      preconditions: { uid: 'u1', resourceVersion: '7' },
    });
  });
});
