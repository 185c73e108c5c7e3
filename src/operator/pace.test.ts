import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.ts';

const nobody = (): number => 0;

/** The ledger after restarts of so many pods at these seconds, at 120 pods a minute. */
function ledger(...restarts: readonly (readonly [seconds: number, pods: number])[]): {
  readonly pace: Pace;
  readonly untilNext: (seconds: number) => number;
} {
  let now = 0;
  const pace = new Pace({ monotonic: () => now });
  pace.msUntilNext('m', 120, nobody);
  for (const [seconds, pods] of restarts) {
    now = seconds * 1000;
    pace.pay('m', 120, pods);
  }
  return {
    pace,
    untilNext: (seconds) => {
      now = seconds * 1000;
      return pace.msUntilNext('m', 120, nobody) / 1000;
    },
  };
}

describe('Pace', () => {
  it.each<[string, readonly (readonly [number, number])[], number, number]>([
    ['a restart is paid for with its pods', [[0, 10]], 0, 5],
    [
      'the next queues behind it',
      [
        [0, 10],
        [1, 10],
      ],
      1,
      9,
    ],
    [
      'a break between them is not saved up',
      [
        [0, 10],
        [60, 4],
      ],
      60,
      2,
    ],
    ['a workload without pods costs nothing', [[7, 0]], 7, 0],
    ['what is paid for is over', [[0, 10]], 5, 0],
  ])('%s', (_case, restarts, at, seconds) => {
    expect(ledger(...restarts).untilNext(at)).toBe(seconds);
  });

  it('takes a payment back for what was not carried out', () => {
    const { pace, untilNext } = ledger([0, 10]);
    pace.pay('m', 120, 10)();
    expect(untilNext(0)).toBe(5);
  });

  it("counts what a process before it may have restarted, once and at most a minute's worth", () => {
    const pace = new Pace({ monotonic: () => 0 });
    expect([pace.msUntilNext('m', 120, () => 10), pace.msUntilNext('m', 120, () => 100)]).toEqual([5000, 5000]);
    expect(pace.msUntilNext('other', 120, () => 1000)).toBe(60_000);
  });
});
