import { describe, expect, it } from '@jest/globals';
import { sleep } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import { VirtualClock, VirtualTimeError } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('fires timers by time, then in the order they were set', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.timer(20, () => {
      fired.push(`c@${String(clock.monotonic())}`);
    });
    clock.timer(10, () => {
      fired.push(`a@${String(clock.monotonic())}`);
    });
    clock.timer(10, () => {
      fired.push(`b@${String(clock.monotonic())}`);
    });
    await clock.run(() => fired.length === 3);
    expect(fired).toEqual(['a@10', 'b@10', 'c@20']);
  });

  it('orders simultaneous timers by the seed, and equally for equal seeds', async () => {
    async function order(seed: number): Promise<string> {
      const clock = new VirtualClock({ random: seededRandom(seed) });
      const fired: number[] = [];
      for (let index = 0; index < 8; index += 1)
        clock.timer(5, () => {
          fired.push(index);
        });
      await clock.run(() => fired.length === 8);
      return fired.join('');
    }
    const orders = await Promise.all([1, 2, 3, 4].map(order));
    expect(new Set(orders).size).toBeGreaterThan(1);
    expect(await order(1)).toBe(orders[0]);
  });

  it('lets every promise settle before time moves', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    async function worker(name: string): Promise<void> {
      for (let turn = 0; turn < 3; turn += 1) {
        await sleep(clock, 10);
        await Promise.resolve();
        log.push(`${name}${String(clock.monotonic())}`);
      }
    }
    await clock.run(Promise.all([worker('a'), worker('b')]));
    expect(log).toEqual(['a10', 'b10', 'a20', 'b20', 'a30', 'b30']);
  });

  it('returns the value of the promise and rethrows its error', async () => {
    const clock = new VirtualClock();
    expect(await clock.run(sleep(clock, 5).then(() => 'done'))).toBe('done');
    await expect(
      clock.run(
        sleep(clock, 5).then(() => {
          throw new RangeError('no');
        }),
      ),
    ).rejects.toThrow(RangeError);
  });

  it('says what is pending when the limit is reached, and that nothing is when all is done', async () => {
    const clock = new VirtualClock();
    function renewLease(): void {
      /* never reached */
    }
    clock.timer(60_000, renewLease);
    await expect(clock.run(() => false, { maxMs: 1000 })).rejects.toThrow(
      /limit of virtual time.*\n.*\+60000 ms renewLease/,
    );
    await expect(clock.run(() => false)).rejects.toThrow(VirtualTimeError);
    await expect(clock.run(() => false)).rejects.toThrow(/nothing is left to do.*no timer pending/);
  });

  it('forgets cancelled timers and advances exactly', async () => {
    const clock = new VirtualClock({ start: 1000 });
    const fired: string[] = [];
    const cancel = clock.timer(10, () => {
      fired.push('cancelled');
    });
    clock.timer(30, () => {
      fired.push('later');
    });
    cancel();
    cancel();
    expect(clock.pending).toBe(1);
    await clock.advance(25);
    expect([clock.now(), fired]).toEqual([1025, []]);
    await clock.advance(5);
    expect([clock.now(), fired]).toEqual([1030, ['later']]);
  });
});
