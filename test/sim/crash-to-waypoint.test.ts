import { describe, expect, it } from '@jest/globals';
import { killAtEach } from './kills.ts';
import { thereAndBackThroughTheirs, thereAndBackThroughWaypoint } from './there-and-back.ts';

describe('an operator that is killed', () => {
  it('finishes the way through a waypoint wherever it was', async () => {
    expect(await killAtEach(thereAndBackThroughWaypoint)).toBeGreaterThan(40);
  }, 600_000);

  it('finishes the way through a waypoint of the user wherever it was', async () => {
    expect(await killAtEach(thereAndBackThroughTheirs)).toBeGreaterThan(30);
  }, 600_000);
});
