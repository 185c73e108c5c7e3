import { describe, expect, it } from '@jest/globals';
import {
  configMap,
  deployment,
  dig,
  startTestServer,
  widget,
  widgetDefinition,
  type Answer,
  type TestClient,
} from './testing.ts';

const deployments = '/apis/apps/v1/namespaces/shop/deployments';

function apply(client: TestClient, manager: string, config: object, force = false): Promise<Answer> {
  return client.patch('apply', `${deployments}/cart?fieldManager=${manager}${force ? '&force=true' : ''}`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart' },
    ...config,
  });
}

function entries(answer: Answer): readonly string[] {
  const list = dig(answer.body, 'metadata', 'managedFields') as readonly {
    manager: string;
    operation: string;
    subresource?: string;
  }[];
  return list.map(
    ({ manager, operation, subresource }) =>
      `${manager} ${operation}${subresource === undefined ? '' : ` ${subresource}`}`,
  );
}

describe('server-side apply', () => {
  it('creates what is absent and owns exactly what it applied', async () => {
    const { client } = await startTestServer();
    const created = await client.patch('apply', `${deployments}/cart?fieldManager=me`, deployment('cart'));
    expect(created.status).toBe(201);
    expect(dig(created.body, 'spec', 'replicas')).toBe(1);
    expect(dig(created.body, 'metadata', 'managedFields', 0, 'fieldsV1', 'f:spec', 'f:replicas')).toBeUndefined();
    expect(
      dig(
        created.body,
        'metadata',
        'managedFields',
        0,
        'fieldsV1',
        'f:spec',
        'f:template',
        'f:spec',
        'f:containers',
        'k:{"name":"app"}',
      ),
    ).toEqual({ '.': {}, 'f:image': {}, 'f:name': {} });
    const again = await client.patch('apply', `${deployments}/cart?fieldManager=me`, deployment('cart'));
    expect([again.status, dig(again.body, 'metadata', 'resourceVersion')]).toEqual([
      200,
      dig(created.body, 'metadata', 'resourceVersion'),
    ]);
  });

  it('refuses to take a field that another manager has set, and names it', async () => {
    const { client } = await startTestServer();
    await client.post(deployments, deployment('cart'));
    const refused = await apply(client, 'me', { spec: { replicas: 3 } });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "tester" using apps/v1: .spec.replicas',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "tester" using apps/v1', field: '.spec.replicas' },
        ],
      },
    });
    const forced = await apply(client, 'me', { spec: { replicas: 3 } }, true);
    expect(dig(forced.body, 'spec', 'replicas')).toBe(3);
    expect(entries(forced)).toEqual(['me Apply', 'tester Update']);
    expect(dig(forced.body, 'metadata', 'managedFields', 1, 'fieldsV1', 'f:spec', 'f:replicas')).toBeUndefined();
  });

  it('shares a field that it sets to the value it has', async () => {
    const { client } = await startTestServer();
    await apply(client, 'a', deployment('cart'));
    const shared = await apply(client, 'b', {
      spec: { template: { spec: { containers: [{ name: 'app', image: 'nginx:1' }] } } },
    });
    expect([shared.status, entries(shared)]).toEqual([200, ['b Apply', 'a Apply']]);
    const conflicting = await apply(client, 'b', {
      spec: { template: { spec: { containers: [{ name: 'app', image: 'nginx:2' }] } } },
    });
    expect(conflicting.body['message']).toBe(
      'Apply failed with 1 conflict: conflict with "a": .spec.template.spec.containers[name="app"].image',
    );
  });

  it('removes what it no longer applies, and only that', async () => {
    const { client } = await startTestServer();
    await apply(client, 'me', {
      ...deployment('cart'),
      metadata: { name: 'cart', labels: { mine: '1', shared: '2' } },
    });
    await client.patch('merge', `${deployments}/cart`, { metadata: { labels: { theirs: '3', shared: 'x' } } });
    const applied = await apply(client, 'me', deployment('cart', {}));
    expect(dig(applied.body, 'metadata', 'labels')).toEqual({ theirs: '3', shared: 'x' });
    expect(dig(applied.body, 'spec', 'template', 'spec', 'containers', 0, 'image')).toBe('nginx:1');
  });

  it('follows x-kubernetes-list-type of custom resources', async () => {
    const { client } = await startTestServer();
    await client.post(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      widgetDefinition({
        properties: {
          parts: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            items: {
              type: 'object',
              required: ['name'],
              properties: { name: { type: 'string' }, size: { type: 'integer' } },
            },
          },
          tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
          whole: { type: 'array', items: { type: 'string' } },
        },
      }),
    );
    const path = '/apis/example.com/v1/namespaces/shop/widgets/w';
    await client.patch(
      'apply',
      `${path}?fieldManager=a`,
      widget('w', { parts: [{ name: 'x', size: 1 }], tags: ['t'], whole: ['1'] }),
    );
    const second = await client.patch(
      'apply',
      `${path}?fieldManager=b`,
      widget('w', { parts: [{ name: 'y' }], tags: ['u'] }),
    );
    expect(dig(second.body, 'spec')).toEqual({
      parts: [{ name: 'x', size: 1 }, { name: 'y' }],
      tags: ['t', 'u'],
      whole: ['1'],
    });
    const third = await client.patch('apply', `${path}?fieldManager=b`, widget('w', { whole: ['2'] }));
    expect(third.body['message']).toBe('Apply failed with 1 conflict: conflict with "a": .spec.whole');
    const gone = await client.patch('apply', `${path}?fieldManager=a`, widget('w', {}));
    expect(dig(gone.body, 'spec')).toEqual({ parts: [{ name: 'y' }], tags: ['u'] });
    const doubled = await client.patch(
      'apply',
      `${path}?fieldManager=a`,
      widget('w', { parts: [{ name: 'z' }, { name: 'z' }] }),
    );
    expect([doubled.status, doubled.body['message']]).toEqual([
      500,
      'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.parts: duplicate entries for key [name="z"]',
    ]);
  });
});

describe('managedFields of updates', () => {
  it('moves a field to whoever changes it, by field manager, user agent and subresource', async () => {
    const { client } = await startTestServer();
    await client.post(deployments, deployment('cart'));
    const labelled = await client.patch('json', `${deployments}/cart?fieldManager=mesh-migration`, [
      { op: 'replace', path: '/metadata/labels/app', value: 'other' },
    ]);
    expect(entries(labelled)).toEqual(['mesh-migration Update', 'tester Update']);
    expect(dig(labelled.body, 'metadata', 'managedFields', 0, 'fieldsV1')).toEqual({
      'f:metadata': { 'f:labels': { 'f:app': {} } },
    });
    expect(dig(labelled.body, 'metadata', 'managedFields', 1, 'fieldsV1', 'f:metadata', 'f:labels')).toEqual({});
    const status = await client.patch('merge', `${deployments}/cart/status`, { status: { replicas: 1 } });
    expect(entries(status)).toEqual(['mesh-migration Update', 'tester Update', 'tester Update status']);
  });

  it('is not touched by a write that changes nothing', async () => {
    const { client, clock } = await startTestServer();
    const created = await client.post('/api/v1/namespaces/shop/configmaps', configMap('c'));
    await clock.advance(5000);
    const same = await client.patch('merge', '/api/v1/namespaces/shop/configmaps/c', { data: { value: '1' } });
    expect(same.body).toEqual(created.body);
  });
});
