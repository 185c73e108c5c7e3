import { describe, expect, it } from '@jest/globals';
import { bounded, charged, spend } from './effort.ts';

describe('what takes more steps than it may', () => {
  it('may be many parts, each within steps of its own', () => {
    const part = (): unknown =>
      bounded(100, () => {
        spend(60);
      });
    expect(
      bounded(100, () => {
        part();
        part();
      }),
    ).toEqual({ kind: 'Done', value: undefined, steps: 0 });
    expect(
      bounded(100, () => {
        charged(part);
        charged(part);
      }),
    ).toEqual({ kind: 'TooLarge' });
    expect(
      bounded(130, () => {
        charged(() => {
          charged(part);
          spend(1);
          part();
        });
      }),
    ).toEqual({ kind: 'Done', value: undefined, steps: 121 });
  });
});
