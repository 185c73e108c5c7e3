import { describe, expect, it } from '@jest/globals';
import { byTurns, killAtEach } from './kills.ts';
import { thereAndBackThroughTheirs, thereAndBackThroughWaypoint } from './there-and-back.ts';

describe('an operator that is killed', () => {
  it('finishes the way through a waypoint wherever it was', async () => {
    const { there, back } = await killAtEach(thereAndBackThroughWaypoint, byTurns);
    expect(there).toBeGreaterThan(20);
    expect(back).toBeGreaterThan(20);
  }, 600_000);

  it('finishes the way through a waypoint of the user wherever it was', async () => {
    const { there, back } = await killAtEach(thereAndBackThroughTheirs, byTurns);
    expect(there).toBeGreaterThan(20);
    expect(back).toBeGreaterThan(20);
  }, 600_000);
});
