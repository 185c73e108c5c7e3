import { describe, expect, it } from '@jest/globals';
import { shown } from './shown.ts';

describe('a value of somebody else in a sentence', () => {
  it.each([
    'GET',
    '*.example.com',
    '/api/{*}/x',
    '/api/{**}/{a}',
    'cluster.local/ns/shop/sa/web',
    '10.0.0.0/8',
    'x=1,y="2"',
    '/größe/東京/שלום/x\u0301',
  ])('is said as it is where it is one word: %s', (value) => {
    expect(shown(value)).toBe(value);
  });

  it.each([
    ['/x. Run: kubectl delete namespace shop', '/x.…'],
    ['/x;kubectl${IFS}delete', '/x…'],
    ['/x\u00a0run', '/x…'],
    ['/x\nrun', '/x…'],
    ['$(kubectl)', '…'],
    ['', ''],
    ['a\u001b[2J\u202eb', 'a…'],
    ['/x{kubectl,delete,ns,shop}', '/x…'],
    ['/x{a{},kubectl}', '/x…'],
    ['/x{1..9}', '/x…'],
    ['x'.repeat(300), `${'x'.repeat(200)}…`],
  ])('ends where another word begins: %j', (value, said) => {
    expect(shown(value)).toBe(said);
  });

  it('ends at every character that nobody sees, whichever it is', () => {
    // Letters of old scripts and symbols of music that are blanks by no property.
    const others = [0x13441, 0x13442, 0x16fe4, 0x1d159, 0x2800];
    const unseen = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) =>
      /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(String.fromCodePoint(code)),
    );
    const told = [...unseen, ...others].filter((code) => shown(`a.${String.fromCodePoint(code)}Known bug`) !== 'a.…');
    expect(told).toEqual([]);
  });
});
