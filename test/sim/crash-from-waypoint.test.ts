import { describe, expect, it } from '@jest/globals';
import { killAtEach } from './kills.ts';
import { backAndThere } from './there-and-back.ts';

describe('an operator that is killed', () => {
  it('finishes the way from a waypoint to sidecars wherever it was', async () => {
    expect(await killAtEach(backAndThere)).toBeGreaterThan(40);
  }, 600_000);
});
