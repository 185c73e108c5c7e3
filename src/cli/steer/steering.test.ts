import { describe, expect, it } from '@jest/globals';
import type { NamespaceMigration } from '../../api/resources.ts';
import { decidedOf } from './decided.ts';
import { pause } from './pause.ts';
import { resume } from './resume.ts';
import { retry } from './retry.ts';
import { rollback } from './rollback.ts';
import type { Steering } from './steering.ts';

const lost = { id: 'MM007', severity: 'Critical', object: 'Namespace a', message: '', fix: '' } as const;

function record(phase: string | undefined, rest: NamespaceMigration['status'] = {}): NamespaceMigration {
  return {
    metadata: { name: 'shop', namespace: 'a' },
    spec: { migration: 'shop', from: 'IstioSidecar', to: 'IstioAmbient' },
    ...(phase !== undefined && { status: { phase, writtenPhase: phase, ...rest } }),
  };
}

/** `Already`, `Refuse`, or the phase that is written. */
function decided(steering: Steering, given: NamespaceMigration): string {
  const typed = (command: string): string => command;
  const decision = decidedOf(given, () => steering.ofNamespace({ record: given, migration: undefined }, typed));
  return decision.kind === 'Write' ? decision.edit.value : decision.kind;
}

const forward = { direction: 'Forward' } as const;
const backward = { direction: 'Backward' } as const;

describe('a namespace', () => {
  it.each<[string, NamespaceMigration, readonly [string, string, string, string]]>([
    ['nobody has looked at', record(undefined), ['Refuse', 'Refuse', 'Refuse', 'Refuse']],
    ['not started', record('Pending'), ['Paused', 'Already', 'Refuse', 'Refuse']],
    ['blocked', record('Blocked'), ['Paused', 'Refuse', 'Refuse', 'Refuse']],
    ['whose journal is lost', record('Blocked', { findings: [lost] }), ['Paused', 'Refuse', 'Refuse', 'Refuse']],
    ['under way', record('Migrating', forward), ['Paused', 'Already', 'RollingBack', 'Already']],
    ['paused with all', record('Paused', forward), ['Pause', 'Migrating', 'RollingBack', 'Refuse']],
    ['going back', record('RollingBack', backward), ['Refuse', 'Migrating', 'Already', 'Refuse']],
    ['that failed', record('Failed', forward), ['Paused', 'Refuse', 'RollingBack', 'Migrating']],
    ['that is back', record('RolledBack'), ['Paused', 'Refuse', 'Already', 'Migrating']],
    ['migrated', record('Migrated', forward), ['Refuse', 'Already', 'RollingBack', 'Refuse']],
    ['finalized', record('Finalized'), ['Refuse', 'Refuse', 'Refuse', 'Refuse']],
    [
      'with a command that is not answered',
      record('Migrating', { ...forward, phase: 'Paused' }),
      ['Already', 'Refuse', 'RollingBack', 'Refuse'],
    ],
  ])('%s is paused, resumed, rolled back, tried again as makes sense', (_, given, expected) => {
    expect([pause, resume, rollback, retry].map((steering) => decided(steering, given))).toEqual(expected);
  });

  it('of which the spec was changed a moment ago takes a rollback and nothing else', () => {
    const given = record('Failed', { ...forward, observedGeneration: 1 });
    const changed = { ...given, metadata: { ...given.metadata, generation: 2 } };

    expect([pause, rollback, retry].map((steering) => decided(steering, changed))).toEqual([
      'Refuse',
      'RollingBack',
      'Refuse',
    ]);
  });

  it('that is being deleted takes no command', () => {
    const going = {
      ...record('Migrating', forward),
      metadata: { name: 'shop', namespace: 'a', deletionTimestamp: 'x' },
    };

    expect([pause, resume, rollback, retry].map((steering) => decided(steering, going))).toEqual(
      Array(4).fill('Refuse'),
    );
  });
});
