import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../test/support/properties.ts';
import { selects } from '../views.ts';
import { asksForMore, isSelected } from './selected.ts';
import { costOf } from '../../../test/support/cost.ts';

const key = fc.constantFrom('app', 'tier', 'constructor', 'none');
const value = fc.constantFrom('a', 'b', 'c', '');
const labels = fc.dictionary(key, value, { maxKeys: 3 });
const expression = fc
  .record({
    key,
    operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  })
  .map((each) => (each.operator.endsWith('In') ? each : { ...each, values: [] }));
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 4 }) },
  { requiredKeys: [] },
);

describe('a selector in order', () => {
  it('selects what it says', () => {
    fc.assert(
      fc.property(selector, labels, (asked, had) => {
        expect(isSelected(asked, had)).toBe(selects(asked, had));
      }),
      { numRuns: 2000 },
    );
  });

  it('is asked once about all its values, however many pods there are', () => {
    const asked = (count: number): object => ({
      matchExpressions: [
        { key: 'n', operator: 'In', values: Array.from({ length: count }, (_, index) => index.toString(36)) },
        ...Array.from({ length: 3000 }, (_, index) => ({ key: `k${index}`, operator: 'DoesNotExist' })),
      ],
    });
    const [pods, large] = [Array.from({ length: 2000 }, (_, index) => ({ n: `no-${index}` })), asked(150_000)];
    isSelected(large, {});
    let found: readonly unknown[] = pods;
    const cost = costOf(() => {
      found = pods.filter((each) => isSelected(large, each));
    });

    expect(found).toEqual([]);
    // To look through them for each pod takes more than half a second.
    expect(cost).toBeLessThan(15);
  });

  it.each([
    [{ matchLabels: { team: 'a' } }, true],
    [{ matchLabels: { team: 'b' } }, false],
    [{ matchExpressions: [{ key: 'team', operator: 'In', values: ['a', 'c'] }] }, true],
    [{ matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['b'] }] }, false],
    [{ matchExpressions: [{ key: 'other', operator: 'Exists' }] }, false],
    [{}, false],
  ])('asks for what others have: %j', (asked, expected) => {
    expect(asksForMore(asked, { team: 'b' })).toBe(expected);
  });
});
