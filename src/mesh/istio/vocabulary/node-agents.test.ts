import { describe, expect, it } from '@jest/globals';
import { installed, mesh, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { projectWorkload } from '../../project-workload.ts';
import type { WorkloadView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { nodeAgentNamespaces } from './node-agents.ts';

type Mesh = ReturnType<typeof mesh>;

function sets(namespace: string, available = 2): readonly WorkloadView[] {
  const of = (name: string, templateLabels: Readonly<Record<string, string>>): WorkloadView =>
    workload({ kind: 'DaemonSet', namespace, name, uid: `${namespace}/${name}`, templateLabels, available });
  return [of('ztunnel', { app: 'ztunnel' }), of('istio-cni-node', { 'k8s-app': 'istio-cni-node' })];
}

function found(daemonSets: readonly WorkloadView[], place: Partial<Mesh> = {}): readonly string[] {
  const given = surroundings({ mesh: { ...mesh(installed, daemonSets), ...place } });
  return istio
    .findings(given, 'Start')
    .filter(({ id }) => ['MM012', 'MM013'].includes(id))
    .map(({ id, object, message }) => `${id} ${object}: ${message}`);
}

/** istiod as its chart makes it, which says where ztunnel is. */
function istiod(env: readonly unknown[]): WorkloadView {
  return projectWorkload('Deployment')({
    metadata: { name: 'istiod', namespace: 'istio-system' },
    spec: { replicas: 1, template: { spec: { containers: [{ name: 'discovery', image: 'pilot:1.27.0', env }] } } },
  });
}

const trusts = (value: string): Partial<Mesh> => ({
  workloads: (home) => (home === 'istio-system' ? [istiod([{ name: 'CA_TRUSTED_NODE_ACCOUNTS', value }])] : []),
});
const divided: Partial<Mesh> = { controlPlaneNamespace: 'istio-prod', rootNamespace: 'istio-config' };

describe('what runs on every node', () => {
  it.each<[string, string, Partial<Mesh>]>([
    ["Istio's own namespace", 'istio-system', {}],
    ['the namespace of istiod, which is not the root namespace', 'istio-prod', divided],
    ['the root namespace, which is not that of istiod', 'istio-config', divided],
    ["GKE's and OpenShift's", 'kube-system', divided],
    ['that which somebody has named', 'agents', { nodeAgentsNamespace: 'agents' }],
    ['that whose ztunnel the certificate authority trusts', 'agents', trusts('other/x, agents/ztunnel')],
  ])('counts in %s, beside what a tenant labels like it or not', (_case, home, place) => {
    const given = (more: readonly WorkloadView[]): readonly string[] => found([...more, ...sets(home)], place);
    expect(given([])).toEqual([]);
    expect(given(sets('mallory', 0))).toEqual([]);
    expect(found([...sets(home, 1), ...sets('mallory')], place)).toHaveLength(2);
  });

  it('counts in the namespaces that Sail gives it', () => {
    const [ztunnel, cni] = [sets('ztunnel').slice(0, 1), sets('istio-cni').slice(1)];
    expect(found([...ztunnel, ...cni])).toEqual([]);
    expect(found([...ztunnel, ...cni, ...sets('mallory', 0)])).toEqual([]);
  });

  it("counts in no tenant's, not even where there is no other one", () => {
    const [cni = '', ztunnel = ''] = found(sets('mallory'));
    expect(cni).toMatch(/^MM012 DaemonSet istio-cni-node: there is no .*; mallory\/istio-cni-node carries its label/);
    expect(ztunnel).toMatch(/^MM013 DaemonSet ztunnel: there is no .*--node-agents-namespace/);
    expect(found([])).toHaveLength(2);
  });

  it('is known by no trust that a tenant says', () => {
    const named = trusts('mallory/ztunnel').workloads;
    const elsewhere = {
      ...mesh(),
      workloads: (home: string) => (home === 'mallory' ? (named?.('istio-system') ?? []) : []),
    };
    expect(nodeAgentNamespaces(elsewhere)).not.toContain('mallory');
  });

  it('keeps of the environment no more than that', () => {
    const env = [
      { name: 'TOKEN', value: 'secret' },
      { name: 'CA_TRUSTED_NODE_ACCOUNTS', value: 'a/z' },
    ];
    expect(istiod(env).nodeAccounts).toEqual(['a/z']);
    expect(JSON.stringify(istiod(env))).not.toContain('secret');
    expect(istiod([{ name: 'CA_TRUSTED_NODE_ACCOUNTS', valueFrom: {} }]).nodeAccounts).toBeUndefined();
  });
});
