import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from './json.ts';
import { configMap, deployment, dig, pod, startTestServer, type TestClient } from './testing.ts';

const configMaps = '/api/v1/namespaces/shop/configmaps';
const pods = '/api/v1/namespaces/shop/pods';

async function exists(client: TestClient, path: string): Promise<boolean> {
  return (await client.get(path)).status === 200;
}

async function runningPod(client: TestClient, name: string, labels?: Readonly<Record<string, string>>): Promise<void> {
  await client.post(pods, pod(name, labels));
  await client.post(`${pods}/${name}/binding`, { target: { kind: 'Node', name: 'n1' } });
  await client.patch('merge', `${pods}/${name}/status`, {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

describe('delete', () => {
  it('honours preconditions and dry run', async () => {
    const { client } = await startTestServer();
    const created = await client.post(configMaps, configMap('a'));
    expect((await client.call('DELETE', `${configMaps}/a`, { preconditions: { uid: 'other' } })).body).toMatchObject({
      code: 409,
      reason: 'Conflict',
    });
    expect((await client.call('DELETE', `${configMaps}/a`, { preconditions: { resourceVersion: '1' } })).status).toBe(
      409,
    );
    expect((await client.call('DELETE', `${configMaps}/a?dryRun=All`)).status).toBe(200);
    const uid = dig(created.body, 'metadata', 'uid');
    expect((await client.call('DELETE', `${configMaps}/a`, { preconditions: { uid } })).body).toMatchObject({
      status: 'Success',
      details: { name: 'a', uid },
    });
    expect((await client.call('DELETE', `${configMaps}/a`)).status).toBe(404);
  });

  it('waits for finalizers, to which nothing may be added any more', async () => {
    const { client } = await startTestServer();
    await client.post(configMaps, {
      ...configMap('a'),
      metadata: { name: 'a', finalizers: ['example.com/one', 'example.com/two'] },
    });
    const marked = await client.call('DELETE', `${configMaps}/a`);
    expect(dig(marked.body, 'metadata', 'deletionTimestamp')).toBeDefined();
    const added = await client.patch('merge', `${configMaps}/a`, {
      metadata: { finalizers: ['example.com/one', 'example.com/new'] },
    });
    expect([added.status, added.body['message']]).toEqual([
      422,
      expect.stringContaining('no new finalizers can be added if the object is being deleted'),
    ]);
    await client.patch('merge', `${configMaps}/a`, { metadata: { finalizers: ['example.com/two'] } });
    expect(await exists(client, `${configMaps}/a`)).toBe(true);
    await client.patch('merge', `${configMaps}/a`, { metadata: { finalizers: [] } });
    expect(await exists(client, `${configMaps}/a`)).toBe(false);
  });

  it('gives a running pod its grace period, which can only be shortened; an unscheduled one goes at once', async () => {
    const { client, clock } = await startTestServer();
    await client.post(pods, pod('waiting'));
    await client.call('DELETE', `${pods}/waiting`);
    expect(await exists(client, `${pods}/waiting`)).toBe(false);
    await runningPod(client, 'p');
    const at = (answer: { readonly body: JsonObject }): unknown => [
      dig(answer.body, 'metadata', 'deletionGracePeriodSeconds'),
      Date.parse(String(dig(answer.body, 'metadata', 'deletionTimestamp'))) - clock.now(),
    ];
    expect(at(await client.call('DELETE', `${pods}/p`))).toEqual([30, 30_000]);
    expect(at(await client.call('DELETE', `${pods}/p?gracePeriodSeconds=60`))).toEqual([30, 30_000]);
    expect(at(await client.call('DELETE', `${pods}/p?gracePeriodSeconds=5`))).toEqual([5, 5000]);
    await client.call('DELETE', `${pods}/p?gracePeriodSeconds=0`);
    expect(await exists(client, `${pods}/p`)).toBe(false);
  });

  it('deletes a whole selection', async () => {
    const { client } = await startTestServer();
    for (const [name, tier] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
    ] as const)
      await client.post(configMaps, configMap(name, '1', { tier }));
    await client.call('DELETE', `${configMaps}?labelSelector=tier%3Dx`);
    expect((await client.get(configMaps)).body['items']).toEqual([
      expect.objectContaining({ metadata: expect.objectContaining({ name: 'b' }) as object }),
    ]);
  });
});

describe('a namespace', () => {
  it('is terminated, refuses new content, and goes when it is finalized', async () => {
    const { client } = await startTestServer();
    expect((await client.call('DELETE', '/api/v1/namespaces/default')).status).toBe(403);
    expect((await client.call('DELETE', '/api/v1/namespaces/shop')).body).toMatchObject({
      status: { phase: 'Terminating' },
    });
    const late = await client.post(configMaps, configMap('late'));
    expect(late.body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      details: { causes: [{ reason: 'NamespaceTerminating', message: 'namespace shop is being terminated' }] },
      message:
        'configmaps "late" is forbidden: unable to create new content in namespace shop because it is being terminated',
    });
    const current = (await client.get('/api/v1/namespaces/shop')).body;
    await client.call('PUT', '/api/v1/namespaces/shop', { ...current, spec: { finalizers: [] } });
    expect(await exists(client, '/api/v1/namespaces/shop')).toBe(true);
    await client.call('PUT', '/api/v1/namespaces/shop/finalize', { ...current, spec: { finalizers: [] } });
    expect(await exists(client, '/api/v1/namespaces/shop')).toBe(false);
  });
});

describe('the garbage collector', () => {
  async function family(): Promise<
    Awaited<ReturnType<typeof startTestServer>> & {
      readonly owner: string;
      readonly child: string;
      readonly grandchild: string;
    }
  > {
    const started = await startTestServer();
    const { client } = started;
    const owner = '/apis/apps/v1/namespaces/shop/deployments/cart';
    const refer = (kind: string, apiVersion: string, body: JsonObject): object => ({
      apiVersion,
      kind,
      name: dig(body, 'metadata', 'name'),
      uid: dig(body, 'metadata', 'uid'),
      controller: true,
      blockOwnerDeletion: true,
    });
    const parent = (await client.post('/apis/apps/v1/namespaces/shop/deployments', deployment('cart'))).body;
    const middle = (
      await client.post(configMaps, {
        ...configMap('child'),
        metadata: { name: 'child', ownerReferences: [refer('Deployment', 'apps/v1', parent)] },
      })
    ).body;
    await client.post(configMaps, {
      ...configMap('grandchild'),
      metadata: { name: 'grandchild', ownerReferences: [refer('ConfigMap', 'v1', middle)] },
    });
    return { ...started, owner, child: `${configMaps}/child`, grandchild: `${configMaps}/grandchild` };
  }

  it('deletes dependents in the background, through generations', async () => {
    const { client, clock, owner, child, grandchild } = await family();
    await client.call('DELETE', owner);
    expect([await exists(client, owner), await exists(client, child)]).toEqual([false, true]);
    await clock.advance(100);
    expect([await exists(client, child), await exists(client, grandchild)]).toEqual([false, false]);
  });

  it('deletes dependents first in the foreground', async () => {
    const { client, clock, owner, child, grandchild } = await family();
    await client.patch('merge', grandchild, { metadata: { finalizers: ['example.com/hold'] } });
    const marked = await client.call('DELETE', `${owner}?propagationPolicy=Foreground`);
    expect(dig(marked.body, 'metadata', 'finalizers')).toEqual(['foregroundDeletion']);
    await clock.advance(100);
    expect([await exists(client, owner), await exists(client, child)]).toEqual([true, true]);
    await client.patch('merge', grandchild, { metadata: { finalizers: null } });
    await clock.advance(100);
    expect([await exists(client, owner), await exists(client, child), await exists(client, grandchild)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('leaves orphans behind without their owner', async () => {
    const { client, clock, owner, child } = await family();
    await client.call('DELETE', `${owner}?propagationPolicy=Orphan`);
    await clock.advance(100);
    expect(await exists(client, owner)).toBe(false);
    expect(dig((await client.get(child)).body, 'metadata', 'ownerReferences')).toBeUndefined();
  });

  it('looks at the uid: an owner that was created anew does not count', async () => {
    const { client, clock, owner, child } = await family();
    await client.call('DELETE', owner);
    await client.post('/apis/apps/v1/namespaces/shop/deployments', deployment('cart'));
    await clock.advance(100);
    expect([await exists(client, owner), await exists(client, child)]).toEqual([true, false]);
  });
});

describe('eviction', () => {
  const budgets = '/apis/policy/v1/namespaces/shop/poddisruptionbudgets';
  const evict = (client: TestClient, name: string) =>
    client.post(`${pods}/${name}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: 'shop' },
    });

  async function withBudget(status: JsonObject): Promise<TestClient> {
    const { client } = await startTestServer();
    for (const name of ['p', 'q']) await runningPod(client, name, { app: 'x' });
    await client.post(budgets, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
    });
    await client.patch('merge', `${budgets}/b/status`, { status });
    return client;
  }

  it('takes a disruption from the budget, and refuses when there is none', async () => {
    const client = await withBudget({
      observedGeneration: 1,
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
    });
    expect((await evict(client, 'p')).body).toMatchObject({ status: 'Success' });
    expect(dig((await client.get(`${pods}/p`)).body, 'metadata', 'deletionTimestamp')).toBeDefined();
    expect((await client.get(`${budgets}/b`)).body).toMatchObject({
      status: { disruptionsAllowed: 0, disruptedPods: { p: expect.any(String) as unknown } },
    });
    await client.patch('merge', `${budgets}/b/status`, { status: { currentHealthy: 1 } });
    const refused = await evict(client, 'q');
    expect(refused.body).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: {
        causes: [
          { reason: 'DisruptionBudget', message: 'The disruption budget b needs 1 healthy pods and has 1 currently' },
        ],
      },
    });
    expect(dig((await client.get(`${pods}/q`)).body, 'metadata', 'deletionTimestamp')).toBeUndefined();
  });

  it('asks to wait while the budget has not been looked at', async () => {
    const client = await withBudget({ observedGeneration: 0, disruptionsAllowed: 1 });
    const refused = await evict(client, 'p');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
  });

  it('lets a pod go that is not ready, when enough others are', async () => {
    const client = await withBudget({
      observedGeneration: 1,
      disruptionsAllowed: 0,
      currentHealthy: 1,
      desiredHealthy: 1,
    });
    await client.patch('merge', `${pods}/p/status`, { status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    expect((await evict(client, 'p')).status).toBe(201);
  });
});
