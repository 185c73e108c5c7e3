import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import type { Command } from '../api/common.ts';
import type { ManagedFieldsEntry } from '../api/object.ts';
import { actionInForce, editOf } from './commands.ts';

const now = Date.UTC(2030, 0, 1);
function owner(manager: string, time: string, fields: object): ManagedFieldsEntry {
  return { manager, time, operation: 'Update', fieldsV1: { 'f:status': fields } };
}

const fields = [
  owner('mesh-migration', '2030-01-01T00:00:02Z', { 'f:message': {} }),
  owner('kubectl-patch', '2029-12-31T00:00:00Z', { 'f:phase': {} }),
  owner('kubectl-edit', '2030-01-01T00:00:01Z', { 'f:phase': {} }),
];

describe('editOf', () => {
  it.each<[string, { phase?: string; writtenPhase?: string } | undefined]>([
    ['nothing was written yet', undefined],
    ['only a person has written', { phase: 'RollingBack' }],
    ['it is as it was written', { phase: 'Migrating', writtenPhase: 'Migrating' }],
  ])('sees none when %s', (_case, status) => {
    expect(editOf(status, fields, now)).toBeUndefined();
  });

  it.each([
    ['RollingBack', 'Rollback'],
    ['Paused', 'Pause'],
    ['Migrating', 'Migrate'],
  ] as const)('takes %s for a command, by whoever owned the phase last', (phase, action) => {
    expect(editOf({ phase, writtenPhase: 'Planned' }, fields, now)).toEqual({
      kind: 'Command',
      command: { action, by: 'kubectl-edit', at: '2030-01-01T00:00:01Z' },
    });
  });

  it.each([['Migrated'], ['rollingback'], ['toString'], ['']])('cannot make sense of "%s"', (phase) => {
    expect(editOf({ phase, writtenPhase: 'Migrating' }, fields, now)).toMatchObject({ kind: 'Senseless' });
  });

  it.each([
    ['Migrate', 'Migrating'],
    ['Migrated', 'Migrating'],
    ['rollingback', 'RollingBack'],
    ['Rollback', 'RollingBack'],
    ['RolledBack', 'RollingBack'],
    ['pause', 'Pause'],
    ['Puased', 'Paused'],
    ['Finalize', undefined],
    ['', undefined],
  ])('says after "%s" what can be written, and that the nearest is %s', (phase, nearest) => {
    const edit = editOf({ phase, writtenPhase: 'Planned' }, fields, now);

    expect(edit).toEqual({
      kind: 'Senseless',
      message: `kubectl-edit set status.phase to "${phase}": only RollingBack, Paused (or Pause, where it is Paused already) and Migrating are commands${nearest === undefined ? '' : `; the nearest is ${nearest}`}; it was put back`,
    });
  });

  it('notices that the phase was taken away', () => {
    expect(editOf({ writtenPhase: 'Migrating' }, [], now)).toMatchObject({
      kind: 'Senseless',
      message: expect.stringContaining('unknown set status.phase to ""'),
    });
  });

  it('needs no managedFields to obey', () => {
    expect(editOf({ phase: 'Paused', writtenPhase: 'Migrating' }, undefined, now)).toEqual({
      kind: 'Command',
      command: { action: 'Pause', by: 'unknown', at: '2030-01-01T00:00:00Z' },
    });
  });
});

describe('actionInForce', () => {
  const command = (overrides?: string): Command => ({
    action: 'Rollback',
    by: 'ann',
    at: '2030-01-01T00:00:00Z',
    ...(overrides !== undefined && { overrides }),
  });

  it.each<[string, Command | undefined, string]>([
    ['the spec, without a command', undefined, 'Migrate'],
    ['the command, while the spec asks for what it overrode', command('Migrate'), 'Rollback'],
    ['the spec, as soon as it asks for something else', command('Plan'), 'Migrate'],
    ['the spec, when the command overrides nothing', command(), 'Migrate'],
  ])('is %s', (_case, given, action) => {
    expect(actionInForce(migrationSpec(), given)).toBe(action);
  });
});
