import { describe, expect, it } from '@jest/globals';
import { configMap, deployment, dig, pod, startTestServer, type Answer } from './testing.ts';

const configMaps = '/api/v1/namespaces/shop/configmaps';

function names(answer: Answer): readonly unknown[] {
  return (answer.body['items'] as readonly object[]).map((item) => dig(item, 'metadata', 'name'));
}

async function withFive(): Promise<Awaited<ReturnType<typeof startTestServer>>> {
  const started = await startTestServer();
  for (const name of ['e', 'b', 'd', 'a', 'c']) await started.client.post(configMaps, configMap(name));
  return started;
}

describe('list', () => {
  it('pages consistently: every page shows the version of the first', async () => {
    const { client } = await withFive();
    const first = await client.get(`${configMaps}?limit=2`);
    expect([names(first), dig(first.body, 'metadata', 'remainingItemCount')]).toEqual([['a', 'b'], 3]);
    await client.call('DELETE', `${configMaps}/c`);
    await client.post(configMaps, configMap('f'));
    await client.patch('merge', `${configMaps}/d`, { data: { value: '2' } });
    const rest = await client.get(`${configMaps}?limit=10&continue=${String(dig(first.body, 'metadata', 'continue'))}`);
    expect([names(rest), dig(rest.body, 'items', 1, 'data', 'value')]).toEqual([['c', 'd', 'e'], '1']);
    expect(dig(rest.body, 'metadata')).toEqual({ resourceVersion: dig(first.body, 'metadata', 'resourceVersion') });
    expect(names(await client.get(configMaps))).toEqual(['a', 'b', 'd', 'e', 'f']);
  });

  it('answers an expired page with 410, and a broken token with 400', async () => {
    const { client, server } = await withFive();
    const first = await client.get(`${configMaps}?limit=2`);
    await client.post(configMaps, configMap('f'));
    server.compact();
    const expired = await client.get(
      `${configMaps}?limit=2&continue=${String(dig(first.body, 'metadata', 'continue'))}`,
    );
    expect([expired.status, expired.body['reason']]).toEqual([410, 'Expired']);
    expect((await client.get(`${configMaps}?continue=nonsense`)).status).toBe(400);
  });

  it('shows an exact version of the past, and refuses the future', async () => {
    const { client } = await withFive();
    const before = String(dig((await client.get(configMaps)).body, 'metadata', 'resourceVersion'));
    await client.call('DELETE', configMaps);
    expect(names(await client.get(configMaps))).toEqual([]);
    expect(names(await client.get(`${configMaps}?resourceVersion=${before}&resourceVersionMatch=Exact`))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    const future = await client.get(`${configMaps}?resourceVersion=100000`);
    expect([future.status, dig(future.body, 'details', 'causes', 0, 'reason')]).toEqual([
      504,
      'ResourceVersionTooLarge',
    ]);
  });

  it.each([
    ['app=web', ['one', 'two']],
    ['app!=web', ['three']],
    ['app in (web,db),tier', ['two']],
    ['app notin (web)', ['three']],
    ['!tier', ['one', 'three']],
    ['tier=front', ['two']],
    ['app==web,tier!=front', ['one']],
  ])('selects by labels: %s', async (selector, expected) => {
    const { client } = await startTestServer();
    const labels = { one: { app: 'web' }, two: { app: 'web', tier: 'front' }, three: { app: 'db' } };
    for (const [name, set] of Object.entries(labels)) await client.post(configMaps, configMap(name, '1', set));
    const found = names(await client.get(`${configMaps}?labelSelector=${encodeURIComponent(selector)}`));
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it('selects pods by field, and knows only the fields that the resource offers', async () => {
    const { client } = await startTestServer();
    await client.post('/api/v1/namespaces/shop/pods', pod('free'));
    await client.post('/api/v1/namespaces/shop/pods', pod('bound'));
    await client.post('/api/v1/namespaces/shop/pods/bound/binding', { target: { kind: 'Node', name: 'n1' } });
    expect(names(await client.get('/api/v1/pods?fieldSelector=spec.nodeName%3Dn1'))).toEqual(['bound']);
    expect(names(await client.get('/api/v1/pods?fieldSelector=status.phase%3DPending,spec.nodeName!%3Dn1'))).toEqual([
      'free',
    ]);
    expect(names(await client.get('/api/v1/pods?fieldSelector=metadata.name%3Dfree'))).toEqual(['free']);
    expect((await client.get('/apis/apps/v1/deployments?fieldSelector=spec.replicas%3D1')).status).toBe(400);
  });

  it('lists metadata only, and tables with the wide columns marked', async () => {
    const { client } = await startTestServer();
    await client.post('/apis/apps/v1/namespaces/shop/deployments', deployment('cart'));
    const metadata = await client.get('/apis/apps/v1/deployments', {
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    });
    expect(metadata.body['kind']).toBe('PartialObjectMetadataList');
    expect(Object.keys(dig(metadata.body, 'items', 0) as object).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
    const table = await client.get('/apis/apps/v1/deployments', {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    expect(dig(table.body, 'rows', 0, 'cells')).toEqual(['cart', '0/1', 0, 0, '0s', 'app', 'nginx:1', 'app=cart']);
    const columns = table.body['columnDefinitions'] as readonly { name: string; priority: number }[];
    expect(columns.filter(({ priority }) => priority === 1).map(({ name }) => name)).toEqual([
      'Containers',
      'Images',
      'Selector',
    ]);
  });
});
