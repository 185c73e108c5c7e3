import { describe, expect, it } from '@jest/globals';
import { captured, injected, plainPod, pod } from '../../../../test/support/mesh-fixtures.ts';
import type { PodView } from '../../views.ts';
import { concerns, countedMode, lacksHbone, modeFor, modeOf } from './pod-mode.ts';

const redirection = 'ambient.istio.io/redirection';

describe('modeOf', () => {
  it.each<[string, PodView, string]>([
    ['annotation and container', pod(), 'Sidecar'],
    ['a native sidecar, listed among all containers', pod({ containers: ['istio-proxy', 'app'] }), 'Sidecar'],
    ['nothing', plainPod(), 'None'],
    ['redirection', plainPod(captured), 'Ambient'],
    [
      'redirection that ztunnel does not know yet',
      plainPod({ annotations: { [redirection]: 'pending' } }),
      'Transitional',
    ],
    ['redirection of a value of tomorrow', plainPod({ annotations: { [redirection]: 'other' } }), 'Transitional'],
    [
      'the annotation of the injector without its container',
      plainPod({ annotations: injected.annotations }),
      'Transitional',
    ],
    ['a container of that name that nobody injected', plainPod({ containers: ['istio-proxy'] }), 'Transitional'],
    [
      'both a sidecar and redirection',
      pod({ annotations: { ...injected.annotations, ...captured.annotations } }),
      'Transitional',
    ],
    [
      'a sidecar beside a redirection that never came to be',
      pod({ annotations: { ...injected.annotations, [redirection]: 'pending' } }),
      'Sidecar',
    ],
    [
      'labels only, which say nothing',
      plainPod({ labels: { 'istio.io/dataplane-mode': 'ambient', 'sidecar.istio.io/inject': 'true' } }),
      'None',
    ],
  ])('judges %s', (_case, view, mode) => {
    expect(modeOf(view)).toBe(mode);
  });
});

describe('countedMode', () => {
  const linkerd = ['linkerd-init', 'linkerd-proxy', 'app'];

  it.each<[string, PodView, string]>([
    ['a pod of Linkerd', plainPod({ containers: linkerd }), 'Transitional'],
    ['one that is captured besides', plainPod({ ...captured, containers: linkerd }), 'Transitional'],
    ['one with a sidecar besides', pod({ containers: [...injected.containers, 'consul-dataplane'] }), 'Transitional'],
    ['a sidecar', pod(), 'Sidecar'],
    ['ambient', plainPod(captured), 'Ambient'],
    ['no mesh', plainPod({ containers: ['app', 'envoy'] }), 'None'],
  ])('is of %s', (_case, view, mode) => {
    expect(countedMode(view)).toBe(mode);
  });
});

describe('modeFor', () => {
  it.each([
    ['IstioSidecar', 'Sidecar'],
    ['IstioAmbient', 'Ambient'],
    ['None', 'None'],
  ] as const)('knows the mode of %s', (dataPlane, mode) => {
    expect(modeFor(dataPlane)).toBe(mode);
  });
});

describe('concerns', () => {
  const none = { 'istio.io/dataplane-mode': 'none' };

  it.each<[string, PodView, boolean]>([
    ['a pod with a sidecar', pod(), true],
    ['a pod in no mesh', plainPod(), true],
    ['a captured pod', plainPod(captured), true],
    ['a pod on the host network', pod({ hostNetwork: true }), false],
    ['a finished pod', pod({ finished: true }), false],
    ['a pod that has opted out of capture', plainPod({ labels: none }), false],
    ['a pod that will opt out but still has a sidecar', pod({ labels: { ...injected.labels, ...none } }), true],
    ['a terminating pod, which still carries traffic', pod({ terminating: true }), true],
    ['a pod that opts in by itself', plainPod({ labels: { 'istio.io/dataplane-mode': 'ambient' } }), true],
  ])('says so of %s', (_case, view, expected) => {
    expect(concerns(view)).toBe(expected);
  });
});

describe('lacksHbone', () => {
  it.each<[string, PodView, boolean]>([
    ['a sidecar with the label', pod(), false],
    ['a sidecar without it', pod({ labels: { app: 'web' } }), true],
    ['a sidecar with another value', pod({ labels: { 'networking.istio.io/tunnel': 'none' } }), true],
    ['a pod without a sidecar', plainPod(), false],
    ['a captured pod', plainPod(captured), false],
  ])('judges %s', (_case, view, expected) => {
    expect(lacksHbone(view)).toBe(expected);
  });
});
