import { describe, expect, it } from '@jest/globals';
import { hold } from './draft.ts';
import { alsoFollowing } from './following.ts';

function said(message: string, behind: readonly string[]): string {
  const draft = hold({}, 'Migrated', { state: 'Stalled', reason: 'CannotBeMade', message });
  return alsoFollowing(draft, { status: {}, refused: false, faults: new Map(), pending: new Map(), behind }).verdict
    .message;
}

const why = 'AuthorizationPolicy shop/a: it selects nothing';

describe('what is not in force', () => {
  it.each<[string, readonly string[], string]>([
    ['paused', [], 'paused'],
    ['paused', [why], `not in force yet as they are now: ${why}. paused`],
    [why, [why], `not in force yet as they are now: ${why}`],
    [`finalized when: ${why}`, [why], `finalized when: ${why}`],
    [why, ['AuthorizationPolicy shop/a', why], `not in force yet as they are now: ${why}`],
    ['paused', ['AuthorizationPolicy shop/a', why], `not in force yet as they are now: ${why}. paused`],
    [why, ['AuthorizationPolicy shop/b', why], `not in force yet as they are now: AuthorizationPolicy shop/b. ${why}`],
    [
      'AuthorizationPolicy shop/ab: edited',
      ['AuthorizationPolicy shop/a'],
      'not in force yet as they are now: AuthorizationPolicy shop/a. AuthorizationPolicy shop/ab: edited',
    ],
  ])('is said once beside "%s"', (message, behind, expected) => {
    expect(said(message, behind)).toBe(expected);
  });
});
