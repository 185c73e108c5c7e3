import { describe, expect, it } from '@jest/globals';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import { parsed } from './parsed.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Adds what is reached from somewhere and was not yet, and says how many words that takes beside the texts. */
function wordsOf(from: unknown, seen: Set<object>): number {
  if (!isObject(from) || seen.has(from)) return 0;
  seen.add(from);
  // What an object takes without anything in it, and what for each place in it.
  return Object.values(from).reduce<number>((all, each) => all + 1 + wordsOf(each, seen), 3);
}

const bytesOfWord = 8;

/** By what may be there many times in one policy and says little (the most that the CRD takes is 512 of each list). */
const shapes: Readonly<Record<string, unknown>> = {
  'sources without a word': times(100, () => ({ from: times(500, () => ({ source: {} })) })),
  'sources of one namespace': times(80, () => ({ from: times(500, (at) => ({ source: { namespaces: [`n${at}`] } })) })),
  'sources of empty lists': times(60, () => ({
    from: times(500, () => ({ source: { principals: [], ipBlocks: [] } })),
  })),
  'operations without a word': times(100, () => ({ to: times(500, () => ({ operation: {} })) })),
  'operations of one path': times(80, () => ({ to: times(500, (at) => ({ operation: { paths: [`/${at}`] } })) })),
  conditions: times(80, () => ({ when: times(500, (at) => ({ key: `request.headers[${at}]`, values: ['a'] })) })),
  'rules without a word': times(50_000, () => ({})),
  principals: [{ from: [{ source: { principals: times(30_000, (at) => `cluster.local/ns/n/sa/${at}`) } }] }],
};

describe('what is remembered of a policy', () => {
  it.each(Object.keys(shapes))('takes in proportion to what is written in it: %s', (name) => {
    const object = config('AuthorizationPolicy', { action: 'ALLOW', rules: shapes[name] });
    const seen = new Set<object>();
    wordsOf(object, seen);
    const bytes = bytesOfWord * wordsOf(parsed(object), seen);

    expect(bytes / JSON.stringify(object).length).toBeLessThan(6);
  });
});
