import { describe, expect, it } from '@jest/globals';
import { namespace, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { Route } from '../../adapter.ts';
import type { NamespaceView } from '../../views.ts';
import { istio } from '../adapter.ts';

function told(
  home: Partial<NamespaceView>,
  route: Route = { from: 'IstioSidecar', to: 'IstioAmbient' },
): readonly string[] {
  return istio
    .findings(surroundings({ route, namespace: namespace(home) }), 'Start')
    .filter(({ id }) => id === 'MM154')
    .map(({ severity, message, fix }) => `${severity} ${message} ${fix}`);
}

const byManager = (manager: string): Partial<NamespaceView> => ({ labelManagers: { 'istio-injection': manager } });
const applied = (labels: unknown): Partial<NamespaceView> => ({
  annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ metadata: { labels } }) },
});
const injection = { 'istio-injection': 'enabled' };

describe('labels that a repository states', () => {
  it.each<[string, Partial<NamespaceView>, string]>([
    ['Argo CD', byManager('argocd-controller'), 'jsonPointers: ["/metadata/labels/istio-injection"]'],
    ['Flux (kustomize-controller)', byManager('kustomize-controller'), 'kustomize.toolkit.fluxcd.io/ssa: IfNotPresent'],
    ['Flux (helm-controller)', byManager('helm-controller'), 'target: {kind: Namespace, name: shop}'],
    ['Helm', byManager('helm'), 'no upgrade of its release'],
    ['Terraform', byManager('Terraform'), 'ignore_changes = [metadata[0].labels["istio-injection"]]'],
    ['kubectl apply', byManager('kubectl-client-side-apply'), 'no apply of its manifest'],
    ['kubectl apply', applied(injection), 'no apply of its manifest'],
    [
      'Argo CD',
      {
        ...byManager('kubectl-client-side-apply'),
        annotations: { 'argocd.argoproj.io/tracking-id': 'a:/Namespace:/shop' },
      },
      'RespectIgnoreDifferences=true',
    ],
  ])('are told with how %s leaves them alone', (title, home, how) => {
    const [found, ...others] = told(home);

    expect(others).toEqual([]);
    expect(found?.startsWith(`Warning ${title} states istio-injection: enabled: `)).toBe(true);
    expect(found).toContain(how);
    expect(found).toContain('state in the repository: istio-injection: disabled, istio.io/dataplane-mode: ambient');
  });

  it('names a label with a slash by its pointer', () => {
    const key = 'istio.io/dataplane-mode';
    const home = { labels: { [key]: 'ambient' }, labelManagers: { [key]: 'argocd-controller' } };
    const [found] = told(home, { from: 'IstioAmbient', to: 'IstioSidecar' });

    expect(found).toContain('"/metadata/labels/istio.io~1dataplane-mode"');
    expect(found).toContain('state in the repository: ');
    expect(found).toContain('no istio.io/dataplane-mode');
  });

  it.each<[string, Partial<NamespaceView>]>([
    ['somebody has set by hand', byManager('kubectl-label')],
    ['nobody is known to state', {}],
    ['a mark of Argo CD alone says nothing of', { labels: { ...injection, 'argocd.argoproj.io/instance': 'shop' } }],
    ['do not change', { ...applied({ team: 'a' }), labelManagers: { team: 'argocd-controller' } }],
    [
      'an annotation that is no JSON may have',
      { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{' } },
    ],
    ['an annotation of an odd shape may have', applied('x')],
  ])('are not those that %s', (_, home) => {
    expect(told(home)).toEqual([]);
  });
});
