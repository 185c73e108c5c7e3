import { describe, expect, it } from '@jest/globals';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { sleep } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { MeshAdapter, MeshState } from '../../src/mesh/adapter.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { meshesOf } from '../../src/mesh/registry.ts';
import type { WatchedKind } from '../../src/mesh/watched-kind.ts';
import { ClusterView } from '../../src/operator/cluster-view.ts';
import { customResourceDefinitions } from './controllers/kinds.ts';
import { startSimCluster } from './sim-cluster.ts';
import { VirtualClock } from './virtual-clock.ts';

const manager = 'kubectl';
const group = 'policy.linkerd.io';
const names = { kind: 'AuthorizationPolicy', plural: 'authorizationpolicies' };
const ofLinkerd: Resource = { group, version: 'v1alpha1', ...names, namespaced: true };
const ofIstio: Resource = { group: 'security.istio.io', version: 'v1', ...names, namespaced: true };

const row: WatchedKind = { kind: 'AuthorizationPolicy', resource: ofLinkerd, namespace: 'All' };

/** A mesh beside Istio whose policies have the same name. */
const linkerd: MeshAdapter = { ...istio, name: 'Linkerd', dataPlanes: [], findingIds: [], watched: [row] };

const definition: KubeObject = {
  metadata: { name: `${names.plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { ...names, singular: 'authorizationpolicy', listKind: 'AuthorizationPolicyList' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

function policy(spec: Readonly<Record<string, unknown>>): KubeObject {
  return { metadata: { name: 'allow', namespace: 'default' }, spec };
}

interface Scene {
  readonly view: ClusterView;
  /** Deletes the policy of a group, and lets the watches tell of it. */
  readonly remove: (resource: Resource) => Promise<void>;
}

/** A cluster with a policy of each group, under one name, as these adapters see it. */
async function seenBy(
  adapters: readonly [MeshAdapter, ...MeshAdapter[]],
  story: (scene: Scene) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock({ random: seededRandom(2) });
  const random = seededRandom(1);
  async function tell(): Promise<void> {
    const cluster = await startSimCluster({ clock, random, nodes: 1 });
    const stopping = new AbortController();
    const { signal } = stopping;
    const { server, admin } = cluster;
    server.create(customResourceDefinitions, definition, { manager });
    server.create(ofIstio, policy({ action: 'DENY', rules: [{}] }), { manager });
    server.create(ofLinkerd, policy({ targetRef: { kind: 'Server', name: 'web' } }), { manager });
    const client = new KubeClient({ transport: admin, clock, random, fieldManager: 'test' });
    const options = { client, clock, random, log: silentLogger, controlPlaneNamespace: 'istio-system' };
    const view = new ClusterView({ ...options, meshes: meshesOf(...adapters), ownNamespaces: [] });
    void view.run(signal).catch(() => undefined);
    await view.whenSynced(signal);
    const remove = async (resource: Resource): Promise<void> => {
      server.delete(resource, 'default', 'allow');
      await sleep(clock, 1000, signal);
    };
    await story({ view, remove });
    stopping.abort();
    await cluster.stop();
  }
  await clock.run(tell(), { maxMs: 10 * 60_000 });
}

/** Which of the two it is. */
function policies(mesh: MeshState, name = 'AuthorizationPolicy'): readonly string[] {
  return mesh.configs(name, 'default').map(({ spec }) => ('targetRef' in spec ? 'of Linkerd' : 'of Istio'));
}

describe('policies of one name in two groups, in a cluster', () => {
  it('are seen each by its own mesh, and go each by itself', async () => {
    await seenBy([istio, linkerd], async ({ view, remove }) => {
      const seen = (): unknown => [policies(view.meshOf(istio)), policies(view.meshOf(linkerd))];

      expect(seen()).toEqual([['of Istio'], ['of Linkerd']]);
      await remove(ofLinkerd);
      expect(seen()).toEqual([['of Istio'], []]);
    });
  });

  it('have stores of their own, by which writes are fenced off and changes are told', async () => {
    await seenBy([istio, linkerd], async ({ view, remove }) => {
      const told: string[] = [];
      view.onChange((resource, { type, name }) => {
        if (name === 'allow') told.push(`${resource.group} ${type}`);
      });
      await remove(ofIstio);

      expect(told).toEqual(['security.istio.io deleted']);
      expect(view.storeOf(ofIstio)?.list()).toHaveLength(0);
      expect(view.storeOf(ofLinkerd)?.list()).toHaveLength(1);
    });
  });

  it('are two kinds for a mesh that looks at both, by two names', async () => {
    const other = 'AuthorizationPolicy.policy.linkerd.io';
    const both: MeshAdapter = { ...istio, watched: [...istio.watched, { ...row, kind: other }] };
    await seenBy([both], ({ view }) => {
      expect(policies(view.meshOf(both))).toEqual(['of Istio']);
      expect(policies(view.meshOf(both), other)).toEqual(['of Linkerd']);
      return Promise.resolve();
    });
  });

  it('are never one: a table that gives both one name is refused at the start', async () => {
    const both: MeshAdapter = { ...istio, watched: [...istio.watched, row] };

    await expect(seenBy([both], () => Promise.resolve())).rejects.toThrow('two kinds have the name');
  });

  it('are watched once where two meshes look at them, and only in one way', async () => {
    const asIstio = istio.watched.filter(({ resource }) => resource.plural === 'authorizationpolicies');
    await seenBy([istio, { ...linkerd, watched: asIstio }], ({ view }) => {
      expect(view.meshOf(linkerd).configs('AuthorizationPolicy')).toBe(
        view.meshOf(istio).configs('AuthorizationPolicy'),
      );
      return Promise.resolve();
    });
    const otherwise = asIstio.map((each): WatchedKind => ({ ...each, keep: () => ({}) }));

    await expect(seenBy([istio, { ...linkerd, watched: otherwise }], () => Promise.resolve())).rejects.toThrow(
      'two meshes look at authorizationpolicies.security.istio.io in two ways',
    );
  });
});
