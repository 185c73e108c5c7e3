import { describe, expect, it } from '@jest/globals';
import { SimStatusError } from '../sim-api.ts';
import type { JsonObject } from './json.ts';
import { configMap, deployment, dig, pod, startTestServer } from './testing.ts';

const configMaps = '/api/v1/namespaces/shop/configmaps';
const deployments = '/apis/apps/v1/namespaces/shop/deployments';

describe('create', () => {
  it('needs the namespace, a free name and a valid one', async () => {
    const { client } = await startTestServer();
    expect((await client.post('/api/v1/namespaces/nowhere/configmaps', configMap('a'))).body).toMatchObject({
      code: 404,
      message: 'namespaces "nowhere" not found',
    });
    await client.post(configMaps, configMap('a'));
    expect((await client.post(configMaps, configMap('a'))).body).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
    });
    expect((await client.post(configMaps, configMap('Not_Valid'))).body).toMatchObject({
      code: 422,
      reason: 'Invalid',
    });
    expect(
      (await client.post(configMaps, { ...configMap('b'), metadata: { name: 'b', namespace: 'other' } })).status,
    ).toBe(400);
  });

  it('generates names, stamps metadata, and stores nothing on a dry run', async () => {
    const { client, clock } = await startTestServer();
    const generated = await client.post(configMaps, { metadata: { generateName: 'cm-' } });
    expect(dig(generated.body, 'metadata', 'name')).toMatch(/^cm-[a-z0-9]{5}$/);
    expect(dig(generated.body, 'metadata', 'creationTimestamp')).toBe(
      new Date(clock.now()).toISOString().replace('.000Z', 'Z'),
    );
    expect((await client.post(`${configMaps}?dryRun=All`, configMap('dry'))).status).toBe(201);
    expect((await client.get(`${configMaps}/dry`)).status).toBe(404);
  });

  it('lets admissions change what is stored', async () => {
    const { client, server } = await startTestServer();
    server.addMutatingAdmission((resource, object) =>
      resource.kind === 'Pod'
        ? { ...object, metadata: { ...object.metadata, annotations: { injected: 'yes' } } }
        : object,
    );
    const created = await client.post('/api/v1/namespaces/shop/pods', pod('p'));
    expect(dig(created.body, 'metadata', 'annotations')).toEqual({ injected: 'yes' });
    expect(created.body['status']).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('repeats exactly: two servers from the same seed make the same objects', async () => {
    const run = async (): Promise<JsonObject> => {
      const { client } = await startTestServer();
      return (await client.post(deployments, deployment('cart'))).body;
    };
    expect(await run()).toEqual(await run());
  });
});

describe('update', () => {
  it('refuses a stale version, in the words of the API server', async () => {
    const { client } = await startTestServer();
    const first = await client.post(configMaps, configMap('a'));
    await client.patch('merge', `${configMaps}/a`, { data: { value: '2' } });
    const stale = await client.call('PUT', `${configMaps}/a`, { ...first.body, data: { value: '3' } });
    expect(stale.body).toMatchObject({
      code: 409,
      reason: 'Conflict',
      details: { name: 'a', kind: 'configmaps' },
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    });
    expect(
      (
        await client.patch('merge', `${configMaps}/a`, {
          metadata: { resourceVersion: dig(first.body, 'metadata', 'resourceVersion') },
        })
      ).status,
    ).toBe(409);
  });

  it('wants a version for leases, and creates an absent lease', async () => {
    const { client } = await startTestServer();
    const leases = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { leaseDurationSeconds: 15 },
    };
    expect((await client.call('PUT', `${leases}/l`, lease)).status).toBe(201);
    expect((await client.call('PUT', `${leases}/l`, lease)).body).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'metadata.resourceVersion' }] },
    });
    expect((await client.call('PUT', `${configMaps}/absent`, configMap('absent'))).status).toBe(404);
  });

  it('keeps the version when nothing changes, and the generation when the spec does not', async () => {
    const { client } = await startTestServer();
    const created = await client.post(deployments, deployment('cart'));
    const same = await client.call('PUT', `${deployments}/cart`, created.body);
    expect(same.body).toEqual(created.body);
    const labelled = await client.patch('merge', `${deployments}/cart`, { metadata: { labels: { x: 'y' } } });
    expect(dig(labelled.body, 'metadata', 'generation')).toBe(1);
    const scaled = await client.patch('merge', `${deployments}/cart/scale`, { spec: { replicas: 4 } });
    expect(scaled.body).toMatchObject({ kind: 'Scale', spec: { replicas: 4 } });
    expect(dig((await client.get(`${deployments}/cart`)).body, 'metadata', 'generation')).toBe(2);
  });

  it('protects what must not change', async () => {
    const { client } = await startTestServer();
    await client.post(deployments, deployment('cart'));
    expect(
      (await client.patch('merge', `${deployments}/cart`, { spec: { selector: { matchLabels: { app: 'other' } } } }))
        .body,
    ).toMatchObject({ code: 422 });
    expect((await client.patch('merge', `${deployments}/cart`, { metadata: { uid: 'other' } })).body).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'metadata.uid' }] },
    });
    await client.post('/api/v1/namespaces/shop/pods', pod('p'));
    const moved = await client.patch('merge', '/api/v1/namespaces/shop/pods/p', { spec: { restartPolicy: 'Never' } });
    expect(moved.body['message']).toContain('pod updates may not change fields other than');
    const status = await client.patch('merge', `${deployments}/cart`, { status: { replicas: 9 } });
    expect(status.body['status']).toEqual({});
  });

  it('offers strategic merge to built-in kinds only, and names the accepted types otherwise', async () => {
    const { client } = await startTestServer();
    await client.post(deployments, deployment('cart'));
    const patched = await client.patch('strategic', `${deployments}/cart`, {
      spec: { template: { spec: { containers: [{ name: 'side', image: 's:1' }] } } },
    });
    expect(dig(patched.body, 'spec', 'template', 'spec', 'containers', 1, 'image')).toBe('nginx:1');
    expect((await client.call('PATCH', `${deployments}/cart`, '{}', { 'content-type': 'text/plain' })).status).toBe(
      415,
    );
  });
});

describe('the in-process API', () => {
  it('follows the same rules as HTTP, and hands out frozen objects', async () => {
    const { server, client } = await startTestServer();
    const resource = server.resourceFor('', 'ConfigMap');
    if (resource === undefined) throw new Error('ConfigMap is not served');
    const created = server.create(
      resource,
      { metadata: { name: 'a', namespace: 'shop' }, data: { x: '1' } },
      { manager: 'controller' },
    );
    expect(() => {
      (created['data'] as Record<string, string>)['x'] = '2';
    }).toThrow(TypeError);
    expect((await client.get(`${configMaps}/a`)).body).toEqual(created);
    const seen: string[] = [];
    const stop = server.watch(resource, ({ type, object }) => {
      seen.push(`${type} ${object.metadata.name} ${String(dig(object, 'data', 'x'))}`);
      // A write from inside a handler is heard after the event that caused it.
      if (type === 'MODIFIED' && dig(object, 'data', 'x') === '2')
        server.update(resource, { ...object, data: { x: '3' } }, { manager: 'other' });
    });
    server.update(resource, { ...created, data: { x: '2' } }, { manager: 'controller' });
    expect(() => server.update(resource, { ...created, data: { x: '4' } }, { manager: 'controller' })).toThrow(
      SimStatusError,
    );
    stop();
    server.delete(resource, 'shop', 'a');
    expect(seen).toEqual(['ADDED a 1', 'MODIFIED a 2', 'MODIFIED a 3']);
    expect(server.get(resource, 'shop', 'a')).toBeUndefined();
  });
});
