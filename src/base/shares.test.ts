import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { Shares } from './shares.ts';

const most = { owners: 3, answers: 2, characters: 100 };
const sets = fc.array(
  fc.record({
    owner: fc.constantFrom('a', 'b', 'c', 'd'),
    key: fc.constantFrom('x', 'y', 'z'),
    characters: fc.integer({ min: 0, max: 60 }),
  }),
  { maxLength: 60 },
);

describe('shares', () => {
  it('hold never more than they may, and always what was set last', () => {
    fc.assert(
      fc.property(sets, (all) => {
        const shares = new Shares<number>(most);
        for (const { owner, key, characters } of all) {
          shares.set(owner, key, characters, characters);
          expect(shares.get(owner, key)).toBe(characters);
          const held = ['a', 'b', 'c', 'd'].map((each) =>
            ['x', 'y', 'z'].flatMap((one) => shares.get(each, one) ?? []),
          );
          expect(held.every(({ length }) => length <= most.answers)).toBe(true);
          expect(held.filter(({ length }) => length > 0).length).toBeLessThanOrEqual(most.owners);
          expect(shares.characters).toBe(held.flat().reduce((sum, each) => sum + each, 0));
          expect(shares.characters).toBeLessThanOrEqual(most.characters);
        }
      }),
    );
  });

  it('are taken from whoever has most', () => {
    const shares = new Shares<string>(most);
    shares.set('small', 'x', 'kept', 10);
    shares.set('large', 'x', 'forgotten', 50);
    for (const key of ['y', 'z', 'y', 'z']) shares.set('large', key, 'now', 50);

    expect([
      shares.get('small', 'x'),
      shares.get('large', 'x'),
      shares.get('large', 'y'),
      shares.get('large', 'z'),
    ]).toEqual(['kept', undefined, undefined, 'now']);
  });

  it('hold one that is larger than all may be until the next is set', () => {
    const shares = new Shares<string>(most);
    shares.set('a', 'x', 'huge', 1000);
    expect(shares.get('a', 'x')).toBe('huge');
    shares.set('b', 'x', 'next', 1);
    expect([shares.get('a', 'x'), shares.get('b', 'x')]).toEqual([undefined, 'next']);
  });
});
