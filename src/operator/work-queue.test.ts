import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { sleep } from '../base/clock.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * Which of these keys is taken in ten seconds, when each is added ten times a second and takes no time but `dear`,
 * which rests after each look.
 */
async function taken(keys: readonly string[], restMs: number): Promise<Readonly<Record<string, number>>> {
  const clock = new VirtualClock();
  const counts: Record<string, number> = {};
  await clock.run(
    (async () => {
      const queue = new WorkQueue(clock, () => 0.5);
      const { signal } = new AbortController();
      for (let round = 0; round < 100; round += 1) {
        for (const key of keys) queue.add(key);
        while (queue.length > 0) {
          const key = (await queue.take(signal)) ?? '';
          counts[key] = (counts[key] ?? 0) + 1;
          if (key === 'dear') queue.rest(key, restMs);
          queue.done(key);
        }
        await sleep(clock, 100, signal);
      }
      queue.stop();
    })(),
  );
  return counts;
}

describe('a key that rests', () => {
  it('is taken when the rest is over, however often it is added, and costs others nothing', async () => {
    expect(await taken(['cheap', 'dear'], 1950)).toEqual({ cheap: 100, dear: 5 });
  });

  it('is not taken either when it had been added before', async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue(clock, () => 0.5);
    queue.add('dear');
    queue.rest('dear', 1000);
    expect(queue.length).toBe(0);
    await clock.run(sleep(clock, 1001, new AbortController().signal));
    expect(queue.length).toBe(1);
  });
});

interface Addition {
  readonly atMs: number;
  readonly how: 'add' | 'addAfter' | 'addStale' | 'rest';
}

const additions = fc.array(
  fc.record<Addition>({
    atMs: fc.integer({ min: 0, max: 600_000 }),
    how: fc.constantFrom('add', 'addAfter', 'addStale', 'rest'),
  }),
  { maxLength: 200 },
);

/**
 * How often a key is looked at in ten minutes whose every look fails, and that is added again after each and at these
 * times.
 */
async function looks(added: readonly Addition[]): Promise<number> {
  const clock = new VirtualClock();
  const ending = new AbortController();
  const { signal } = ending;
  let count = 0;
  await clock.run(
    (async () => {
      const queue = new WorkQueue(clock, () => 0);
      for (const { atMs, how } of added) {
        clock.timer(atMs, () => {
          if (how === 'addAfter' || how === 'rest') queue[how]('broken', 10);
          else queue[how]('broken');
        });
      }
      const work = async (): Promise<void> => {
        for (let key = await queue.take(signal); key !== undefined; key = await queue.take(signal)) {
          count += 1;
          if (count > 10_000) throw new Error('a look without a pause');
          queue.add(key);
          queue.addFailed(key);
          queue.add(key);
          queue.done(key);
        }
      };
      queue.add('broken');
      const working = work();
      await Promise.race([sleep(clock, 600_000, signal), working]);
      ending.abort(new Error('over'));
      await working;
      queue.stop();
    })(),
  );
  return count;
}

describe('a key whose looks fail', () => {
  it('is looked at no oftener than its delay says, whatever adds it', async () => {
    // 25 ms, 50 ms, ... 25.6 s, and then each 30 s.
    const alone = await looks([]);
    expect(alone).toBeLessThan(32);
    await fc.assert(
      fc.asyncProperty(additions, async (added) => {
        expect(await looks(added)).toBeLessThanOrEqual(alone);
      }),
      { numRuns: 30 },
    );
  });

  it('is looked at once at once in a row of failures when somebody has changed what is wanted', async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue(clock, () => 0.5);
    for (let failure = 0; failure < 10; failure += 1) queue.addFailed('broken');
    queue.addWanted('broken');
    expect(queue.length).toBe(1);
    await queue.take(new AbortController().signal);
    queue.addFailed('broken');
    queue.done('broken');
    queue.addWanted('broken');
    expect(queue.length).toBe(0);
    queue.forget('broken');
    queue.addFailed('broken');
    queue.addWanted('broken');
    expect(queue.length).toBe(1);
    queue.stop();
    await clock.run(Promise.resolve());
  });

  it('is waited for no more when its object is gone', async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue(clock, () => 0.5);
    for (let namespace = 0; namespace < 100; namespace += 1) {
      queue.addAfter(`n${namespace}`, 600_000);
      queue.drop(`n${namespace}`);
    }
    expect(queue.waiting).toBe(0);
    queue.stop();
    await clock.run(Promise.resolve());
  });
});

describe('keys that take no time', () => {
  it('are taken one in a turn of the event loop, by however many workers: the Lease is renewed in between', async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue(clock, () => 0.5);
    const end = new AbortController();
    for (let key = 0; key < 20; key += 1) queue.add(`key ${key}`);
    const turns: number[] = [];
    let turn = 0;
    const count = async (): Promise<void> => {
      for (; turns.length < 20; turn += 1) await sleep(clock, 0, end.signal);
    };
    const work = async (): Promise<void> => {
      for (let key = await queue.take(end.signal); key !== undefined; key = await queue.take(end.signal)) {
        turns.push(turn);
        queue.done(key);
        if (turns.length === 20) end.abort();
      }
    };
    await clock.run(Promise.all([work(), work(), work(), count().catch(() => undefined)]));

    // Which of two timers comes first in the first turn is nobody's to say.
    expect(new Set(turns).size).toBeGreaterThanOrEqual(19);
  });
});
