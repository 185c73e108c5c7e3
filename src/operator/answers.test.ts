import { describe, expect, it } from '@jest/globals';
import { namespaceMigrations } from '../api/resources.ts';
import { Answers } from './answers.ts';

/**
 * Somebody gives commands by turns, 20 times a second; each is answered by the phase that it was as soon as it may be.
 * How often that is.
 */
function answered(commands: readonly string[], forMs: number): number {
  let now = 0;
  const answers = new Answers({ monotonic: () => now }, namespaceMigrations);
  let count = 0;
  for (let turn = 0; now < forMs; now += 50, turn += 1) {
    const object = {
      metadata: { name: 'mm', namespace: 'a' },
      status: { phase: commands[turn % commands.length], writtenPhase: 'Migrated' },
    };
    const { heard, lateMs, keep } = answers.hear('k', object);
    const status = keep({ phase: 'Migrated', writtenPhase: 'Migrated' });
    if (lateMs === Infinity) count += 1;
    else expect([heard.status.phase, status.phase]).toEqual(['Migrated', object.status.phase]);
    answers.stored('k', object, status);
  }
  return count;
}

describe('answers to commands', () => {
  it.each<readonly [string, readonly string[]]>([
    ['one', ['Paused']],
    ['two by turns', ['Paused', 'Migrating']],
    ['all', ['Paused', 'Migrating', 'RollingBack', 'Pause']],
    ['a new word each time', Array.from({ length: 997 }, (_each, n) => `word-${n}`)],
  ])('to %s again and again come later and later', (_title, commands) => {
    expect(answered(commands, 30_000)).toBeLessThan(30);
    expect(answered(commands, 3 * 60_000)).toBeLessThan(35);
  });

  it('come at once to the first of another kind, and to those of a person', () => {
    let now = 0;
    const answers = new Answers({ monotonic: () => now }, namespaceMigrations);
    const given = (phase: string): number => {
      const object = { metadata: { name: 'mm', namespace: 'a' }, status: { phase, writtenPhase: 'Migrated' } };
      const { lateMs, keep } = answers.hear('k', object);
      answers.stored('k', object, keep({ phase: 'Migrated', writtenPhase: 'Migrated' }));
      return lateMs;
    };
    for (let turn = 0; turn < 400; turn += 1, now += 50) given(['Paused', 'Migrating'][turn % 2] ?? '');
    expect(given('Paused')).toBeLessThan(Infinity);
    expect([given('RollingBack'), given('RollingBack')]).toContain(Infinity);
    now += 30 * 60_000;
    for (const phase of ['Paused', 'Migrating', 'RollingBack', 'RollingBack']) {
      expect(given(phase)).toBe(Infinity);
      now += 5000;
    }
  });

  it('are forgotten with the object', () => {
    const answers = new Answers({ monotonic: () => 0 }, namespaceMigrations);
    const object = { metadata: { name: 'mm', namespace: 'a' }, status: { phase: 'Paused', writtenPhase: 'Migrated' } };
    for (let turn = 0; turn < 10; turn += 1)
      answers.stored('k', object, { phase: 'Migrated', writtenPhase: 'Migrated' });
    expect(answers.hear('k', object).lateMs).toBeLessThan(Infinity);
    answers.forget('k');
    expect(answers.hear('k', object).lateMs).toBe(Infinity);
  });
});
