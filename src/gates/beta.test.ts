import { expect, test } from '@jest/globals';
import { incompleteBeta, upperBound } from './beta.ts';

test.each([
  // Closed forms: I_x(1, b) = 1 - (1 - x)^b, I_x(a, 1) = x^a, and sums of a binomial distribution (DLMF 8.17.5).
  [0.5, 2, 3, 11 / 16],
  [0.3, 1, 7, 1 - 0.7 ** 7],
  [0.9, 12, 1, 0.9 ** 12],
  [0.001, 1, 1000, 1 - 0.999 ** 1000],
])('the incomplete beta function I_%f(%f, %f) is %f', (x, a, b, known) => {
  expect(incompleteBeta(x, a, b)).toBeCloseTo(known, 12);
});

test.each([
  // Of 10, as in the tables of Clopper and Pearson (Biometrika 26, 1934) and binom.test of R.
  [0, 10, 0.975, 0.3084971],
  [1, 10, 0.975, 0.4450161],
  [5, 100, 0.975, 0.1128349],
  [10, 20, 0.95, 0.6980461],
  [0, 300, 0.95, 1 - 0.05 ** (1 / 300)],
])('of %i bad ones of %i the upper bound at %f is %f', (bad, total, confidence, known) => {
  expect(upperBound(bad, total, confidence)).toBeCloseTo(known, 6);
});

test('the upper bound of very many is near the share, and of nothing it is 1', () => {
  expect(upperBound(100_000, 100_000_000, 0.975)).toBeCloseTo(0.001_006_2, 6);
  expect(upperBound(0, 100_000_000, 0.975)).toBeLessThan(4e-8);
  expect(upperBound(0, 0, 0.975)).toBe(1);
  expect(upperBound(20, 20, 0.975)).toBe(1);
});
