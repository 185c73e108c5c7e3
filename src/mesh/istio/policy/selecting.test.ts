import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import { isSelected } from './attachment.ts';
import { selects } from '../../views.ts';
import { selectedBy, selecting, selectingFully } from './selecting.ts';

const labels = fc.dictionary(
  fc.constantFrom('app', 'version', '__proto__', 'toString'),
  fc.constantFrom('a', 'b', ''),
  { maxKeys: 3 },
);

describe('which label sets a selector selects', () => {
  it('is what each of them says', () => {
    fc.assert(
      fc.property(fc.array(labels, { maxLength: 8 }), fc.option(labels, { nil: undefined }), (sets, selector) => {
        expect(selecting(sets)(selector)).toEqual(
          sets.flatMap((each, place) => (isSelected(selector, each) ? [place] : [])),
        );
      }),
    );
  });

  it('is the same when it is asked the other way round', () => {
    const selectors = fc.array(fc.option(labels, { nil: undefined }), { maxLength: 8 });
    fc.assert(
      fc.property(selectors, labels, (all, set) => {
        expect(selectedBy(all)(set)).toEqual(all.flatMap((each, place) => (isSelected(each, set) ? [place] : [])));
      }),
    );
  });

  it('is what selectors with expressions say, too', () => {
    const expression = fc.record({
      key: fc.constantFrom('app', 'version'),
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: fc.option(fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }), { nil: undefined }),
    });
    const selector = fc.record({
      matchLabels: fc.option(labels, { nil: undefined }),
      matchExpressions: fc.option(fc.array(expression, { maxLength: 3 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(labels, { maxLength: 8 }), selector, (sets, asked) => {
        expect(selectingFully(sets, () => undefined)(asked)).toEqual(
          sets.flatMap((each, place) => (selects(asked, each) ? [place] : [])),
        );
      }),
    );
  });

  it('takes no longer where many labels and many sets have nothing to do with each other', () => {
    let steps = 0;
    const select = selecting(
      Array.from({ length: 500 }, (_, place) => ({ app: `a${place}` })),
      (more) => {
        steps += more;
      },
    );
    const before = steps;
    const wide = Object.fromEntries(Array.from({ length: 4096 }, (_, index) => [`l${index}`, 'x']));

    expect([select(wide), select({ app: 'a7', ...wide }), steps - before < 100]).toEqual([[], [], true]);
  });
});
