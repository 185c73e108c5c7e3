import { describe, expect, it } from '@jest/globals';
import { config, migrationSpec, surroundings, workload } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import { istio } from '../mesh/istio/adapter.ts';
import type { Answered } from '../mesh/named.ts';
import type { ConfigView } from '../mesh/views.ts';
import { hashAlone, whatDiffers } from '../plan/digest.ts';
import { planDigest } from './plan-digest.ts';
import { planned } from './planned.ts';
import type { Situation } from './situation.ts';

const chosen = { itinerary: 'L4', waypoint: undefined, labels: {}, steps: [] } as const;

type Spec = Parameters<typeof migrationSpec>[0];

/** The plan of a namespace with what others have, by what was said in answer. */
function planOf(spec: Spec, answered: readonly Answered[] = []): string {
  const all = migrationSpec(spec);
  const situation: Pick<Situation, 'adapter' | 'spec' | 'surroundings'> = {
    adapter: istio,
    spec: all,
    surroundings: surroundings({ spec: all }),
  };
  return planDigest(situation as Situation, chosen, answered);
}

function accepting(...objects: readonly string[]): NonNullable<Spec>['accept'] {
  return objects.map((object) => ({ finding: 'MM030', object }));
}

function ofOthers(...objects: readonly string[]): readonly Answered[] {
  return objects.map((object) => ({ id: 'MM030', object, by: 'Others' }));
}

function hashesOf(...digests: readonly string[]): ReadonlySet<string> {
  return new Set(digests.map((digest) => hashAlone({ from: 'IstioSidecar', to: 'IstioAmbient' }, 'shop', digest)));
}

describe('what was answered for, in a plan', () => {
  const [one, other] = ['VirtualService mallory/a', 'VirtualService mallory/b'];
  const night = { id: 'MM055', reason: 'at night', until: '2027-01-01T00:00:00Z' } as const;
  const own = (...names: readonly string[]): readonly Answered[] =>
    names.map((name) => ({ id: 'MM055', object: `Deployment shop/${name}`, by: 'Own' }));

  it.each<[string, readonly Answered[], readonly Answered[]]>([
    ['the first object that is accepted', [], ofOthers(one)],
    ['one more', ofOthers(one), ofOthers(one, other)],
    ['one less', ofOthers(one, other), ofOthers(one)],
    ['another one', ofOthers(one), ofOthers(other)],
    ['calls that a policy here cuts off', [], [{ id: 'MM139', object: '*', by: 'Others' }]],
  ])('is no other one, and has no other hash, by what others have: %s', (_what, before, after) => {
    const spec = { accept: accepting(one, other), acknowledge: [{ ...night, id: 'MM139' as const }] };
    const plans = [planOf(spec, before), planOf(spec, after)] as const;

    expect(whatDiffers(...plans)).toBeUndefined();
    expect(hashesOf(...plans).size).toBe(1);
  });

  it('is another one by what is said in answer, where others need it', () => {
    const before = planOf({ accept: accepting(one) }, ofOthers(one));
    const after = planOf({ accept: accepting(one, other) }, ofOthers(one, other));

    expect(whatDiffers(before, after)).toBe('what was answered for');
    expect(whatDiffers(planOf({}), planOf({ accept: accepting(one) }, ofOthers(one)))).toBe('what was answered for');
    expect(hashesOf(before, after).size).toBe(2);
  });

  it('is covered by what is said about something else, and hashed with it', () => {
    const before = planOf({ accept: accepting(one) }, ofOthers(one));
    const after = planOf({ accept: accepting(one, other) }, ofOthers(one));

    expect(whatDiffers(before, after)).toBeUndefined();
    expect(hashesOf(before, after).size).toBe(2);
  });

  it('is another one where something else was looked at', () => {
    const accept = (digest: string): NonNullable<Spec>['accept'] => [
      { finding: 'MM139', object: 'NetworkPolicy mallory/a', digest },
    ];
    const answered = (digest: string): readonly Answered[] => [
      { id: 'MM139', object: `NetworkPolicy mallory/a ${digest}`, by: 'Others' },
    ];
    const [was, is] = ['a'.repeat(32), 'b'.repeat(32)];

    expect(
      whatDiffers(planOf({ accept: accept(was) }, answered(was)), planOf({ accept: accept(is) }, answered(is))),
    ).toBe('what was answered for');
  });

  it('is each object of the namespace itself, whatever was said of all of them', () => {
    const spec = { acknowledge: [night] };
    const plans = [planOf(spec, own('a')), planOf(spec, own('a', 'b'))] as const;

    expect(whatDiffers(...plans)).toBe('what was answered for');
    expect(whatDiffers(plans[1], plans[0])).toBeUndefined();
    expect(hashesOf(...plans).size).toBe(2);
  });

  it('is no other one when it is said for longer, or of another namespace', () => {
    const later = { ...night, until: '2028-01-01T00:00:00Z' };

    expect(planOf({ acknowledge: [later] }, own('a'))).toBe(planOf({ acknowledge: [night] }, own('a')));
    expect(planOf({ acknowledge: [night, { ...night, namespace: 'bank' }] })).toBe(planOf({ acknowledge: [night] }));
  });

  it('is all of it, whatever there is room to tell: one more that would block is another plan', () => {
    const names = Array.from({ length: 131 }, (_, at) => `web-${at}`);
    const planned = (count: number): string => {
      const workloads = names.slice(0, count).map((name) => workload({ name, replicas: 4, maxUnavailable: 4 }));
      const spec = migrationSpec({ acknowledge: [night] });
      const acknowledged = [{ ...night, isOver: false }];
      const world = surroundings({ spec, workloads, services: [], acknowledged });
      return planDigest(
        { adapter: istio, spec, surroundings: world } as unknown as Situation,
        chosen,
        istio.answered(world),
      );
    };

    expect(whatDiffers(planned(130), planned(131))).toBe('what was answered for');
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
  return planned(world.situation(), {}).planDigest;
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
