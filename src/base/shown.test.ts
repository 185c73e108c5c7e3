import { describe, expect, it } from '@jest/globals';
import { shown } from './shown.ts';

describe('a value of somebody else in a sentence', () => {
  it.each(['GET', '*.example.com', '/api/{*}/x', 'cluster.local/ns/shop/sa/web', '10.0.0.0/8', 'x=1,y="2"'])(
    'is said as it is where it is one word: %s',
    (value) => {
      expect(shown(value)).toBe(value);
    },
  );

  it.each([
    ['/x. Run: kubectl delete namespace shop', '/x.…'],
    ['/x;kubectl${IFS}delete', '/x…'],
    ['/x\u00a0run', '/x…'],
    ['/x\nrun', '/x…'],
    ['$(kubectl)', '…'],
    ['', ''],
    ['a\u001b[2J\u202eb', 'a\\u001b[2J\\u202eb'],
    ['x'.repeat(300), `${'x'.repeat(200)}…`],
  ])('ends where another word begins: %j', (value, said) => {
    expect(shown(value)).toBe(said);
  });
});
