import { describe, expect, it } from '@jest/globals';
import { config, migrationSpec, surroundings } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import type { Finding } from '../api/common.ts';
import { istio } from '../mesh/istio/adapter.ts';
import type { ConfigView } from '../mesh/views.ts';
import { whatDiffers } from '../plan/digest.ts';
import { planDigest } from './plan-digest.ts';
import { planned } from './planned.ts';
import type { Situation } from './situation.ts';

const chosen = { itinerary: 'L4', waypoint: undefined, labels: {}, steps: [] } as const;

function finding(object: string): Finding {
  return { id: 'MM030', severity: 'Warning', object, message: 'x', fix: 'x' };
}

/** What differs between two plans, by what was found each time and answered for. */
function differing(accept: readonly string[], before: readonly string[], after: readonly string[]): string | undefined {
  const spec = migrationSpec({ accept: accept.map((object) => ({ finding: 'MM030', object })) });
  const situation: Pick<Situation, 'adapter' | 'spec' | 'surroundings'> = {
    adapter: istio,
    spec,
    surroundings: surroundings({ spec }),
  };
  const [one = '', other = ''] = [before, after].map((objects) =>
    planDigest(situation as Situation, chosen, objects.map(finding)),
  );
  return whatDiffers(one, other);
}

describe('what was answered for, in a plan', () => {
  const [one, other] = ['VirtualService mallory/a', 'VirtualService mallory/b'];

  it('is all of a kind in a namespace of others, where somebody has accepted all: what they add is no other plan', () => {
    expect(differing(['VirtualService mallory/*'], [one], [one, other])).toBeUndefined();
    expect(differing(['VirtualService mallory/*'], [one], [other])).toBeUndefined();
  });

  it('is each that was accepted by itself', () => {
    expect(differing([one, other], [one], [one, other])).toBe('what was answered for');
    expect(differing(['VirtualService mallory/*', 'VirtualService eve/*'], [one], ['VirtualService eve/a'])).toBe(
      'what was answered for',
    );
  });
});

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

/** The plan of a namespace by this spec. */
function planBy(spec: Parameters<typeof migrationSpec>[0], itinerary: 'L4' | 'L7' = 'L7'): string {
  const all = migrationSpec(spec);
  const situation = { adapter: istio, spec: all, surroundings: surroundings({ spec: all }) };
  return planDigest(situation as unknown as Situation, { ...chosen, itinerary }, []);
}

describe('how the steps are gone', () => {
  it.each<[string, Parameters<typeof migrationSpec>[0]]>([
    ['whether callers are refused', { policies: { bypass: 'FailClosed' } }],
    ['whether sidecars are restarted for HBONE', { restart: { hbone: 'Never' } }],
    ['how long proxies get', { policies: { settle: '1s' } }],
    ['that it is started though something would be refused', { policies: { refusals: 'Accept' } }],
    ['who goes past its waypoint', { policies: { direct: [{ namespace: 'shop', ports: [8080] }] } }],
    ['that nobody calls it', { callers: [{ namespace: 'shop', from: [] }] }],
    ['who calls it', { callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] }],
    ['for how long restarts are watched', { restart: { watch: '5m' } }],
    ['how long a restart may take', { restart: { progressDeadline: '1h' } }],
    ['how long a pod may be in no mesh', { restart: { enrolmentDeadline: '1h' } }],
    ['how many pods may be missing at once', { restart: { maxUnavailablePerWorkload: 5 } }],
    ['that nothing goes back by itself', { rollback: { automatic: false } }],
    ['by which metrics it goes on', { gates: [{ name: 'errors', prometheus: { preset: 'ErrorRate' } }] }],
  ])('is approved of with the plan: %s', (_what, spec) => {
    expect(whatDiffers(planBy({}), planBy(spec))).toBe('its steps');
    expect(planBy({ policies: { bypass: 'CallersFirst', settle: '15s' }, restart: { hbone: 'Auto' } })).toBe(
      planBy({}),
    );
  });

  it.each<[string, Parameters<typeof migrationSpec>[0]]>([
    ['who calls', { callers: [{ namespace: 'blog', from: [] }] }],
    ['who goes past a waypoint', { policies: { direct: [{ namespace: 'blog', ports: [8080] }] } }],
  ])('is the same whatever is said of others: %s', (_what, spec) => {
    expect(planBy(spec)).toBe(planBy({}));
  });

  it('is another one by whom a guard refuses only where there is one', () => {
    expect(planBy({ policies: { bypass: 'FailClosed' } }, 'L4')).toBe(planBy({}, 'L4'));
  });
});

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
