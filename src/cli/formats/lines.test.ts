import { describe, expect, it } from '@jest/globals';
import { wrap } from './lines.ts';

describe('lines for people', () => {
  it('are no longer than a terminal is wide', () => {
    expect(wrap(Array.from({ length: 40 }, () => 'word').join(' '), '  ').map(({ length }) => length <= 100)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each(['::error::stop', '##vso[task.setvariable]x', '::add-mask::a'])(
    'begin with no command to a runner of CI: %s',
    (word) => {
      const lines = wrap(`the header x-team: ${'x'.repeat(70)} ${word}${'y'.repeat(30)} ${word}`, '    ');
      expect(lines.join('\n')).toContain(word.slice(2));
      for (const line of lines) expect(line.trimStart()).not.toMatch(/^(::|##)/);
    },
  );
});
