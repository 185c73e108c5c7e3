import { describe, expect, it } from '@jest/globals';
import { configMap, dig, startTestServer, type OpenWatch } from './testing.ts';

const configMaps = '/api/v1/namespaces/shop/configmaps';

function summary(watch: OpenWatch): readonly string[] {
  return watch.lines.map(
    ({ type, object }) =>
      `${type} ${String(dig(object, 'metadata', 'name') ?? dig(object, 'metadata', 'resourceVersion'))}`,
  );
}

async function version(client: Awaited<ReturnType<typeof startTestServer>>['client']): Promise<string> {
  return String(dig((await client.get(configMaps)).body, 'metadata', 'resourceVersion'));
}

describe('watch', () => {
  it('starts with what exists when no version is given, and goes on with what changes', async () => {
    const { client, clock } = await startTestServer();
    await client.post(configMaps, configMap('a'));
    const watch = await client.watch(`${configMaps}?watch=true`);
    await client.post(configMaps, configMap('b'));
    await client.patch('merge', `${configMaps}/a`, { data: { value: '2' } });
    await client.call('DELETE', `${configMaps}/a`);
    await clock.idle();
    expect(summary(watch)).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED a']);
    watch.stop();
    await clock.idle();
    expect(watch.outcome()).toMatchObject({ message: 'stopped' });
  });

  it('resumes after a version without losing or repeating anything', async () => {
    const { client, clock } = await startTestServer();
    await client.post(configMaps, configMap('a'));
    const from = await version(client);
    await client.post(configMaps, configMap('b'));
    await client.call('DELETE', `${configMaps}/b`);
    const watch = await client.watch(`${configMaps}?watch=true&resourceVersion=${from}`);
    await client.post(configMaps, configMap('c'));
    await clock.idle();
    expect(summary(watch)).toEqual(['ADDED b', 'DELETED b', 'ADDED c']);
    const versions = watch.lines.map(({ object }) => Number(dig(object, 'metadata', 'resourceVersion')));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  it('answers a compacted version with an ERROR event of 410 and ends', async () => {
    const { client, server, clock } = await startTestServer();
    await client.post(configMaps, configMap('a'));
    const from = await version(client);
    await client.post(configMaps, configMap('b'));
    server.compact();
    const watch = await client.watch(`${configMaps}?watch=true&resourceVersion=${from}`);
    await clock.idle();
    expect(watch.lines).toEqual([
      { type: 'ERROR', object: expect.objectContaining({ kind: 'Status', code: 410, reason: 'Expired' }) },
    ]);
    expect([watch.status, watch.outcome()]).toEqual([200, 'ended']);
    const current = await client.watch(`${configMaps}?watch=true&resourceVersion=${await version(client)}`);
    await client.post(configMaps, configMap('c'));
    await clock.idle();
    expect(summary(current)).toEqual(['ADDED c']);
  });

  it('forgets history after five to ten minutes, unless bookmarks have kept the client up to date', async () => {
    const { client, clock } = await startTestServer();
    const old = await version(client);
    for (let minute = 0; minute < 11; minute += 1) {
      await client.post(configMaps, configMap(`c${String(minute)}`));
      await clock.advance(60_000);
    }
    const current = await version(client);
    await client.post(configMaps, configMap('last'));
    const late = await client.watch(`${configMaps}?watch=true&resourceVersion=${old}`);
    expect(late.lines.map(({ type }) => type)).toEqual(['ERROR']);
    const kept = await client.watch(`${configMaps}?watch=true&resourceVersion=${current}`);
    expect(summary(kept)).toEqual(['ADDED last']);
  });

  it('announces the end of the initial events of a streaming list', async () => {
    const { client } = await startTestServer();
    await client.post(configMaps, configMap('a'));
    const streaming = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true';
    const watch = await client.watch(`${configMaps}?${streaming}&resourceVersionMatch=NotOlderThan`);
    expect(watch.lines.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(watch.lines[1]?.object).toMatchObject({
      kind: 'ConfigMap',
      metadata: { resourceVersion: await version(client), annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
    expect((await client.get(`${configMaps}?${streaming}`)).status).toBe(422);
  });

  it('sends a bookmark every minute, with the latest version of anything', async () => {
    const { client, clock } = await startTestServer();
    const watch = await client.watch(`${configMaps}?watch=true&allowWatchBookmarks=true`);
    await client.post('/api/v1/namespaces', { metadata: { name: 'elsewhere' } });
    await clock.advance(60_000);
    expect(summary(watch)).toEqual([`BOOKMARK ${await version(client)}`]);
    await clock.advance(120_000);
    expect(watch.lines).toHaveLength(3);
  });

  it('ends at timeoutSeconds', async () => {
    const { client, clock } = await startTestServer();
    const watch = await client.watch(`${configMaps}?watch=true&timeoutSeconds=30`);
    await clock.advance(29_000);
    expect(watch.outcome()).toBeUndefined();
    await clock.advance(1000);
    expect(watch.outcome()).toBe('ended');
  });

  it('reports an object that leaves the selection as deleted, in its old state and at the new version', async () => {
    const { client, clock } = await startTestServer();
    const watch = await client.watch(`${configMaps}?watch=true&labelSelector=tier%3Dweb`);
    await client.post(configMaps, configMap('a', '1', { tier: 'db' }));
    await client.patch('merge', `${configMaps}/a`, { metadata: { labels: { tier: 'web' } } });
    await client.patch('merge', `${configMaps}/a`, { data: { value: '2' } });
    const left = await client.patch('merge', `${configMaps}/a`, {
      metadata: { labels: { tier: 'db' } },
      data: { value: '3' },
    });
    await client.call('DELETE', `${configMaps}/a`);
    await clock.idle();
    expect(summary(watch)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect(watch.lines[2]?.object).toMatchObject({
      data: { value: '2' },
      metadata: { labels: { tier: 'web' }, resourceVersion: dig(left.body, 'metadata', 'resourceVersion') },
    });
  });

  it('sends metadata only, or table rows, when asked', async () => {
    const { client } = await startTestServer();
    await client.post(configMaps, configMap('a'));
    const metadata = await client.watch(`${configMaps}?watch=true`, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    expect(metadata.lines[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
    expect(metadata.lines[0]?.object).not.toHaveProperty('data');
    const table = await client.watch(`${configMaps}?watch=true`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(dig(table.lines[0]?.object, 'rows', 0, 'cells')).toEqual(['a', 1, '0s']);
  });
});
