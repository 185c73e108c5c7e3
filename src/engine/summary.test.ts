import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import type { MeshMigrationStatus } from '../api/mesh-migration.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { rollbackFinalizer, type NamespaceMigration } from '../api/resources.ts';
import type { Scope } from '../plan/scope.ts';
import { decideMigration } from './decide-migration.ts';

const at = '2030-01-01T00:00:00Z';
const command = { action: 'Rollback', by: 'ann', at } as const;
const stalled: NamespaceMigrationStatus['conditions'] = [{ type: 'Stalled', status: 'True', reason: 'X', message: 'x', lastTransitionTime: at }];
const migrated: NamespaceMigrationStatus = { writtenPhase: 'Migrated', direction: 'Forward' };
const returning: NamespaceMigrationStatus = { writtenPhase: 'RollingBack', direction: 'Backward' };
const rolledBack: NamespaceMigrationStatus = { writtenPhase: 'RolledBack' };
const finalized: NamespaceMigrationStatus = { writtenPhase: 'Finalized' };

function children(...statuses: readonly (NamespaceMigrationStatus | undefined)[]): readonly NamespaceMigration[] {
  return statuses.map((status, n) => ({
    metadata: { name: 'mm', namespace: `ns-${n}`, uid: `uid-${n}` }, spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' }, ...(status && { status }),
  }));
}

function summary(action: string, of: readonly NamespaceMigration[], more: { readonly status?: MeshMigrationStatus; readonly scope?: Partial<Scope> } = {}): MeshMigrationStatus {
  const scope = { namespaces: of.map(({ metadata }) => metadata.namespace ?? ''), hbone: [], changed: [], findings: [], ...more.scope };
  const object = { metadata: { name: 'mm', uid: 'u', generation: 1, finalizers: [rollbackFinalizer] }, spec: migrationSpec({ action }), ...(more.status && { status: more.status }) };
  return decideMigration({ now: Date.parse(at), object, children: of, scope, homes: [] }).status;
}

function message(status: MeshMigrationStatus): string {
  return status.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

describe('the message of a migration', () => {
  it('counts what is back while it goes back', () => {
    expect(message(summary('Rollback', children(rolledBack, rolledBack, returning, migrated, migrated)))).toBe('2 of 5 namespaces back, 1 under way, 2 to come');
  });

  it('says after Finalize that there is no way back, whatever became of the others', () => {
    expect(message(summary('Rollback', children(finalized, finalized)))).toMatch(/^no way back for 2 finalized namespaces: ns-0, ns-1; 0 of 2 namespaces back/);
    expect(message(summary('Rollback', children(finalized, rolledBack)))).toMatch(/^no way back for 1 finalized namespace: ns-0; 1 of 2 namespaces back/);
    expect(message(summary('Rollback', children(finalized, returning)))).toBe('0 of 1 namespace back, 1 under way, no way back for 1 finalized namespace (ns-0)');
  });

  it('says that everything is as it was only of what went back', () => {
    expect(message(summary('Rollback', children(rolledBack)))).toBe('everything is as it was: 1 namespace back');
    expect(message(summary('Rollback', children(rolledBack, { writtenPhase: 'Blocked' })))).toBe('everything is as it was: 1 namespace back, 1 never started');
    expect(message(summary('Rollback', children({ writtenPhase: 'Planned' })))).toBe('nothing was started, so nothing had to go back');
  });

  it('says of what somebody has moved since that it went back, and not that it is as it was', () => {
    const moved: NamespaceMigrationStatus = { ...rolledBack, conditions: [{ type: 'Restored', status: 'Unknown', reason: 'AsItWas', message: 'MeshMigration other has moved it since', lastTransitionTime: at }] };
    expect(message(summary('Rollback', children(rolledBack, moved)))).toBe('2 namespaces back, moved by others since: ns-1 (condition Restored)');
  });

  it('does not say that nothing was started when all of it has left the scope in the same edit', () => {
    const started: MeshMigrationStatus = { phase: 'RollingBack', writtenPhase: 'RollingBack', startedAt: at };
    const none = { namespaces: [], findings: [{ id: 'MM004', severity: 'Critical', object: 'MeshMigration mm', message: 'no namespace is selected', fix: 'x' }] } as const;
    expect(message(summary('Rollback', [], { status: started }))).toBe('nothing that was started is in the scope any more: it is back, or gone');
    expect(message(summary('Rollback', [], { status: started, scope: none }))).toMatch(/^nothing that was started is in the scope any more: it is back, or gone; MM004/);
  });

  it('calls nothing finalized that was never migrated', () => {
    const status = summary('Finalize', children({ writtenPhase: 'Planned' }, rolledBack));

    expect(status.phase).toBe('Planned');
    expect(message(status)).toMatch(/^nothing is migrated, so there is nothing to finalize: 1 rolled back \(ns-1\), 1 not started \(ns-0\)\. To migrate: kubectl patch mm mm /);
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    expect(summary('Finalize', children(rolledBack)).phase).toBe('RolledBack');
    expect(summary('Finalize', children(undefined)).phase).toBe('Planning');
  });

  it('names what is finalized and what stays where only some are migrated', () => {
    const status = summary('Finalize', children(finalized, rolledBack, { writtenPhase: 'Blocked' }, { writtenPhase: 'Planned' }));

    expect(status.phase).toBe('Finalized');
    expect(message(status)).toBe('1 namespace migrated for good (ns-0); not migrated, and they stay as they are: 1 rolled back (ns-1), 1 blocked (ns-2), 1 not started (ns-3)');
  });

  it('counts no failure of a namespace that has left the scope', () => {
    const failed: NamespaceMigrationStatus = { ...returning, failure: { reason: 'WorkloadUnavailable', message: 'x', at } };

    expect(summary('Migrate', children(migrated, failed), { scope: { namespaces: ['ns-0'] } }).namespaces?.failed).toBe(0);
  });

  it('says of no namespace whose journal was taken away half-way that it is as it was', () => {
    const lost: NamespaceMigrationStatus = { writtenPhase: 'Blocked', findings: [{ id: 'MM007', severity: 'Critical', object: 'Namespace ns-1', message: 'x', fix: 'y' }] };
    const status = summary('Rollback', children(rolledBack, lost));

    expect(status.phase).toBe('Incomplete');
    expect(message(status)).toMatch(/^1 of 2 namespaces back; the journal of ns-1 was taken away or spoilt half-way/);
  });

  it('does not call it blocked when a namespace was rolled back by a command of its own', () => {
    const status = summary('Migrate', children(migrated, { ...rolledBack, command }));

    expect(status.phase).toBe('Incomplete');
    expect(message(status)).toMatch(/^1 of 2 namespaces migrated, 1 rolled back \(ns-1\)\. .*kubectl get nsm -A/);
  });

  it('counts each namespace once, and says of how many of these the attempt failed', () => {
    const failure = { reason: 'WorkloadUnavailable', message: 'x', at };
    const status = summary('Migrate', children(migrated, { ...returning, failure }, { ...rolledBack, failure }, { ...rolledBack, command }, undefined));

    expect(message(status)).toBe('1 of 5 namespaces migrated, 1 under way, 1 to come, 2 rolled back; the attempt failed at 2 of these');
    const { total, failed, ...each } = status.namespaces!;
    expect(Object.values(each).reduce((sum, count) => sum + count, 0)).toBe(total);
    expect(failed).toBe(2);
  });

  it('needs a person where all that is to come was paused before its start', () => {
    const paused: NamespaceMigrationStatus = { writtenPhase: 'Paused', message: 'paused by ann', conditions: stalled };
    expect(message(summary('Migrate', children(migrated, paused)))).toMatch(/^ns-1: paused by ann/);
    expect(message(summary('Migrate', children(migrated, paused, { writtenPhase: 'Pending' })))).toBe('1 of 3 namespaces migrated, 2 to come');
  });

  it('names what the selection names and does not exist', () => {
    const missing = (name: string) => ({ id: 'MM003', severity: 'Warning', object: `Namespace ${name}`, message: 'it does not exist', fix: 'x' }) as const;
    const status = summary('Migrate', children(migrated), { scope: { findings: [missing('shpo'), missing('x')] } });

    expect(message(status)).toBe('1 of 1 namespace migrated; a rollback is possible until spec.action is Finalize; MM003 Namespace shpo, Namespace x: it does not exist');
  });

  it('says who paused it and ends with the command that goes on', () => {
    const status: MeshMigrationStatus = { phase: 'Paused', writtenPhase: 'Paused', command: { action: 'Pause', by: 'ann', at, overrides: 'Migrate' } };

    expect(message(summary('Migrate', children({ ...migrated, writtenPhase: 'Paused' }), { status }))).toBe(
      `paused by ann at ${at}, 1 namespace half-way. To go on: kubectl patch mm mm --subresource=status --type=merge -p '{"status":{"phase":"Migrating"}}'`);
    expect(message(summary('Migrate', children({ ...migrated, writtenPhase: 'Paused' }, returning), { status }))).toContain(
      ', 1 namespace half-way, 1 namespace going back to the end: a rollback is never paused. ');
    expect(message(summary('Migrate', children(returning), { status }))).not.toContain('half-way');
    expect(message(summary('Pause', children(migrated)))).toBe('spec.action is Pause. To go on: kubectl patch mm mm --type=merge -p \'{"spec":{"action":"Migrate"}}\'');
  });

  it('answers a rollback of what was never started', () => {
    const status = summary('Plan', children({ writtenPhase: 'Planned' }), { status: { phase: 'RollingBack', writtenPhase: 'Planned' } });

    expect(status.phase).toBe('Planned');
    expect(status.conditions?.find(({ type }) => type === 'CommandRejected')?.message).toContain('nothing was started');
  });
});

describe('what is said to need a person', () => {
  const listed = (status: MeshMigrationStatus): readonly string[] | undefined => status.attention?.map(({ namespace }) => namespace);

  it('comes worst first, and only when it is stalled', () => {
    const status = summary('Migrate', children({ writtenPhase: 'Blocked', conditions: stalled }, migrated, { ...migrated, conditions: stalled }, { ...returning, conditions: stalled }));

    expect(listed(status)).toEqual(['ns-3', 'ns-2', 'ns-0']);
    expect(status.needAttention).toBe(3);
  });

  it('leaves out what stands as the whole was told to', () => {
    const failure = { reason: 'WorkloadUnavailable', message: 'x', at };

    expect(listed(summary('Rollback', children({ ...rolledBack, conditions: stalled }, { ...rolledBack, failure, conditions: stalled }, returning)))).toEqual(['ns-1']);
    expect(listed(summary('Pause', children({ ...migrated, writtenPhase: 'Paused', conditions: stalled })))).toEqual([]);
  });
});
