import { describe, expect, it } from '@jest/globals';
import { config } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import type { ConfigView } from '../mesh/views.ts';
import { planned } from './planned.ts';

/** The plan of a namespace that has this policy, marked so. */
function planWith(marks: Partial<Pick<ConfigView, 'labels' | 'annotations'>>): string | undefined {
  const world = new NamespaceWorld();
  world.policies = [
    config('AuthorizationPolicy', {
      action: 'DENY',
      rules: [{ from: [{ source: { namespaces: ['blog'] } }] }],
    }),
  ].map((policy) => ({ ...policy, ...marks }));
  return planned(world.situation(), {}, []).planDigest;
}

describe('what is approved of', () => {
  it.each([
    ['is only tried out', { annotations: { 'istio.io/dry-run': 'true' } }],
    ['is for one revision of the mesh', { labels: { 'istio.io/rev': 'canary' } }],
  ])('is another plan where a policy of its owner %s', (_what, marks) => {
    expect(planWith(marks)).not.toBe(planWith({}));
  });

  it.each([
    [
      'is applied by a tool that keeps what it applied',
      { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
    ],
    ['is installed by another version of a chart', { labels: { 'helm.sh/chart': 'shop-1.2.3' } }],
  ])('is the same where a policy of its owner %s', (_what, marks) => {
    expect(planWith(marks)).toBe(planWith({}));
  });
});
