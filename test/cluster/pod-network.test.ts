import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/base/clock.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { networkPatch, redirection } from './pod-network.ts';

const clock: Clock = { now: () => Date.UTC(2026, 0, 1), monotonic: () => 0, timer: () => () => undefined };
const scheduled = { type: 'PodScheduled', status: 'True' };
const networkReady = { type: 'PodReadyToStartContainers', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
const ambient = { 'istio.io/dataplane-mode': 'ambient' };

interface Pod {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly nodeName?: string | undefined;
  readonly phase?: string;
  readonly conditions?: readonly unknown[];
}

function pod({ annotations = {}, nodeName = 'node-1', phase = 'Pending', conditions = [scheduled] }: Pod): KubeObject {
  return {
    metadata: { name: 'cart', namespace: 'shop', resourceVersion: '7', annotations },
    spec: nodeName === '' ? {} : { nodeName },
    status: { phase, conditions },
  };
}

const running = { phase: 'Running', conditions: [scheduled, networkReady] };

function patchOf(given: Pod, namespaceLabels: Readonly<Record<string, string>>, withAmbient = true): unknown {
  return networkPatch(pod(given), namespaceLabels, { ambient: withAmbient, clock });
}

describe('networkPatch', () => {
  it('captures a new pod in the same write that makes its network ready, and keeps the other conditions', () => {
    expect(patchOf({}, ambient)).toEqual({
      metadata: { resourceVersion: '7', annotations: { [redirection]: 'enabled' } },
      status: { conditions: [scheduled, networkReady] },
    });
  });

  it('gives a pod outside the mesh its network without touching its annotations', () => {
    expect(patchOf({}, {})).toEqual({
      metadata: { resourceVersion: '7' },
      status: { conditions: [scheduled, networkReady] },
    });
  });

  it('captures a running pod when its namespace becomes ambient', () => {
    expect(patchOf(running, ambient)).toEqual({
      metadata: { resourceVersion: '7', annotations: { [redirection]: 'enabled' } },
    });
  });

  it('lets a running pod go when its namespace is no longer ambient', () => {
    const captured = { ...running, annotations: { [redirection]: 'enabled' } };
    expect(patchOf(captured, {})).toEqual({ metadata: { resourceVersion: '7', annotations: { [redirection]: null } } });
  });

  it('captures nothing where Istio has no agent', () => {
    expect(patchOf(running, ambient, false)).toBeUndefined();
  });

  it.each<[string, Pod]>([
    ['a pod without a node', { nodeName: '' }],
    ['a finished pod, whose annotation stays', { phase: 'Succeeded', annotations: { [redirection]: 'enabled' } }],
    ['a captured pod', { ...running, annotations: { [redirection]: 'enabled' } }],
    ['a running pod that is never to be enrolled', { ...running, annotations: { [podBehaviour.enrol]: 'never' } }],
  ])('leaves alone %s', (_case, given) => {
    expect(patchOf(given, ambient)).toBeUndefined();
  });

  it('stops at pending where a scenario says so', () => {
    const patch = patchOf({ ...running, annotations: { [podBehaviour.enrol]: 'pending' } }, ambient);
    expect(patch).toEqual({ metadata: { resourceVersion: '7', annotations: { [redirection]: 'pending' } } });
  });
});
