import { describe, expect, it } from '@jest/globals';
import { scenarios } from '../scenarios/all.ts';
import { runOnSimulation } from './run-scenario.ts';

describe('scenarios on the simulated cluster', () => {
  it('have unique names', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  });

  it.each(scenarios)('$name', async (scenario) => {
    await runOnSimulation(scenario);
  });

  it('would notice a pod that is Ready outside the mesh', async () => {
    const { podsOutside: _allowed, ...scenario } = scenarios.find(({ name }) => name === 'not-enrolled')!;
    await expect(runOnSimulation(scenario)).rejects.toThrow(/was Ready in mode None/);
  });
});
