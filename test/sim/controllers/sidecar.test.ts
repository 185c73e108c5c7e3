import { describe, expect, it } from '@jest/globals';
import { firesFor, injectionWebhooks } from './injector-webhooks.ts';
import type { Pod } from './pod-types.ts';
import { wantsSidecar, withSidecar } from './sidecar.ts';

type Labels = Readonly<Record<string, string>>;

function pod(labels: Labels = {}, annotations: Labels = {}, hostNetwork = false): Pod {
  return {
    metadata: { name: 'p', namespace: 'shop', labels, annotations },
    spec: { containers: [{ name: 'app', image: 'app:1' }], hostNetwork },
  };
}

function isInjected(
  namespace: Labels,
  candidate: Pod,
  options: { readonly enableNamespacesByDefault?: boolean } = {},
): boolean {
  const called = injectionWebhooks('default', options).some((webhook) =>
    firesFor(webhook, candidate.metadata.labels, namespace),
  );
  return called && wantsSidecar(candidate);
}

describe('injection', () => {
  it.each<[string, Labels, Labels, boolean]>([
    ['no labels', {}, {}, false],
    ['namespace enabled', { 'istio-injection': 'enabled' }, {}, true],
    ['namespace enabled, pod refuses', { 'istio-injection': 'enabled' }, { 'sidecar.istio.io/inject': 'false' }, false],
    [
      'namespace enabled beside ambient',
      { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'ambient' },
      {},
      true,
    ],
    ['namespace of our revision', { 'istio.io/rev': 'default' }, {}, true],
    ['namespace of another revision', { 'istio.io/rev': 'canary' }, {}, false],
    ['enabled beats another revision', { 'istio-injection': 'enabled', 'istio.io/rev': 'canary' }, {}, true],
    ['pod asks', {}, { 'sidecar.istio.io/inject': 'true' }, true],
    ['pod names our revision', {}, { 'istio.io/rev': 'default' }, true],
    ['pod names another revision', {}, { 'istio.io/rev': 'canary', 'sidecar.istio.io/inject': 'true' }, false],
    [
      'disabled stops the revision of the namespace',
      { 'istio-injection': 'disabled', 'istio.io/rev': 'default' },
      {},
      false,
    ],
    ['disabled stops a pod that asks', { 'istio-injection': 'disabled' }, { 'sidecar.istio.io/inject': 'true' }, false],
    [
      'disabled stops a pod that names our revision',
      { 'istio-injection': 'disabled' },
      { 'istio.io/rev': 'default' },
      false,
    ],
    ['ambient alone does not inject', { 'istio.io/dataplane-mode': 'ambient' }, {}, false],
    [
      'ambient alone does not stop a pod that asks',
      { 'istio.io/dataplane-mode': 'ambient' },
      { 'sidecar.istio.io/inject': 'true' },
      true,
    ],
  ])('%s', (_name, namespace, labels, expected) => {
    expect(isInjected(namespace, pod(labels))).toBe(expected);
  });

  it('with enableNamespacesByDefault also serves namespaces without labels, but no disabled ones', () => {
    const options = { enableNamespacesByDefault: true };
    expect(isInjected({}, pod(), options)).toBe(true);
    expect(isInjected({}, pod({ 'sidecar.istio.io/inject': 'false' }), options)).toBe(false);
    expect(isInjected({ 'istio-injection': 'disabled' }, pod(), options)).toBe(false);
  });

  it('heeds the legacy annotation only where no label speaks', () => {
    const enabled = { 'istio-injection': 'enabled' };
    expect(isInjected(enabled, pod({}, { 'sidecar.istio.io/inject': 'false' }))).toBe(false);
    expect(
      isInjected(enabled, pod({ 'sidecar.istio.io/inject': 'true' }, { 'sidecar.istio.io/inject': 'false' })),
    ).toBe(true);
  });

  it('leaves pods on the host network and system namespaces alone', () => {
    const enabled = { 'istio-injection': 'enabled' };
    expect(isInjected(enabled, pod({}, {}, true))).toBe(false);
    const system = pod();
    expect(isInjected(enabled, { ...system, metadata: { ...system.metadata, namespace: 'kube-system' } })).toBe(false);
  });
});

describe('an injected pod', () => {
  it('has a native sidecar and, only in an ambient mesh, the mark that it accepts HBONE', () => {
    const plain = withSidecar(pod({ app: 'cart' }), { revision: 'default', hbone: false });
    expect(plain.spec.initContainers).toMatchObject([
      { name: 'istio-init' },
      { name: 'istio-proxy', restartPolicy: 'Always' },
    ]);
    expect(plain.spec.containers.map(({ name }) => name)).toEqual(['app']);
    expect(plain.metadata.labels).toMatchObject({
      'security.istio.io/tlsMode': 'istio',
      'service.istio.io/canonical-name': 'cart',
    });
    expect(plain.metadata.labels).not.toHaveProperty(['networking.istio.io/tunnel']);
    expect(JSON.parse(plain.metadata.annotations?.['sidecar.istio.io/status'] ?? '')).toMatchObject({
      revision: 'default',
    });
    const hbone = withSidecar(pod(), { revision: 'default', hbone: true });
    expect(hbone.metadata.labels).toHaveProperty(['networking.istio.io/tunnel'], 'http');
  });

  it('is named after its Deployment where no label names it', () => {
    const base = pod({ 'pod-template-hash': 'abc' });
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-abc', uid: 'u', controller: true };
    const owned = { ...base, metadata: { ...base.metadata, ownerReferences: [owner] } };
    expect(withSidecar(owned, { revision: 'default', hbone: false }).metadata.labels).toHaveProperty(
      ['service.istio.io/canonical-name'],
      'cart',
    );
  });
});
