import { describe, expect, it } from '@jest/globals';
import { oneIn } from '../support/sample.ts';
import { killAtEach, runWithKills } from './kills.ts';
import type { KillPoint } from './sim-operator.ts';
import { thereAndBack } from './there-and-back.ts';

describe('an operator that is killed', () => {
  it('finishes the job wherever it was: before and after each single write', async () => {
    for (const when of ['before', 'after'] as const) {
      const { there, back } = await killAtEach(thereAndBack, () => when);
      expect(there).toBeGreaterThan(20);
      expect(back).toBeGreaterThan(20);
    }
  }, 600_000);

  it('finishes the job when it is killed again and again', async () => {
    for (const seed of oneIn(4, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])) {
      const points = [3, 7, 12, 18, 23].map((write, index): KillPoint => ({
        write: write + (seed % 3),
        when: (index + seed) % 2 === 0 ? 'before' : 'after',
      }));
      await runWithKills(thereAndBack, { there: points, back: [] }, seed);
    }
  }, 600_000);
});
