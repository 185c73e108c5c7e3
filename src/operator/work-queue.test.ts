import { describe, expect, it } from '@jest/globals';
import { sleep } from '../base/clock.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import { WorkQueue } from './work-queue.ts';

/** Which of these keys is taken in ten seconds, when each is added ten times a second and takes no time but `dear`, which rests after each look. */
async function taken(keys: readonly string[], restMs: number): Promise<Readonly<Record<string, number>>> {
  const clock = new VirtualClock();
  const counts: Record<string, number> = {};
  await clock.run((async () => {
    const queue = new WorkQueue(clock, () => 0.5);
    const { signal } = new AbortController();
    for (let round = 0; round < 100; round += 1) {
      for (const key of keys) queue.add(key);
      while (queue.length > 0) {
        const key = await queue.take(signal) ?? '';
        counts[key] = (counts[key] ?? 0) + 1;
        if (key === 'dear') queue.rest(key, restMs);
        queue.done(key);
      }
      await sleep(clock, 100, signal);
    }
    queue.stop();
  })());
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
