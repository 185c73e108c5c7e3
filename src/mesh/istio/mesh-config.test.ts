import { expect, it } from '@jest/globals';
import { parseMeshConfig } from './mesh-config.ts';

it.each([
  ['an alias to nothing', '*.*'], ['an alias to nothing within', 'trustDomain: *nobody'], ['brackets without end', '['.repeat(50_000)], ['tabs', 'a:\n\tb: 1'], ['a template', 'a: {{ b }}'],
  ['aliases that multiply', `a: &a [x]\n${Array.from('bcdefghi', (name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[at] ?? ''}`).join(',')}]`).join('\n')}`],
])('a mesh configuration with %s cannot be read, and ends nothing', (_, text) => {
  const config = parseMeshConfig(text);

  expect(config === undefined || typeof config === 'object').toBe(true);
});
