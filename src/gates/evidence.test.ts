import { expect, test } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { logEvidence, type Direction } from './evidence.ts';

/** How many it takes until the evidence is there, where each adds such a share of a bad one. */
function needed(share: number, limit: number, direction: Direction, threshold: number): number {
  for (let total = 1; ; total += 1) {
    if (logEvidence({ bad: share * total, total }, limit, direction) >= Math.log(threshold)) return total;
  }
}

test.each([
  [0.005, 702],
  [0.01, 350],
  [0.05, 69],
])('below a limit of %f are %i without a bad one', (limit, total) => {
  expect(needed(0, limit, 'Below', 20)).toBe(total);
});

test.each([0.005, 0.01, 0.05])('a total outage shows by the third request at the latest (limit %f)', (limit) => {
  expect(needed(1, limit, 'Above', 100)).toBeLessThanOrEqual(3);
});

const counts = fc
  .tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 5000 }))
  .map(([a, b]) => ({ bad: Math.min(a, b), total: Math.max(a, b) }));
const limits = fc.double({ min: 0.0001, max: 0.5, noNaN: true });

test('one more that is bad speaks for being above, and never for being below', () => {
  fc.assert(
    fc.property(counts, limits, ({ bad, total }, limit) => {
      const more = { bad: bad + 1, total: total + 1 };
      const good = { bad, total: total + 1 };
      expect(logEvidence(more, limit, 'Above')).toBeGreaterThan(logEvidence(good, limit, 'Above'));
      expect(logEvidence(more, limit, 'Below')).toBeLessThan(logEvidence(good, limit, 'Below'));
    }),
  );
});

test('the next one is a fair bet at the limit, and a bad one for whoever is on the other side', () => {
  fc.assert(
    fc.property(counts, limits, fc.double({ min: 0, max: 1, noNaN: true }), ({ bad, total }, limit, part) => {
      const expected = (share: number, direction: Direction): number => {
        const before = logEvidence({ bad, total }, limit, direction);
        const [ifBad, ifGood] = [bad + 1, bad].map((next) =>
          Math.exp(logEvidence({ bad: next, total: total + 1 }, limit, direction) - before),
        );
        return share * (ifBad ?? 0) + (1 - share) * (ifGood ?? 0);
      };
      expect(expected(limit, 'Above')).toBeCloseTo(1, 9);
      expect(expected(limit, 'Below')).toBeCloseTo(1, 9);
      expect(expected(limit * part, 'Above')).toBeLessThanOrEqual(1 + 1e-9);
      expect(expected(limit + (1 - limit) * part, 'Below')).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
});
