import { describe, expect, it } from '@jest/globals';
import { byTurns, killAtEach } from './kills.ts';
import { backAndThere } from './there-and-back.ts';

describe('an operator that is killed', () => {
  it('finishes the way from a waypoint to sidecars wherever it was', async () => {
    const { there, back } = await killAtEach(backAndThere, byTurns);
    expect(there).toBeGreaterThan(20);
    expect(back).toBeGreaterThan(20);
  }, 600_000);
});
