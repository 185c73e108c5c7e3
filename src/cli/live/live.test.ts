import { describe, expect, it } from '@jest/globals';
import { refusal, ScriptedServer, type Reply } from '../../../test/sim-kube/scripted-server.ts';
import { VirtualClock } from '../../../test/sim/virtual-clock.ts';
import type { KubeObject, Resource } from '../../api/object.ts';
import { pods } from '../../engine/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { meshes } from '../../mesh/meshes.ts';
import type { Manifests } from '../manifests/manifest.ts';
import { kept, podFilter } from './kept.ts';
import { readCluster } from './read-cluster.ts';

const mesh = meshes.along({ from: 'IstioSidecar', to: 'IstioAmbient' });
const { signal } = new AbortController();

function pod(name: string, metadata: Partial<KubeObject['metadata']> = {}, rest: object = {}): KubeObject {
  return { metadata: { name, namespace: 'shop', uid: name, ...metadata }, spec: { containers: [] }, ...rest };
}

function owned(name: string, labels: Readonly<Record<string, string>> = {}): Partial<KubeObject['metadata']> {
  return {
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid: name, controller: true }],
    labels,
  };
}

describe('what is kept of a cluster', () => {
  it('is one pod of each template that is connected alike, and none that has ended', () => {
    const isKept = podFilter(mesh);
    const ordinal = (at: number): Readonly<Record<string, string>> => ({
      app: 'db',
      'statefulset.kubernetes.io/pod-name': `db-${at}`,
      'apps.kubernetes.io/pod-index': String(at),
    });
    const sidecar = { annotations: { 'sidecar.istio.io/status': '{}' } };
    const all = [
      pod('db-0', owned('db', ordinal(0))),
      pod('db-1', owned('db', ordinal(1))),
      pod('db-2', { ...owned('db', ordinal(2)), ...sidecar }, { spec: { containers: [{ name: 'istio-proxy' }] } }),
      pod('db-3', owned('db', { ...ordinal(3), version: 'next' })),
      pod('cache-0', owned('cache', { app: 'db' })),
      pod('done', owned('job'), { status: { phase: 'Succeeded' } }),
      pod('bare'),
      pod('other'),
    ];
    expect(all.filter((each) => isKept(pods, each)).map(({ metadata }) => metadata.name)).toEqual([
      'db-0',
      'db-2',
      'db-3',
      'cache-0',
      'bare',
      'other',
    ]);
  });

  it('is one that stays beside one that is on its way out, and one of each kind that a controller makes', () => {
    const isKept = podFilter(mesh);
    const gone = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const all = [
      pod('gone', { ...owned('db'), ...gone }),
      pod('gone-too', { ...owned('db'), ...gone }),
      pod('stays', owned('db')),
      pod('stays-too', owned('db')),
      pod('on-the-host', owned('db'), { spec: { containers: [], hostNetwork: true } }),
      pod('another', owned('db'), { spec: { containers: [{ name: 'other' }] } }),
      pod('somebody', owned('db'), { spec: { containers: [], serviceAccountName: 'other' } }),
    ];
    expect(all.filter((each) => isKept(pods, each)).map(({ metadata }) => metadata.name)).toEqual([
      'gone',
      'stays',
      'on-the-host',
      'another',
      'somebody',
    ]);
  });

  it('is nothing that only fills memory', () => {
    const applied = 'kubectl.kubernetes.io/last-applied-configuration';
    const definitions: Resource = {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      kind: 'CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      namespaced: false,
    };
    const { object } = kept(definitions, {
      metadata: { name: 'a', annotations: { [applied]: '{}', b: 'c' }, managedFields: [{ manager: 'x' }] },
      spec: { conversion: { strategy: 'None' }, versions: [{ schema: {} }] },
    });
    expect(object).toEqual({
      metadata: { name: 'a', annotations: { b: 'c' }, labels: {} },
      spec: { conversion: { strategy: 'None' } },
    });
  });
});

function page(names: readonly string[], next?: string): Reply {
  const items = names.map((name) => ({ metadata: { name } }));
  return { status: 200, body: { metadata: { resourceVersion: '1', ...(next && { continue: next }) }, items } };
}

async function readFrom(
  answer: (path: string) => Reply | undefined,
  asked?: ReadonlySet<string>,
): Promise<{ readonly found: Manifests; readonly paths: readonly string[] }> {
  const clock = new VirtualClock();
  const server = new ScriptedServer(({ path }) => answer(path) ?? page([]));
  const client = new KubeClient({ transport: server, clock, random: () => 0, fieldManager: 'test' });
  const found = await clock.run(readCluster({ client, mesh, rootNamespace: 'istio-system', asked, signal }));
  return { found, paths: server.requests.map(({ path }) => path) };
}

/** As of a kind that no CRD defines. */
const unserved: Reply = { status: 404, body: '404 page not found\n' };

describe('a cluster', () => {
  it('is read page by page, and a kind once more where its list has become too old', async () => {
    let begun = 0;
    const { found, paths } = await readFrom((path) => {
      if (!path.startsWith('/api/v1/services')) return undefined;
      if (!path.includes('continue')) return page(['one'], `token-${(begun += 1)}`);
      return path.includes('token-1') ? refusal(410, 'Expired') : page(['two']);
    });
    expect(found.manifests.map(({ kind, object }) => `${kind} ${object.metadata.name}`)).toEqual([
      'Service one',
      'Service two',
    ]);
    expect(paths.filter((path) => path.startsWith('/api/v1/services'))).toHaveLength(4);
    expect(paths.every((path) => path.includes('limit='))).toBe(true);
    expect(paths.filter((path) => /secret/i.test(path))).toEqual([]);
    expect(paths.filter((path) => path.includes('/configmaps'))).toEqual([
      expect.stringContaining('/namespaces/istio-system/configmaps'),
    ]);
  });

  it('has nothing of a kind that it does not serve, and no mesh where it serves none of that', async () => {
    const { found } = await readFrom((path) => (path.includes('monitoring.coreos.com') ? unserved : undefined));
    expect(found).toEqual({ manifests: [], unreadable: [] });
    await expect(readFrom((path) => (path.includes('.istio.io') ? unserved : undefined))).rejects.toThrow(
      /serves none of AuthorizationPolicy, .*the mesh is not installed there/,
    );
  });

  it('is named kind by kind where it may not be read, whatever the reason', async () => {
    const { found } = await readFrom((path) => {
      if (path === '/apis') return { status: 200, body: { groups: [{ name: 'networking.k8s.io' }] } };
      // What is not installed is forbidden as well: rights are asked first.
      if (path.startsWith('/api/v1/pods') || path.includes('keda.sh')) return refusal(403, 'Forbidden');
      return path.includes('apiservices') ? refusal(503, 'ServiceUnavailable') : undefined;
    });
    expect(found.unreadable).toEqual([
      {
        file: 'pods',
        reason: expect.stringMatching(/^not checked: Pod, because you may not list pods \(403\)$/) as unknown,
      },
      {
        file: 'apiservices.apiregistration.k8s.io',
        reason: expect.stringMatching(/^not checked: APIService, because .*503.*MM128/) as unknown,
        isMinor: true,
      },
    ]);
  });

  it('names an object that nobody can read because it is nested too deeply, and reads the others', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`) as object;
    const { found } = await readFrom((path) =>
      path.includes('/envoyfilters')
        ? {
            status: 200,
            body: { items: [{ metadata: { name: 'x', namespace: 'shop' }, spec: deep }, { metadata: { name: 'y' } }] },
          }
        : undefined,
    );
    expect(found.manifests.map(({ object }) => object.metadata.name)).toEqual(['y']);
    expect(found.unreadable.map(({ reason }) => reason)).toEqual([
      'not checked: EnvoyFilter shop/x, because it is nested too deeply',
    ]);
  });

  it('is read as far as somebody may who may only look at some namespaces', async () => {
    const { found, paths } = await readFrom(
      (path) => {
        if (path.startsWith('/api/v1/namespaces/shop?') || path === '/api/v1/namespaces/shop')
          return { status: 200, body: { metadata: { name: 'shop' } } };
        if (path.includes('/namespaces/shop/')) return path.includes('/services') ? page(['cart']) : undefined;
        return path.includes('/namespaces/istio-system') ? undefined : refusal(403, 'Forbidden');
      },
      new Set(['shop']),
    );
    expect(found.manifests.map(({ kind, object }) => `${kind} ${object.metadata.name}`)).toContain('Service cart');
    expect(found.unreadable.map(({ file }) => file)).toContain('services');
    expect(found.unreadable.find(({ file }) => file === 'services')?.reason).toContain('of other namespaces than shop');
    expect(paths.some((path) => path.includes('/namespaces/shop/services'))).toBe(true);
  });

  it.each<[string, Reply]>([
    ['nobody knows who asks', refusal(401, 'Unauthorized')],
    ['it is away', refusal(503, 'ServiceUnavailable')],
  ])('says at once that %s', async (_, reply) => {
    let requests = 0;
    await expect(
      readFrom(() => {
        requests += 1;
        return reply;
      }),
    ).rejects.toThrow();
    expect(requests).toBeLessThanOrEqual(4);
  });
});
