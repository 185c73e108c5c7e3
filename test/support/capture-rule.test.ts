import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { capturedBy } from './capture-rule.ts';

interface Pod {
  readonly namespace?: string;
  readonly mode?: string;
  readonly sidecar?: boolean;
  readonly hostNetwork?: boolean;
  readonly phase?: string;
}

function pod({ namespace = 'shop', mode, sidecar = false, hostNetwork = false, phase = 'Running' }: Pod): KubeObject {
  return {
    metadata: {
      name: 'cart',
      namespace,
      labels: mode === undefined ? {} : { 'istio.io/dataplane-mode': mode },
      annotations: sidecar ? { 'sidecar.istio.io/status': '{}' } : {},
    },
    spec: { hostNetwork },
    status: { phase },
  };
}

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const plain = {};

describe('capturedBy', () => {
  it.each<[string, Pod, Readonly<Record<string, string>>, boolean]>([
    ['a pod in an ambient namespace', {}, ambient, true],
    ['a pod elsewhere', {}, plain, false],
    ['a pod that opts in by its own label', { mode: 'ambient' }, plain, true],
    ['a pod that opts out', { mode: 'none' }, ambient, false],
    ['a pod with a sidecar', { sidecar: true }, ambient, false],
    ['a pod with a sidecar that also opts in', { sidecar: true, mode: 'ambient' }, ambient, false],
    ['a pod on the host network', { hostNetwork: true }, ambient, false],
    ['a pod of the system namespace', { namespace: 'kube-system', mode: 'ambient' }, ambient, false],
    ['a pod that has not started', { phase: 'Pending' }, ambient, true],
    ['a pod that has succeeded', { phase: 'Succeeded' }, ambient, false],
    ['a pod that has failed', { phase: 'Failed' }, ambient, false],
    [
      'a pod in a namespace that still injects sidecars as well',
      {},
      { ...ambient, 'istio-injection': 'enabled' },
      true,
    ],
  ])('%s', (_case, given, namespaceLabels, expected) => {
    expect(capturedBy(pod(given), namespaceLabels)).toBe(expected);
  });
});
