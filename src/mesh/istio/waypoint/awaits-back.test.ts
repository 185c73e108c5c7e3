import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../test/support/counting.ts';
import { layeredCallers } from '../../../../test/support/layered-callers.ts';
import { istio } from '../adapter.ts';
import { awaitsOthersBack } from './awaits-back.ts';

/** What one look reads of everything that is there, for each pair of namespaces: each may call each other. */
function readsPerPair(count: number, ask: (given: ReturnType<typeof layeredCallers>) => unknown): number {
  let reads = 0;
  const counted = counting(() => {
    reads += 1;
  });
  const given = layeredCallers(count, counted);
  const before = reads;
  ask(given);
  return (reads - before) / count ** 2;
}

describe('the way back of namespaces that call each other in layers', () => {
  it('waits for all that are called', () => {
    expect(awaitsOthersBack(layeredCallers(6))).toEqual({
      stuck: false,
      namespaces: ['below-1', 'below-2', 'below-3', 'below-4', 'below-5'],
      message:
        'pods of below-1, below-2, below-3, below-4, below-5 would refuse sidecars from here: they get theirs back first, then this goes on by itself',
    });
  });

  it.each([
    ['what it waits for', awaitsOthersBack],
    ['whom it takes along', (given: ReturnType<typeof layeredCallers>) => istio.refusing(given)],
  ])('asks each namespace about each other once, however many go back together: %s', (_, ask) => {
    expect(readsPerPair(24, ask)).toBeLessThan(1.5 * readsPerPair(8, ask));
  });
});
