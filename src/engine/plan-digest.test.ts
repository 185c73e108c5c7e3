import { describe, expect, it } from '@jest/globals';
import { migrationSpec, surroundings } from '../../test/support/mesh-fixtures.ts';
import type { Finding } from '../api/common.ts';
import { istio } from '../mesh/istio/adapter.ts';
import { whatDiffers } from '../plan/digest.ts';
import { planDigest } from './plan-digest.ts';
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
