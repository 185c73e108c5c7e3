import { seededRandom, type Random } from '../../src/base/random.ts';
import { judge, type GateRule } from '../../src/gates/judge.ts';
import type { Block } from '../../src/gates/limit.ts';
import type { Verdict } from '../../src/gates/verdict.ts';

/** Requests that come by themselves, some of them bad. */
export interface Traffic {
  readonly perSecond: number;
  /** Shares of bad ones, before the restarts and since. */
  readonly before: number;
  readonly since: number;
  /** How much those of one block are alike (the correlation of a beta-binomial distribution). */
  readonly burst?: number;
}

/** One end of half an hour. */
export interface Ended {
  readonly kind: Verdict['kind'];
  /** At which of the looks it was said. */
  readonly look: number;
  /** Whether a rule of two minutes' error rate would have fallen. */
  readonly byThreshold: boolean;
}

const blockSeconds = 30;
const [beforeBlocks, sinceBlocks] = [120, 60];

/** It compares with what was before, and with nothing else. */
export const playedRule: GateRule = {
  max: 0.0001,
  maxIncrease: 0.005,
  falseAlarm: 0.01,
  miss: 0.05,
  noData: 'Inconclusive',
  expectsTraffic: true,
};

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function poisson(random: Random, mean: number): number {
  if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let [count, product] = [0, random()];
  for (const least = Math.exp(-mean); product > least; count += 1) product *= random();
  return count;
}

function binomial(random: Random, trials: number, share: number): number {
  if (share >= 1) return trials;
  // From one success to the next: as many draws as there are successes.
  const log = Math.log1p(-share);
  if (log === 0) return 0;
  let successes = 0;
  for (let at = Math.ceil(Math.log(1 - random()) / log); at <= trials; successes += 1)
    at += Math.max(1, Math.ceil(Math.log(1 - random()) / log));
  return successes;
}

/** Marsaglia and Tsang (2000). */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

function shareOf(random: Random, mean: number, burst: number): number {
  if (burst === 0 || mean <= 0 || mean >= 1) return mean;
  const all = 1 / burst - 1;
  const [bad, good] = [gamma(random, mean * all), gamma(random, (1 - mean) * all)];
  return bad / (bad + good);
}

function blocksOf(
  random: Random,
  { perSecond, burst = 0 }: Traffic,
  share: number,
  count: number,
  from: number,
): readonly Block[] {
  return Array.from({ length: count }, (_each, n) => {
    const total = poisson(random, perSecond * blockSeconds);
    return {
      at: (from + n + 1) * blockSeconds * 1000,
      total,
      bad: binomial(random, total, shareOf(random, share, burst)),
    };
  });
}

/** `errors > what was before + half a point` over two minutes. */
function isOverThreshold(baseline: readonly Block[], since: readonly Block[]): boolean {
  const rate = (blocks: readonly Block[]): number =>
    blocks.reduce((sum, { bad }) => sum + bad, 0) /
    Math.max(
      1,
      blocks.reduce((sum, { total }) => sum + total, 0),
    );
  return since.some((_each, n) => rate(since.slice(Math.max(0, n - 3), n + 1)) > rate(baseline) + 0.005);
}

function playOne(random: Random, traffic: Traffic, rule: GateRule): Ended {
  const baseline = blocksOf(random, traffic, traffic.before, beforeBlocks, 0);
  const since = blocksOf(random, traffic, traffic.since, sinceBlocks, beforeBlocks);
  const byThreshold = isOverThreshold(baseline, since);
  for (let look = 1; look <= sinceBlocks; look += 1) {
    const reading = { kind: 'Read', blockMs: blockSeconds * 1000, baseline, since: since.slice(0, look) } as const;
    // The gate may pass at the end of the half hour only, and fail at each look.
    const { kind } = judge(rule, reading, { soaked: look === sinceBlocks, overdue: false });
    if (kind === 'Fail' || look === sinceBlocks) return { kind, look, byThreshold };
  }
  throw new Error('there is always a last look');
}

/** Half an hour with a look each 30 s, after an hour of before, so many times. */
export function play(traffic: Traffic, runs: number, seed: number, rule = playedRule): readonly Ended[] {
  const random = seededRandom(seed);
  return Array.from({ length: runs }, () => playOne(random, traffic, rule));
}
