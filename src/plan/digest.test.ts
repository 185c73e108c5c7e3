import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { PlanDigest } from '../api/approval.ts';
import { digestFrom, whatDiffers } from './digest.ts';

const plan = { steps: 'a'.repeat(16), objects: 'b'.repeat(16), warnings: ['MM042 Telemetry shop/logs', 'MM055 x'] };
const approved = digestFrom(plan);

describe('a plan that was approved of', () => {
  it.each([
    ['itself', {}, undefined],
    ['the same in another order', { warnings: plan.warnings.toReversed() }, undefined],
    ['one that warns of less', { warnings: plan.warnings.slice(1) }, undefined],
    ['one that warns of nothing', { warnings: [] }, undefined],
    ['one with other steps', { steps: 'c'.repeat(16) }, 'its steps'],
    ['one that makes something else', { objects: 'c'.repeat(16) }, 'what is made for it'],
    ['one that warns of more', { warnings: [...plan.warnings, 'MM060 y'] }, 'what is warned of'],
    ['one that warns of something else', { warnings: ['MM060 y'] }, 'what is warned of'],
    [
      'another one',
      { steps: 'c'.repeat(16), objects: 'd'.repeat(16), warnings: ['MM060 y'] },
      'its steps, what is made for it, what is warned of',
    ],
  ])('is compared with %s', (_other, changed, differs) => {
    expect(whatDiffers(approved, digestFrom({ ...plan, ...changed }))).toBe(differs);
  });

  it('covers no other set of warnings where there are too many to tell apart', () => {
    const many = Array.from({ length: 30 }, (_, at) => `MM100 ${at}`);
    const before = digestFrom({ ...plan, warnings: many });
    expect(whatDiffers(before, digestFrom({ ...plan, warnings: many.toReversed() }))).toBeUndefined();
    expect(whatDiffers(before, digestFrom({ ...plan, warnings: many.slice(1) }))).toBe('what is warned of');
  });

  it('fits into a status, and is covered by itself, whatever it warns of', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 100 }), (warnings) => {
        const digest = digestFrom({ ...plan, warnings });
        expect(PlanDigest.safeParse(digest).success).toBe(true);
        expect(whatDiffers(digest, digest)).toBeUndefined();
      }),
    );
  });

  it.each(['', 'x', '..', 'a.b'])('is none by %j, which no plan has', (odd) => {
    expect(whatDiffers(odd, approved)).toBeDefined();
    expect(whatDiffers(approved, odd)).toBeDefined();
  });
});
