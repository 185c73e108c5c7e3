import { describe, expect, it } from '@jest/globals';
import { costOf } from '../../test/support/cost.ts';
import { bounded } from '../base/effort.ts';
import { identityParts } from './classes-identity.ts';

describe('a pattern for identities', () => {
  it('is cut at its own slashes, and at those that a star swallows', () => {
    const parts = identityParts({ kind: 'Glob', value: '*/ns/a*b/*' });

    // The slash before `sa` is in one of the stars, or `sa` begins behind the pattern's own slash.
    expect(parts.map(({ namespace, serviceAccount }) => [namespace, serviceAccount])).toEqual([
      [{ kind: 'Glob', value: 'a*b' }, { kind: 'Present' }],
    ]);
  });

  it('is cut in about as many steps as are counted, however many stars it has', () => {
    const value = `*/ns/${Array.from({ length: 700 }, () => 'a').join('*')}/*`;
    const cut = (): unknown => bounded(Number.POSITIVE_INFINITY, () => identityParts({ kind: 'Glob', value }));

    expect(costOf(cut)).toBeLessThan(100);
  });
});
