import { describe, expect, it } from '@jest/globals';
import { pod, surroundings, workload } from '../../test/support/mesh-fixtures.ts';
import { Pace, restartOf, type Restart } from './pace.ts';

const nobody = (): number => 0;

function restart(pods: number, more: Partial<Restart> = {}): Restart {
  return { namespace: 'a', title: `Deployment web of a (${pods} pods)`, pods, wanted: () => pods, ...more };
}

interface Clocked {
  readonly pace: Pace;
  readonly at: (seconds: number) => void;
  readonly untilNext: (namespace?: string, podsPerMinute?: number) => number;
}

function clocked(): Clocked {
  let now = 0;
  const pace = new Pace({ monotonic: () => now });
  return {
    pace,
    at: (seconds) => {
      now = seconds * 1000;
    },
    untilNext: (namespace = 'other', podsPerMinute = 120) => pace.owed('m', podsPerMinute, namespace, nobody).ms / 1000,
  };
}

/** The ledger after restarts of so many pods at these seconds, at 120 pods a minute. */
function ledger(...restarts: readonly (readonly [seconds: number, pods: number])[]): Clocked {
  const clock = clocked();
  for (const [seconds, pods] of restarts) {
    clock.at(seconds);
    clock.untilNext();
    clock.pace.pay('m', 120, restart(pods));
  }
  return clock;
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
  ])('%s', (_case, restarts, seconds, due) => {
    const { at, untilNext } = ledger(...restarts);
    at(seconds);
    expect([untilNext(), untilNext('a')]).toEqual([due, due]);
  });

  it('takes a payment back for what was not carried out', () => {
    const { pace, untilNext } = ledger([0, 10]);
    pace.pay('m', 120, restart(10))();
    expect(untilNext()).toBe(5);
  });

  it("counts what a process before it may have restarted, once and at most a minute's worth", () => {
    const pace = new Pace({ monotonic: () => 0 });
    const due = (migration: string, pods: number): number => pace.owed(migration, 120, 'a', () => pods).ms;
    expect([due('m', 10), due('m', 100), due('other', 1000)]).toEqual([5000, 5000, 60_000]);
  });

  it('has who owes more than a share wait for all of it, and nobody else', () => {
    const { at, untilNext } = ledger([0, 2400]);
    expect([untilNext(), untilNext('a')]).toEqual([600, 1200]);
    at(600);
    expect([untilNext(), untilNext('a')]).toEqual([0, 600]);
  });

  it('goes by the rate of now', () => {
    const { untilNext } = ledger([0, 600]);
    expect([untilNext('other', 120), untilNext('other', 6000)]).toEqual([300, 6]);
  });

  it('asks nothing for what is not wanted any more', () => {
    const { pace, untilNext } = clocked();
    let replicas = 600;
    pace.pay('m', 120, restart(600, { wanted: () => replicas }));
    const before = untilNext();
    replicas = 10;
    expect([before, untilNext(), untilNext('a')]).toEqual([300, 5, 5]);
  });

  it('says what keeps others for longer than a minute', () => {
    const { pace } = ledger([0, 121]);
    expect(pace.owed('m', 120, 'other', nobody)).toEqual({ ms: 60_500, mostly: 'Deployment web of a (121 pods)' });
    expect(ledger([0, 120]).pace.owed('m', 120, 'other', nobody)).toEqual({ ms: 60_000 });
  });
});

describe('what a restart costs', () => {
  const patch = { kind: 'PatchTemplate', workload: { kind: 'Deployment', name: 'web' }, operations: [] } as const;
  const running = (replicas: number, count: number): number | undefined =>
    restartOf(
      patch,
      surroundings({
        workloads: [workload({ replicas })],
        pods: Array.from({ length: count }, (_, index) => pod({ name: `web-${index}`, uid: `p${index}` })),
      }),
    )?.pods;

  it.each([
    ['as many as are there', 3, 3, 3],
    ['and none that were never made', 1_000_000, 1, 1],
    ['nor those that go anyway', 2, 5, 2],
    ['nothing where there are none', 1_000_000, 0, undefined],
  ])('%s', (_case, replicas, there, pods) => {
    expect(running(replicas, there)).toBe(pods);
  });
});
