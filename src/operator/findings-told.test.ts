import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { FindingsTold } from './findings-told.ts';

function warning(object: string, severity: Finding['severity'] = 'Warning'): Finding {
  return { id: 'MM123', severity, object, message: 'x', fix: 'x' };
}

function resting(...findings: readonly Finding[]): NamespaceMigrationStatus {
  return { phase: 'Migrated', writtenPhase: 'Migrated', findings: [...findings] };
}

/** With a clock that is set. */
function world(): { readonly told: FindingsTold; readonly pass: (ms: number) => void } {
  let now = 0;
  return {
    told: new FindingsTold({ monotonic: () => now }),
    pass: (ms) => {
      now += ms;
    },
  };
}

describe('FindingsTold', () => {
  it('tells each Warning that comes at rest once', () => {
    const { told } = world();
    const [a, b] = [warning('Namespace a'), warning('Namespace b')];

    expect(told.stored('k', resting(), resting(a))).toEqual([a]);
    expect(told.stored('k', resting(a), resting(a, b))).toEqual([b]);
    expect(told.stored('k', resting(a, b), resting())).toEqual([]);
    expect(told.stored('k', resting(), resting(a))).toEqual([]);
    told.forget('k');
    expect(told.stored('k', resting(), resting(a))).toEqual([a]);
  });

  it('tells nothing on the way, and nothing that is no Warning', () => {
    const { told } = world();
    const moving = { ...resting(warning('Namespace a')), phase: 'Migrating' };

    expect(told.stored('k', resting(), moving)).toEqual([]);
    expect(told.stored('k', resting(), resting(warning('a', 'Info'), warning('b', 'Critical')))).toEqual([]);
  });

  it('tells a few of very many', () => {
    const { told } = world();
    const many = Array.from({ length: 100 }, (_, index) => warning(`Namespace ${index}`));

    expect(told.stored('k', resting(), resting(...many))).toHaveLength(20);
    expect(told.stored('k', resting(), resting(...many))).toEqual([]);
  });

  it('keeps a list back that changes alone, longer while it goes on, up to ten minutes', () => {
    const { told, pass } = world();
    const pauses = Array.from({ length: 8 }, (_, index) => {
      told.stored('k', resting(), resting(warning(`${index}`)));
      const due = told.dueInMs('k');
      pass(due);
      expect(told.dueInMs('k')).toBe(0);
      return due / 1000;
    });

    expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600, 600]);
    pass(1_200_000);
    told.stored('k', resting(), resting(warning('x')));
    expect(told.dueInMs('k')).toBe(30_000);
  });

  it('keeps nothing back by what else was written', () => {
    const { told } = world();
    told.stored('k', resting(), { ...resting(warning('a')), message: 'other' });

    expect(told.dueInMs('k')).toBe(0);
  });
});
