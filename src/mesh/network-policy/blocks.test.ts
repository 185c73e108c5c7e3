import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../test/support/properties.ts';
import { parseBlock, type AddressRange } from '../../base/address.ts';
import { coverOf, covers, isEmptyCover } from './blocks.ts';

const block = fc
  .tuple(fc.constantFrom(0, 1, 2, 3), fc.integer({ min: 24, max: 32 }), fc.nat({ max: 255 }))
  .map(([third, length, last]) => parseBlock(`10.0.${third}.${last}/${length}`))
  .filter((each) => each !== undefined);
const six = fc
  .nat({ max: 15 })
  .map((at) => parseBlock(`fd00::${at.toString(16)}/126`))
  .filter((each) => each !== undefined);
const peer = fc
  .tuple(fc.oneof(block, six), fc.array(fc.oneof(block, six), { maxLength: 4 }))
  .map(([range, except]) => ({ kind: 'Block' as const, block: range, except }));

function isIn(
  { family, first, last }: AddressRange,
  point: Pick<AddressRange, 'family'> & { readonly value: bigint },
): boolean {
  return family === point.family && first <= point.value && point.value <= last;
}

describe('blocks in order', () => {
  it('mean the addresses that one of them means', () => {
    fc.assert(
      fc.property(fc.array(peer, { maxLength: 5 }), (peers) => {
        const cover = coverOf(peers);
        const ranges = peers.flatMap((each) => [each.block, ...each.except]);
        const points = ranges.flatMap(({ family, first, last }) =>
          [first - 1n, first, last, last + 1n].map((value) => ({ family, value })),
        );

        for (const point of points) {
          const expected = peers.some(
            (each) => isIn(each.block, point) && !each.except.some((out) => isIn(out, point)),
          );

          expect(covers(cover, point)).toBe(expected);
        }

        expect(isEmptyCover(cover)).toBe(cover[4].length === 0 && cover[6].length === 0);
        expect(cover[4].every(({ first }, index) => index === 0 || first > (cover[4][index - 1]?.last ?? 0n))).toBe(
          true,
        );
      }),
      { numRuns: 500 },
    );
  });
});
