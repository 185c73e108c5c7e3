import assert from 'node:assert/strict';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** Runs the story of a scenario and then what every scenario promises: no pod was ever Ready outside the mesh. */
export async function runScenario(scenario: Scenario, world: World): Promise<void> {
  try {
    await scenario.run(world);
  } finally {
    const outside = await world.podsSeenOutside();
    if (scenario.podsOutside !== true) assert.deepEqual(outside, []);
  }
}
