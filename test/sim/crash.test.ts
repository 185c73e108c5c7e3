import { describe, expect, it } from '@jest/globals';
import { runWithKills } from './kills.ts';
import type { KillPoint } from './sim-operator.ts';
import { thereAndBack } from './there-and-back.ts';

describe('an operator that is killed', () => {
  it('finishes the job wherever it was: before and after each single write', async () => {
    const writes = await runWithKills(thereAndBack, [], 1);
    expect(writes).toBeGreaterThan(20);
    for (let write = 1; write <= writes; write += 1) {
      await runWithKills(thereAndBack, [{ write, when: 'before' }], 1);
      await runWithKills(thereAndBack, [{ write, when: 'after' }], 1);
    }
  }, 600_000);

  it('finishes the job when it is killed again and again', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const points = [3, 7, 12, 18, 23].map((write, index): KillPoint => ({ write: write + (seed % 3), when: (index + seed) % 2 === 0 ? 'before' : 'after' }));
      await runWithKills(thereAndBack, points, seed);
    }
  }, 600_000);
});
