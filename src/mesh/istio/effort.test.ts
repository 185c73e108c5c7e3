import { describe, expect, it } from '@jest/globals';
import { corpus } from '../../../test/fuzz/corpus.ts';
import { pictureOf } from '../../../test/fuzz/picture.ts';
import { askEverything } from '../../../test/fuzz/questions.ts';
import { routes, surroundings } from '../../../test/support/mesh-fixtures.ts';
import { oneIn } from '../../../test/support/sample.ts';
import { standingShapes } from '../../../test/support/standing-shapes.ts';
import { tenantShapes } from '../../../test/support/tenant-shapes.ts';
import { istio } from './adapter.ts';
import { guarded } from '../guarded.ts';
import { bounded, spend, stepsOfNobody } from '../../base/effort.ts';
import { mostSteps } from '../effort-limits.ts';

/** The steps that nobody bounds while something is done. */
function ofNobody(work: () => void): number {
  const before = stepsOfNobody();
  work();
  return stepsOfNobody() - before;
}

describe('steps that nobody bounds', () => {
  it('are noticed', () => {
    expect(
      ofNobody(() => {
        spend(3);
      }),
    ).toBe(3);
    expect(
      ofNobody(() => {
        bounded(10, () => {
          spend(3);
        });
      }),
    ).toBe(0);
  });

  it.each(oneIn(3, [...routes.entries()]))('are none, whatever the adapter is asked: way %i', (_index, route) => {
    for (const itinerary of [undefined, 'L4', 'L7', 'Hbone'] as const)
      expect(
        ofNobody(() => {
          askEverything(istio, pictureOf(corpus, route, itinerary));
        }),
      ).toBe(0);
  });

  it.each(oneIn(3, Object.entries(tenantShapes)))('are none, whatever is large: %s', (_name, shape) => {
    expect(
      ofNobody(() => {
        askEverything(istio, { ...shape(60), itinerary: 'L7' });
      }),
    ).toBe(0);
  });

  it.each(oneIn(3, Object.entries(standingShapes)))('are none, whatever stands: %s', (_name, shape) => {
    const given = shape(40);

    expect(
      ofNobody(() => {
        askEverything(istio, { ...given });
      }),
    ).toBe(0);
  });
});

describe('what takes more steps than a look may', () => {
  it('is given up by whoever guards it, and told like what cannot be told', () => {
    const faults: unknown[] = [];
    const given = surroundings({
      onFault: (...fault) => {
        faults.push(fault);
      },
    });
    expect(
      guarded(
        given,
        'the order',
        () => {
          spend(mostSteps + 1);
          return 'all';
        },
        (message) => message,
      ),
    ).toBe('the order takes more steps than one look may take');
    expect(faults).toEqual([]);
  });
});
