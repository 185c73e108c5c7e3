import { describe, expect, it } from '@jest/globals';
import { charactersHeld } from './characters.ts';

const rules = Array.from({ length: 1000 }, (_, index) => ({ path: `/p${index}` }));
const once = charactersHeld([rules]);

describe('the characters that a value holds', () => {
  it('are about those of its JSON, where it is texts', () => {
    const texts = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    const { length } = JSON.stringify(texts);
    expect(charactersHeld(texts)).toBeGreaterThan(length / 2);
    expect(charactersHeld(texts)).toBeLessThan(length * 2);
  });

  it('are as many as parts that say little take room', () => {
    const rules = Array.from({ length: 1000 }, () => ({ to: [{ operation: { ports: [] } }] }));
    // Five for each.
    expect(charactersHeld(rules)).toBeGreaterThan(5 * 1000 * 50);
  });

  it('are counted once, where it has them in several places', () => {
    const copies = Array.from({ length: 300 }, (_, index) => ({ name: `s${index}`, rules }));
    expect(charactersHeld(copies)).toBeLessThan(once * 2);
  });

  it('are counted of each, where they are not the same', () => {
    const copies = Array.from({ length: 300 }, () => structuredClone(rules));
    expect(charactersHeld(copies)).toBeGreaterThan(once * 290);
  });

  it('are those of nothing where nothing is held', () => {
    expect(charactersHeld(undefined)).toBeLessThan(10);
  });
});
