import { describe, expect, it } from '@jest/globals';
import { Stopwatch } from './stopwatch.ts';

/**
 * Looks at these seconds, each naming these waits, `kept` if others stand still meanwhile, all but `!NAME`; what the
 * last look is told of `wait`, in seconds.
 */
function told(wait: string, ...looks: readonly (readonly [seconds: number, ...waits: readonly string[]])[]): number {
  let now = 0;
  const stopwatch = new Stopwatch({ monotonic: () => now });
  let answer = 0;
  for (const [seconds, ...waits] of looks) {
    now = seconds * 1000;
    answer = stopwatch.read('shop')(wait) / 1000;
    const except = waits.filter((each) => each.startsWith('!')).map((each) => each.slice(1));
    const asked = waits.filter((each) => each !== 'kept' && each !== 'stands' && !each.startsWith('!'));
    const stands = waits.includes('stands');
    const kept = stands ? ({ except, still: true } as const) : { except };
    stopwatch.looked('shop', asked, stands || waits.includes('kept') ? kept : undefined);
  }
  return answer;
}

describe('Stopwatch', () => {
  it.each<[string, number, string, readonly (readonly [number, ...string[]])[]]>([
    ['nothing at the first look', 0, 'a', [[5]]],
    [
      'since the first look that named it',
      30,
      'a',
      [
        [5, 'a'],
        [20, 'a'],
        [35, 'a'],
      ],
    ],
    [
      'nothing of a wait that a look between did not name',
      10,
      'a',
      [
        [0, 'a'],
        [10, 'b'],
        [20, 'a'],
        [30, 'a'],
      ],
    ],
    [
      'a gap as one minute at most',
      65,
      'a',
      [
        [0, 'a'],
        [5, 'a'],
        [9000, 'a'],
      ],
    ],
    [
      'each wait for itself',
      10,
      'b',
      [
        [0, 'a'],
        [20, 'a', 'b'],
        [30, 'a', 'b'],
      ],
    ],
    [
      'nothing once there was progress',
      0,
      'a#2',
      [
        [0, 'a#1'],
        [20, 'a#2'],
      ],
    ],
    [
      'since the last progress',
      10,
      'a#2',
      [
        [0, 'a#1'],
        [20, 'a#2'],
        [30, 'a#2'],
      ],
    ],
    [
      'on and on while it only flaps',
      40,
      'a#2',
      [
        [0, 'a#2'],
        [20, 'a#1'],
        [40, 'a#2'],
      ],
    ],
  ])('tells %s', (_case, expected, wait, looks) => {
    expect(told(wait, ...looks)).toBe(expected);
  });

  it.each<[string, number, string, readonly (readonly [number, ...string[]])[]]>([
    [
      'goes on after a look that had no occasion to ask, but for the time in which nobody did',
      40,
      'a',
      [
        [0, 'a'],
        [30, 'kept'],
        [60, 'a'],
        [70, 'a'],
      ],
    ],
    [
      'counts a detour that was short',
      11,
      'a',
      [
        [0, 'a'],
        [10, 'kept'],
        [11, 'a'],
      ],
    ],
    [
      'counts not even a short time in which nothing goes on',
      10,
      'a',
      [
        [0, 'a'],
        [10, 'stands'],
        [10.5, 'stands'],
        [11, 'a'],
      ],
    ],
    [
      'goes on where it stood when something goes on again',
      30,
      'a',
      [
        [0, 'a'],
        [10, 'stands'],
        [4000, 'a'],
        [4020, 'a'],
      ],
    ],
    [
      'counts what such a look did ask about',
      30,
      'b',
      [
        [0, 'b', 'kept'],
        [30, 'b', 'kept'],
      ],
    ],
    [
      'is over when such a look says so',
      10,
      'a',
      [
        [0, 'a'],
        [30, 'kept', '!a'],
        [60, 'a'],
        [70, 'a'],
      ],
    ],
    [
      'begins anew where it has to hold without a break',
      10,
      'settled before a',
      [
        [0, 'settled before a'],
        [30, 'kept'],
        [60, 'settled before a'],
        [70, 'settled before a'],
      ],
    ],
    [
      'stands still for as long as looks say so, and goes on afterwards',
      25,
      'a',
      [
        [0, 'a'],
        [10, '= a'],
        [10.5, '= a'],
        [40, 'a'],
        [55, 'a'],
      ],
    ],
    [
      'keeps the progress that it had when it stood still',
      30,
      'a#2',
      [
        [0, 'a#2'],
        [10, '= a'],
        [20, 'a#1'],
        [40, 'a#2'],
      ],
    ],
  ])('a wait %s', (_case, expected, wait, looks) => {
    expect(told(wait, ...looks)).toBe(expected);
  });

  it('goes on where it stood when the record is made anew, but for what has to hold without a break', () => {
    let now = 0;
    const stopwatch = new Stopwatch({ monotonic: () => now });
    const waits = ['a', 'settled before b'];
    stopwatch.looked('shop', waits);
    now = 1000;
    stopwatch.anew('shop');
    now = 3000;
    stopwatch.looked('shop', waits);
    now = 3500;
    expect(waits.map(stopwatch.read('shop'))).toEqual([1500, 500]);
  });

  it('keeps namespaces apart', () => {
    let now = 0;
    const stopwatch = new Stopwatch({ monotonic: () => now });
    stopwatch.looked('shop', ['a']);
    now = 1000;
    expect([stopwatch.read('shop')('a'), stopwatch.read('bank')('a')]).toEqual([1000, 0]);
  });
});
