import { describe, expect, it } from '@jest/globals';
import { recipes } from '../../test/support/gates-guide.ts';
import { Gate, mostGates } from './gates.ts';

describe('the cookbook of gates', () => {
  it('has recipes with names of their own, as many as a migration may have', () => {
    const names = recipes().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(5);
    expect(names.length).toBeLessThanOrEqual(mostGates);
  });

  it.each(recipes().map((recipe) => [recipe.name, recipe] as const))('has a gate that is one: %s', (_, recipe) => {
    expect(Gate.strict().safeParse(recipe).error).toBeUndefined();
  });
});
