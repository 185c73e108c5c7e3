import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../base/clock.ts';
import { LeaseLostError, LeaseTerm } from './lease-term.ts';

/** A clock whose timers are late, as in a process that was suspended. */
function lateClock(): { readonly clock: Clock; at: number; readonly timers: number[] } {
  const state = {
    at: 0,
    timers: [] as number[],
    clock: {
      now: () => state.at,
      monotonic: () => state.at,
      timer(ms: number): () => void {
        state.timers.push(state.at + ms);
        return () => undefined;
      },
    },
  };
  return state;
}

describe('LeaseTerm', () => {
  it('counts its deadline from when the request was sent, not from its answer', () => {
    const state = lateClock();
    const term = new LeaseTerm(state.clock, 10_000, 0);
    state.at = 6_000;
    term.extend(2_000);

    state.at = 11_999;
    expect(term.holds()).toBe(true);
    state.at = 12_000;
    expect(term.holds()).toBe(false);
    expect(state.timers).toEqual([10_000, 12_000]);
  });

  it('is over even while its timer is late, and a late answer does not bring it back', () => {
    const state = lateClock();
    const term = new LeaseTerm(state.clock, 10_000, 0);
    state.at = 10_001;
    expect([term.holds(), term.signal.aborted]).toEqual([false, false]);

    term.extend(9_000);

    expect(term.holds()).toBe(false);
    expect(term.signal.reason).toBeInstanceOf(LeaseLostError);
  });
});
