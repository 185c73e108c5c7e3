/** Lanczos' coefficients for g = 7, as Numerical Recipes and the GNU Scientific Library have them. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x of at least a half: all that a count plus one can be. */
function logGamma(x: number): number {
  const z = x - 1;
  const t = z + 7.5;
  const sum = lanczos.reduce((all, coefficient, n) => (n === 0 ? coefficient : all + coefficient / (z + n)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** What keeps Lentz' method from dividing by nothing. */
const tiny = 1e-300;

const precision = 1e-14;

/** It takes some square roots of the larger parameter: enough for 100 million requests. */
const mostTerms = 100_000;

/** The continued fraction of the incomplete beta function (DLMF 8.17.22), by the method of Lentz. */
function fraction(x: number, a: number, b: number): number {
  const kept = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / kept(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= mostTerms; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept(1 + even * d);
    c = kept(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept(1 + odd * d);
    c = kept(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < precision) break;
  }
  return result;
}

/** The regularized incomplete beta function I_x(a, b), for a and b of at least a half. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const log = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  // It converges fast on one side of the mean only (DLMF 8.17.4 for the other).
  return x < (a + 1) / (a + b + 2)
    ? (Math.exp(log) * fraction(x, a, b)) / a
    : 1 - (Math.exp(log) * fraction(1 - x, b, a)) / b;
}

/** Halving an interval so often leaves nothing of it that matters. */
const halvings = 60;

/**
 * The upper bound of Clopper and Pearson (1934): the largest share of bad ones under which so few as `bad` of `total`
 * still happen with a chance of 1 − `confidence`. Counts may be fractions. 1 where nothing is known.
 */
export function upperBound(bad: number, total: number, confidence: number): number {
  if (total - bad < 0.5) return 1;
  let [low, high] = [bad / total, 1];
  for (let n = 0; n < halvings; n += 1) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, bad + 1, total - bad) < confidence) low = middle;
    else high = middle;
  }
  return high;
}
