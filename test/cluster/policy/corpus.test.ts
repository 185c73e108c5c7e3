import { expect, it } from '@jest/globals';
import { readCorpus } from './corpus.ts';
import { nameOf } from './differential.ts';

it('has at least 60 policies, each under a name of its own', () => {
  const names = readCorpus().map(nameOf);
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
});
