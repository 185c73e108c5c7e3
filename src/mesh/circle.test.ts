import { describe, expect, it } from '@jest/globals';
import { circleFrom, leadingTo } from './circle.ts';

/** Each of a layer waits for all of the next one; those of the last for `lasts`. */
function layered(width: number, depth: number, lasts: readonly string[]): (name: string) => readonly string[] {
  return (name) => {
    const layer = name === 'home' ? 0 : Number(name.split('-')[0]);
    return layer === depth ? lasts : Array.from({ length: width }, (_, at) => `${layer + 1}-${at}`);
  };
}

/** The same, and how often something is asked. */
function counted(next: (name: string) => readonly string[]): {
  readonly next: (name: string) => readonly string[];
  readonly asked: () => number;
} {
  let asked = 0;
  return {
    next: (name) => {
      asked += 1;
      return next(name);
    },
    asked: () => asked,
  };
}

describe('who waits for whom', () => {
  it.each([
    ['no circle', [], undefined],
    ['the shortest circle', ['home'], ['home', '1-0', '2-0', '3-0', '4-0', 'home']],
  ])('is asked of each once, however many ways lead there: %s', (_, lasts, circle) => {
    const { next, asked } = counted(layered(10, 4, lasts));

    expect(circleFrom('home', next)).toEqual(circle);
    expect(asked()).toBeLessThanOrEqual(1 + 10 * 4);
  });

  it('is told of many with one search', () => {
    const { next, asked } = counted((name) => ({ a: ['b', 'c'], b: ['home'], c: ['d'], d: ['c'] })[name] ?? []);

    const leading = leadingTo('home', ['a', 'b', 'c', 'e'], next);

    expect(['a', 'b', 'c', 'e'].filter((name) => leading.has(name))).toEqual(['a', 'b']);
    expect(asked()).toBe(5);
  });
});
