import { describe, expect, it } from '@jest/globals';
import { watched } from './resources.ts';

describe('what is watched', () => {
  it('has each kind once, because each entry is a watch of its own', () => {
    const kinds = watched.map(({ kind }) => kind);

    expect(kinds).toEqual([...new Set(kinds)]);
  });
});
