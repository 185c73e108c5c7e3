import { describe, expect, it } from '@jest/globals';
import { httpExtensionScenarios } from '../scenarios/http-extensions.ts';
import { kinds } from '../scenarios/manifests.ts';
import { runOnSimulation } from './run-scenario.ts';

describe('an Istio that has not all kinds yet', () => {
  it.each(httpExtensionScenarios)('moves and takes back $name without TrafficExtension', async (scenario) => {
    let missing = false;
    await runOnSimulation({
      ...scenario,
      async prepare(world) {
        await world.delete(kinds.CustomResourceDefinition, undefined, 'trafficextensions.extensions.istio.io');
        missing = true;
      },
    });
    expect(missing).toBe(true);
  });
});
