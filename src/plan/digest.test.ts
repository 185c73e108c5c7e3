import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { PlanDigest } from '../api/approval.ts';
import { digestFrom, whatDiffers } from './digest.ts';

const plan = { steps: 'a'.repeat(32), objects: 'b'.repeat(32), answers: ['MM042 Telemetry shop/logs', 'MM055 x'] };
const approved = digestFrom(plan);

describe('a plan that was approved of', () => {
  it.each([
    ['itself', {}, undefined],
    ['the same in another order', { answers: plan.answers.toReversed() }, undefined],
    ['one with less to answer for', { answers: plan.answers.slice(1) }, undefined],
    ['one with nothing to answer for', { answers: [] }, undefined],
    ['one with other steps', { steps: 'c'.repeat(32) }, 'its steps'],
    ['one that makes something else', { objects: 'c'.repeat(32) }, 'what is made for it or what its owner states'],
    ['one with more to answer for', { answers: [...plan.answers, 'MM060 y'] }, 'what was answered for'],
    ['one with something else to answer for', { answers: ['MM060 y'] }, 'what was answered for'],
    [
      'another one',
      { steps: 'c'.repeat(32), objects: 'd'.repeat(32), answers: ['MM060 y'] },
      'its steps, what is made for it or what its owner states, what was answered for',
    ],
  ])('is compared with %s', (_other, changed, differs) => {
    expect(whatDiffers(approved, digestFrom({ ...plan, ...changed }))).toBe(differs);
  });

  it('is not covered by one whose names were chosen so that it looks alike', () => {
    const [one, other] = ['MM062 Deployment shop/web-1023', 'MM062 Deployment shop/web-12606'];
    expect(whatDiffers(digestFrom({ ...plan, answers: [one] }), digestFrom({ ...plan, answers: [other] }))).toBe(
      'what was answered for',
    );
  });

  it('covers one with less to answer for, of more objects than anybody names one by one', () => {
    const many = Array.from({ length: 25 }, (_, at) => `MM030 VirtualService mallory/v${at}`);
    const before = digestFrom({ ...plan, answers: many });
    expect(whatDiffers(before, digestFrom({ ...plan, answers: many.slice(1) }))).toBeUndefined();
    expect(whatDiffers(before, digestFrom({ ...plan, answers: [...many, 'MM030 VirtualService mallory/more'] }))).toBe(
      'what was answered for',
    );
  });

  it('covers no other set of answers where there are too many to tell apart', () => {
    const many = Array.from({ length: 30 }, (_, at) => `MM100 ${at}`);
    const before = digestFrom({ ...plan, answers: many });
    expect(whatDiffers(before, digestFrom({ ...plan, answers: many.toReversed() }))).toBeUndefined();
    expect(whatDiffers(before, digestFrom({ ...plan, answers: many.slice(1) }))).toBe('what was answered for');
  });

  it('fits into a status, and is covered by itself, whatever was answered for', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 100 }), fc.array(fc.string()), (answers, others) => {
        const digest = digestFrom({ ...plan, answers, standing: others, ofOthers: answers });
        expect(PlanDigest.safeParse(digest).success).toBe(true);
        expect(whatDiffers(digest, digest)).toBeUndefined();
      }),
    );
  });

  it('of before what others have was told apart covers what was answered for then', () => {
    const said = { standing: ['MM030 VirtualService mallory/*'], ofOthers: ['MM030 VirtualService mallory/*'] };
    const before = digestFrom({ ...plan, answers: [...plan.answers, ...said.ofOthers] });
    expect(whatDiffers(before, digestFrom({ ...plan, ...said }))).toBeUndefined();
    expect(whatDiffers(approved, digestFrom({ ...plan, ...said }))).toBe('what was answered for');
  });

  it.each(['', 'x', '..', 'a.b'])('is none by %j, which no plan has', (odd) => {
    expect(whatDiffers(odd, approved)).toBeDefined();
    expect(whatDiffers(approved, odd)).toBeDefined();
  });
});
