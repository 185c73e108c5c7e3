import { describe, expect, it } from '@jest/globals';
import { config, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { stepsTaken } from '../../../base/effort.ts';
import type { WorkloadFacts } from '../policy/translate/world.ts';
import { asSelected } from './alike-pods.ts';
import { podChangesOf } from './pods-proof.ts';

function pods(labels: Readonly<Record<string, string>>, name = 'web'): WorkloadFacts {
  return { kind: 'Deployment', name, labels, ports: {}, declared: [] };
}

describe('pods that policies cannot tell apart', () => {
  const textOf = asSelected([{ app: 'web' }, { tier: 'back', app: 'cart' }, undefined]);

  it.each([
    ['labels that nothing asks for', pods({ app: 'web', x: '1' }), pods({ app: 'web', x: '2' }, 'other'), true],
    ['values that nothing asks for', pods({ app: 'a' }), pods({ app: 'b' }), true],
    ['the order of labels', pods({ tier: 'back', app: 'web' }), pods({ app: 'web', tier: 'back' }), true],
    ['another value that is asked for', pods({ app: 'web' }), pods({ app: 'cart' }), false],
    ['one more that is asked for', pods({ app: 'web' }), pods({ app: 'web', tier: 'back' }), false],
    ['no label at all, by which istiod selects otherwise', pods({ app: 'a' }), pods({}), false],
  ])('are known by what selectors ask for: %s', (_, one, other, same) => {
    expect(textOf(one) === textOf(other)).toBe(same);
  });

  it('are told apart by what an injector adds', () => {
    const byName = asSelected([{ 'service.istio.io/canonical-name': 'web' }]);
    expect(byName(pods({ x: '1' }, 'web'))).not.toBe(byName(pods({ x: '1' }, 'cart')));
  });

  it('are compared once, however many templates there are', () => {
    const policies = Array.from({ length: 200 }, (_, at) =>
      config(
        'AuthorizationPolicy',
        { action: 'DENY', rules: [{ from: [{ source: { ipBlocks: [`10.9.9.${at}`] } }] }] },
        { name: `p${at}`, uid: `p${at}` },
      ),
    );
    function stepsOf(templates: number): number {
      const workloads = Array.from({ length: templates }, (_, at) =>
        workload({ name: `w${at}`, uid: `w${at}`, templateLabels: { app: `w${at}` } }),
      );
      const before = stepsTaken();
      podChangesOf(surroundings({ services: [], pods: [], workloads, itinerary: 'L4' }, policies));
      return stepsTaken() - before;
    }
    expect(stepsOf(500) - stepsOf(5)).toBeLessThan(500 * 10);
  });
});
