import { describe, expect, it } from '@jest/globals';
import { root, workload } from '../../../../test/support/mesh-fixtures.ts';
import type { WorkloadView } from '../../views.ts';
import { controlPlaneVersion } from './control-plane-version.ts';

function istiod(image: string, more: Partial<WorkloadView> = {}): WorkloadView {
  return workload({
    name: 'istiod',
    namespace: root,
    images: { discovery: image },
    templateLabels: { app: 'istiod' },
    ...more,
  });
}

const labelled = { templateLabels: { app: 'istiod', 'app.kubernetes.io/version': '1.27.3' } };

describe('the version of the control plane', () => {
  it.each<[string, readonly WorkloadView[], string | undefined]>([
    ['the tag of its image', [istiod('docker.io/istio/pilot:1.31.0')], '1.31'],
    ['a tag with a variant', [istiod('gcr.io/istio-release/pilot:1.30.2-distroless')], '1.30'],
    ['a tag before a digest', [istiod('registry.local:5000/istio/pilot:1.29.1@sha256:0123')], '1.29'],
    [
      'the tag rather than the label of a chart from a source tree',
      [istiod('pilot:1.31.0', { templateLabels: { 'app.kubernetes.io/version': '1.0.0' } })],
      '1.31',
    ],
    ['the label where a digest is all', [istiod('registry.local:5000/istio/pilot@sha256:0123', labelled)], '1.27'],
    ['the label where the tag is no version', [istiod('pilot:latest', labelled)], '1.27'],
    ['the label where the tag is the version of something else', [istiod('pilot:2026.11', labelled)], '1.27'],
    ['the older of two revisions', [istiod('pilot:1.31.0'), istiod('pilot:1.28.4', { name: 'istiod-stable' })], '1.28'],
    [
      'that of the revision that tells it',
      [istiod('pilot:mine'), istiod('pilot:1.30.0', { name: 'istiod-stable' })],
      '1.30',
    ],
    [
      'not that of a revision without replicas',
      [istiod('pilot:1.31.0'), istiod('pilot:1.20.0', { name: 'istiod-old', replicas: 0 })],
      '1.31',
    ],
    ['not that of other workloads', [workload({ images: { app: 'shop:1.2.3' } })], undefined],
    ['unknown without a version', [istiod('registry.local:5000/pilot')], undefined],
    ['unknown without istiod', [], undefined],
  ])('is %s', (_title, workloads, version) => {
    expect(controlPlaneVersion(workloads)).toBe(version);
  });
});
