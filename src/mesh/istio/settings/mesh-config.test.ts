import { expect, it } from '@jest/globals';
import { parseMeshConfig } from './mesh-config.ts';
import { costOf } from '../../../../test/support/cost.ts';

it.each([
  ['an alias to nothing', '*.*'],
  ['an alias to nothing within', 'trustDomain: *nobody'],
  ['brackets without end', '['.repeat(50_000)],
  ['tabs', 'a:\n\tb: 1'],
  ['a template', 'a: {{ b }}'],
  [
    'aliases that multiply',
    `a: &a [x]\n${Array.from('bcdefghi', (name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[at] ?? ''}`).join(',')}]`).join('\n')}`,
  ],
])('a mesh configuration with %s cannot be read, and ends nothing', (_, text) => {
  const config = parseMeshConfig(text);

  expect(config === undefined || typeof config === 'object').toBe(true);
});

it.each(['trustDomain: a\ntrustDomain: b', 'defaultConfig: {tracing: {}, tracing: {}}', '1: a\n1: b'])(
  'a mesh configuration that says something twice cannot be read: %s',
  (text) => {
    expect(parseMeshConfig(text)).toBeUndefined();
  },
);

it('a mesh configuration of many keys is read in proportion to them', () => {
  const text = Array.from({ length: 16_000 }, (_, index) => `k${index}:`).join('\n');
  let read: unknown;
  const cost = costOf(() => {
    read = parseMeshConfig(text);
  });

  expect(read).toEqual({});
  // Each key compared with each takes ten seconds.
  expect(cost).toBeLessThan(230);
});

it.each<[string, string]>([
  ['a list in it', 'b: &b []\na: &a [BS]\nx: [AS]'],
  ['a text in it', 'b: &b 1\na: &a [BS]\nx: [AS]'],
])(
  'a proxy configuration of aliases takes no longer than one without, however they stand in each other: %s',
  (_, form) => {
    const text = form.replace('BS', Array(400).fill('*b').join()).replace('AS', Array(400).fill('*a').join());

    // As much as an annotation is read of. Where all of it is gone through for each alias, it takes a thousand of these.
    expect(text.length).toBeLessThan(8192);
    expect(costOf(() => parseMeshConfig(text))).toBeLessThan(50);
  },
);

it('a mesh configuration with an alias in what it stands for takes no longer than one without', () => {
  const keys = Array.from({ length: 6000 }, (_, at) => `k${at}: `).join();
  const [without, within] = ['c: &c 1', '<<: *a'].map((last) =>
    costOf(() => parseMeshConfig(`a: &a {${keys}, ${last}}`)),
  );

  expect(parseMeshConfig('a: &a {b: 1, <<: *a}')).toBeUndefined();
  // Where it is gone through for as long as there is room for one more of it, it takes ten times as long.
  expect(within).toBeLessThan(4 * (without ?? 0));
});

it('a mesh configuration has no lists and maps as keys, which istiod cannot read', () => {
  expect(parseMeshConfig('x: [&a 1, &b 2]\ny: {[]: 1}')).toBeUndefined();
  expect(parseMeshConfig('y: {{a: b}: 1}')).toBeUndefined();
});

it('a mesh configuration has aliases put in their place', () => {
  expect(parseMeshConfig('a: &a {b: 1}\nx: [*a, *a]\nz: {<<: *a, c: 2}')).toEqual({
    a: { b: 1 },
    x: [{ b: 1 }, { b: 1 }],
    z: { b: 1, c: 2 },
  });
});
