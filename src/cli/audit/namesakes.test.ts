import { describe, expect, it } from '@jest/globals';
import { audit } from './audit.ts';
import { configKindsOf, type ConfigKind } from './config-kinds.ts';
import { takeInventory } from './inventory.ts';
import type { MeshAdapter } from '../../mesh/adapter.ts';
import { istio } from '../../mesh/istio/adapter.ts';
import { meshesOf } from '../../mesh/registry.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { meshes } from '../../mesh/meshes.ts';

/** Two policies of one name, and the namespace. */
const ofLinkerd =
  '{apiVersion: policy.linkerd.io/v1alpha1, kind: AuthorizationPolicy, metadata: {name: allow, namespace: shop}, spec: {targetRef: {kind: Server, name: web}, surprise: {}}}';
const ofIstio =
  '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: allow, namespace: shop}, spec: {action: AUDIT, rules: [{}]}}';
const shop = '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}';

const configKinds = configKindsOf(istio);

const linkerds: ConfigKind = {
  kind: 'AuthorizationPolicy',
  resource: {
    group: 'policy.linkerd.io',
    version: 'v1alpha1',
    kind: 'AuthorizationPolicy',
    plural: 'authorizationpolicies',
    namespaced: true,
  },
};

const manifests = [
  ...parseManifests('linkerd.yaml', ofLinkerd).manifests,
  ...parseManifests('istio.yaml', [shop, ofIstio].join('\n---\n')).manifests,
];

function targets(kinds: readonly ConfigKind[], name: string): readonly unknown[] {
  return takeInventory(manifests, 'default', kinds)
    .configs(name, 'shop')
    .map(({ spec }) => spec['targetRef'] ?? spec['action']);
}

describe('policies of one name in two groups, among manifests', () => {
  it('are seen each by its own mesh, whose table names them', () => {
    expect(targets(configKinds, 'AuthorizationPolicy')).toEqual(['AUDIT']);
    expect(targets([linkerds], 'AuthorizationPolicy')).toEqual([{ kind: 'Server', name: 'web' }]);
  });

  it('are two kinds in one table, by two names', () => {
    const kinds = [...configKinds, { ...linkerds, kind: 'AuthorizationPolicy.policy.linkerd.io' }];

    expect(targets(kinds, 'AuthorizationPolicy')).toEqual(['AUDIT']);
    expect(targets(kinds, 'AuthorizationPolicy.policy.linkerd.io')).toEqual([{ kind: 'Server', name: 'web' }]);
    expect(() => targets([...configKinds, linkerds], 'AuthorizationPolicy')).toThrow('two kinds have the name');
  });

  it('are found each where it stands, whichever is read first', () => {
    const inventory = takeInventory(manifests, 'default', configKinds);

    expect(inventory.sourceOf('AuthorizationPolicy shop/allow')).toMatchObject({ file: 'istio.yaml' });
  });

  it('count as one policy of Istio, and what is said is said of that', () => {
    const options = {
      istioVersion: { major: 1, minor: 31 },
      namespace: 'default',
      rootNamespace: 'istio-system',
      meshes,
    };
    const { policies, findings } = audit({ manifests, unreadable: [] }, options);

    expect(policies.map(({ action }) => action)).toEqual(['AUDIT']);
    expect(findings.filter(({ message }) => message.includes('surprise'))).toEqual([]);
    expect(findings.filter(({ id }) => id === 'MM064').map(({ source }) => source?.file)).toEqual(['istio.yaml']);
  });
});

describe('the mesh that the audit asks', () => {
  it('is the one that it is given: whose objects are ours, and where labels lead', () => {
    const options = { istioVersion: { major: 1, minor: 31 }, namespace: 'default', rootNamespace: 'istio-system' };
    const asks = (mesh: MeshAdapter): readonly string[] =>
      audit({ manifests, unreadable: [] }, { ...options, meshes: meshesOf(mesh) }).findings.map(({ id }) => id);

    expect(asks(istio)).toContain('MM064');
    expect(asks({ ...istio, isOurs: () => true })).not.toContain('MM064');
    expect(() => asks({ ...istio, dataPlanes: [] })).toThrow('no mesh knows the way from IstioSidecar to IstioAmbient');
  });
});

describe('a kind without a namespace', () => {
  it('lends its name to none of another group: that object has the namespace', () => {
    const node = '{apiVersion: example.com/v1, kind: Node, metadata: {name: one}, spec: {}}';
    const ofOthers: ConfigKind = {
      kind: 'Node.example.com',
      resource: { ...linkerds.resource, group: 'example.com', kind: 'Node', plural: 'nodes' },
    };
    const inventory = takeInventory(parseManifests('a.yaml', node).manifests, 'shop', [...configKinds, ofOthers]);

    expect(inventory.configs('Node.example.com').map(({ namespace }) => namespace)).toEqual(['shop']);
  });
});
