import { describe, expect, it } from '@jest/globals';
import { behindWaypoint, quota, shop } from '../../../../test/support/quota-examples.ts';
import type { Surroundings } from '../../adapter.ts';
import { asksOf } from '../../pod-resources.ts';
import { istio } from '../adapter.ts';

function said(given: Surroundings): readonly string[] {
  return istio
    .findings(given, 'Start')
    .filter(({ id }) => id === 'MM117')
    .map(({ severity, object, message }) => `${severity} ${object}: ${message}`);
}

describe('a quota without room for a waypoint', () => {
  it('blocks where that is certain, and says by how much', () => {
    expect(said(behindWaypoint(quota({ pods: '3' }, { pods: '2' })))).toEqual([
      'Critical Namespace shop: there is no room for the 2 pods of its waypoint: ResourceQuota shop/compute admits pods 3, 2 of them used, and 2 more would be needed',
      expect.stringMatching(/^Critical Deployment shop\/web: .* 3 more would be needed/),
    ]);
  });

  it('blocks the restart of what fits without the waypoint only', () => {
    expect(said(behindWaypoint(quota({ pods: '4' }, { pods: '2' })))).toEqual([
      expect.stringMatching(/^Critical Deployment shop\/web/),
    ]);
  });

  it('is a warning where the installation may give it less, and a critical one by what spec.waypoint says', () => {
    const tight = quota({ 'limits.memory': '2Gi' }, { 'limits.memory': '1Gi' });

    expect(said(behindWaypoint(tight))).toEqual([
      expect.stringMatching(
        /^Warning Namespace shop.*2048Mi more would be needed \(with what Istio usually gives a waypoint\)/,
      ),
      expect.stringMatching(/^Warning Deployment/),
    ]);
    expect(said(behindWaypoint(tight, { limits: { memory: '1Gi' } }))).toEqual([
      expect.stringMatching(/^Critical Namespace/),
      expect.stringMatching(/^Critical Deployment/),
    ]);
    expect(said(behindWaypoint(tight, { limits: { memory: '512Mi' } }))).toEqual([]);
  });
});

it('what a quota counts is read once, however many workloads ask', () => {
  const most = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`count/k${index}.example.com`, '5']));
  let read = 0;
  const counted = {
    ...quota({}, {}),
    status: {
      hard: new Proxy(most, {
        ownKeys: (target) => {
          read += 1;
          return Reflect.ownKeys(target);
        },
      }),
      used: {},
    },
  };
  const given = shop(counted);
  const [web] = given.workloads;
  istio.findings(
    {
      ...given,
      workloads: Array.from({ length: 200 }, (_, index) => ({ ...web!, name: `w${index}`, uid: `w${index}` })),
    },
    'Start',
  );

  expect(read).toBe(1);
});

describe('a quota with scopes', () => {
  const full = (scope: string): ReturnType<typeof quota> =>
    quota(
      { pods: '2' },
      { pods: '2' },
      { scopeSelector: { matchExpressions: [{ scopeName: scope, operator: 'Exists' }] } },
    );

  it.each<[string, object | undefined, string | undefined]>([
    ['NotTerminating', undefined, 'Critical'],
    ['Terminating', undefined, undefined],
    ['NotBestEffort', undefined, 'Critical'],
    ['BestEffort', undefined, undefined],
    ['NotBestEffort', {}, 'Warning'],
    ['BestEffort', {}, 'Warning'],
    ['PriorityClass', undefined, 'Warning'],
    ['CrossNamespacePodAffinity', undefined, 'Warning'],
    ['OfTomorrow', undefined, 'Warning'],
  ])('%s counts the pods of a template that asks for %j: %s', (scope, asks, severity) => {
    const found = said(shop(full(scope), asks === undefined ? {} : { asks: asksOf(asks) }));

    expect(found.map((each) => each.split(' ')[0])).toEqual(severity === undefined ? [] : [severity]);
    expect(found.join().includes(`if its scope ${scope} takes these pods in`)).toBe(severity === 'Warning');
  });
});
