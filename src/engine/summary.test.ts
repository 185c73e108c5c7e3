import { describe, expect, it } from '@jest/globals';
import { failedHomes } from '../../test/support/failed-homes.ts';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import type { Finding } from '../api/common.ts';
import type { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { rollbackFinalizer, type NamespaceMigration } from '../api/resources.ts';
import type { Scope } from '../plan/scope.ts';
import { decideMigration } from './decide-migration.ts';

const at = '2030-01-01T00:00:00Z';
const command = { action: 'Rollback', by: 'ann', at } as const;
const stalled: NamespaceMigrationStatus['conditions'] = [
  { type: 'Stalled', status: 'True', reason: 'X', message: 'x', lastTransitionTime: at },
];
const migrated: NamespaceMigrationStatus = { writtenPhase: 'Migrated', direction: 'Forward' };
const returning: NamespaceMigrationStatus = { writtenPhase: 'RollingBack', direction: 'Backward' };
const asItWas = {
  type: 'Restored',
  status: 'True',
  reason: 'AsItWas',
  message: 'everything is as it was',
  lastTransitionTime: at,
} as const;
const rolledBack: NamespaceMigrationStatus = { writtenPhase: 'RolledBack', conditions: [asItWas] };
const finalized: NamespaceMigrationStatus = { writtenPhase: 'Finalized' };

function children(...statuses: readonly (NamespaceMigrationStatus | undefined)[]): readonly NamespaceMigration[] {
  return statuses.map((status, n) => ({
    metadata: { name: 'mm', namespace: `ns-${n}`, uid: `uid-${n}` },
    spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
    ...(status && { status }),
  }));
}

function summary(
  action: string,
  of: readonly NamespaceMigration[],
  more: {
    readonly status?: MeshMigrationStatus;
    readonly scope?: Partial<Scope>;
    readonly spec?: Readonly<Record<string, unknown>>;
  } = {},
): MeshMigrationStatus {
  const scope = {
    namespaces: of.map(({ metadata }) => metadata.namespace ?? ''),
    hbone: [],
    changed: [],
    findings: [],
    ...more.scope,
  };
  const object = {
    metadata: { name: 'mm', uid: 'u', generation: 1, finalizers: [rollbackFinalizer] },
    spec: migrationSpec({ action, namespaces: { names: scope.namespaces }, ...more.spec }),
    ...(more.status && { status: more.status }),
  };
  return decideMigration({ now: Date.parse(at), object, children: of, scope, homes: failedHomes(of) }).status;
}

function message(status: MeshMigrationStatus): string {
  return status.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

describe('a migration that has moved namespaces and is to plan only', () => {
  const planned: NamespaceMigrationStatus = { writtenPhase: 'Planned' };
  const failed: NamespaceMigrationStatus = { ...rolledBack, failure: { reason: 'X', message: 'x', at } };
  const phases: Readonly<Record<string, readonly [readonly NamespaceMigrationStatus[], string, string, RegExp]>> = {
    'all of them': [[migrated, migrated], 'Migrated', 'Ready', /^2 of 2 namespaces migrated/],
    'some of them': [
      [migrated, planned],
      'Planned',
      'Ready',
      /^1 of 2 namespaces migrated, 1 to come; nothing further/,
    ],
    'one that needs a person': [[{ ...migrated, conditions: stalled }, planned], 'Migrated', 'Stalled', /ns-0/],
    'one that failed': [[failed, planned], 'Failed', 'Stalled', /failed at 1 of these \(ns-0\)/],
    'one that was rolled back': [[rolledBack, migrated], 'Incomplete', 'Stalled', /1 rolled back/],
    'one that goes back': [[returning, migrated], 'RollingBack', 'Reconciling', /1 under way/],
    'one that cannot go back': [[{ ...returning, conditions: stalled }, migrated], 'RollingBack', 'Stalled', /ns-0/],
  };

  it.each(Object.entries(phases))('says how these are: %s', (_, [of, phase, state, words]) => {
    const status = summary('Plan', children(...of));

    expect(status.phase).toBe(phase);
    expect(status.conditions?.find(({ type }) => type === state)?.status).toBe('True');
    expect(message(status)).toMatch(words);
  });
});

describe('the message of a migration', () => {
  it('counts what is back while it goes back', () => {
    expect(message(summary('Rollback', children(rolledBack, rolledBack, returning, migrated, migrated)))).toBe(
      '2 of 5 namespaces back, 1 under way, 2 to come',
    );
  });

  it('has names beside the count that they belong to', () => {
    const of = children(migrated, rolledBack, { writtenPhase: 'Blocked' });

    expect(message(summary('Migrate', of))).toMatch(
      /^1 of 3 namespaces migrated, 1 blocked \(ns-2\), 1 rolled back\. /,
    );
  });

  it('names an object once, and goes on after a fix without a full stop', () => {
    const of = (id: string): Finding => ({
      id,
      severity: 'Critical',
      object: 'MeshMigration mm',
      message: 'a',
      fix: 'Do b.',
    });

    expect(message(summary('Migrate', [], { scope: { findings: [of('MM001'), of('MM163'), of('MM163')] } }))).toMatch(
      /^MeshMigration mm: a\. Do b; MM163 MeshMigration mm: a\. /,
    );
  });

  it('says after Finalize that there is no way back, whatever became of the others', () => {
    expect(message(summary('Rollback', children(finalized, finalized)))).toMatch(
      /^no way back for 2 finalized namespaces: ns-0, ns-1; 0 of 2 namespaces back/,
    );
    expect(message(summary('Rollback', children(finalized, rolledBack)))).toMatch(
      /^no way back for 1 finalized namespace: ns-0; 1 of 2 namespaces back/,
    );
    expect(message(summary('Rollback', children(finalized, returning)))).toBe(
      '0 of 1 namespace back, 1 under way, no way back for 1 finalized namespace (ns-0)',
    );
  });

  it('counts nothing at a deletion where nothing is left that could go back', () => {
    const deleted = decideMigration({
      now: Date.parse(at),
      children: [],
      homes: [],
      scope: { namespaces: ['ns-0'], hbone: [], changed: [], findings: [] },
      lateForMs: 1000,
      object: {
        metadata: { name: 'mm', uid: 'u', deletionTimestamp: at, finalizers: [rollbackFinalizer] },
        spec: migrationSpec({}),
        status: { startedAt: at },
      },
    }).status;
    expect(message(deleted)).toBe(
      'nothing has to go back any more; it is deleted 75s after the operator was started, or last gave up a write without an answer: until then that may arrive',
    );
  });

  it('says that everything is as it was only of what went back', () => {
    expect(message(summary('Rollback', children(rolledBack)))).toBe('everything is as it was: 1 namespace back');
    expect(message(summary('Rollback', children(rolledBack, { writtenPhase: 'Blocked' })))).toBe(
      'everything is as it was: 1 namespace back, 1 never started',
    );
    expect(message(summary('Rollback', children({ writtenPhase: 'Planned' })))).toBe(
      'nothing was started, so nothing had to go back',
    );
  });

  it('does not say so of what nobody has seen, because its record was made anew since', () => {
    expect(message(summary('Rollback', children(rolledBack, { writtenPhase: 'RolledBack' })))).toBe(
      '2 namespaces back, not known whether as it was, because the record was made anew since: ns-1',
    );
  });

  it('promises no rollback of what nobody knows the labels of before', () => {
    const there: NamespaceMigrationStatus = { writtenPhase: 'Migrated' };
    expect(message(summary('Migrate', children(there)))).toBe(
      '1 of 1 namespace migrated; nobody knows what was before, so a rollback would put nothing back',
    );
    expect(message(summary('Migrate', children(migrated, there)))).toBe(
      '2 of 2 namespaces migrated; a rollback is possible until spec.action is Finalize, but not of ns-1: nobody knows what was before',
    );
  });

  it('promises no rollback of what is finalized, whatever spec.action has become since', () => {
    const sealed: NamespaceMigrationStatus = { writtenPhase: 'Finalized', phase: 'Finalized' };
    expect(message(summary('Migrate', children(sealed)))).toBe(
      '1 of 1 namespace migrated; there is no rollback any more: spec.action was Finalize',
    );
    expect(message(summary('Plan', children(sealed)))).toBe(
      '1 of 1 namespace migrated; there is no rollback any more: spec.action was Finalize',
    );
    expect(message(summary('Migrate', children(migrated, sealed)))).toBe(
      '2 of 2 namespaces migrated; a rollback is possible until spec.action is Finalize, but not of ns-1: finalized',
    );
  });

  it('names the commands of each, too, to start again what was taken back for itself: that of the whole alone would start none of it', () => {
    const asked = (...alone: readonly string[]): string => {
      const returned = alone.map((namespace) => ({ namespace, uid: 'u', attempt: 1, reason: 'Command', at }));
      const status: MeshMigrationStatus = {
        phase: 'RolledBack',
        writtenPhase: 'RolledBack',
        command: { ...command, overrides: 'Migrate' },
        returned,
      };
      return message(summary('Migrate', children(rolledBack, rolledBack), { status })).replace(
        /^.*rolled back by ann at \S+?\. /,
        '',
      );
    };
    const list = 'kubectl get nsm -A -l meshmigration.dev/migration=mm -o wide';
    const start = 'kubectl patch mm mm --subresource=status --type=merge -p \'{"status":{"phase":"Migrating"}}\'';

    expect(asked()).toBe(`To start again: ${start}`);
    expect(asked('ns-0', 'ns-1')).toBe(
      `Each was taken back for itself, and the message of each ends with the command that starts it: ${list}; then start the whole: ${start}`,
    );
    expect(asked('ns-1')).toBe(
      `Taken back for themselves, so not started with the others: ns-1; the message of each ends with the command that starts it: ${list}. To start again: ${start}`,
    );
  });

  it('says of what somebody has moved since that it went back, and not that it is as it was', () => {
    const moved: NamespaceMigrationStatus = {
      ...rolledBack,
      conditions: [
        {
          type: 'Restored',
          status: 'Unknown',
          reason: 'MovedSince',
          message: 'MeshMigration other has moved it since',
          lastTransitionTime: at,
        },
      ],
    };
    expect(message(summary('Rollback', children(rolledBack, moved)))).toBe(
      '2 namespaces back, moved by others since: ns-1 (condition Restored)',
    );
  });

  it('does not say that nothing was started when all of it has left the scope in the same edit', () => {
    const started: MeshMigrationStatus = { phase: 'RollingBack', writtenPhase: 'RollingBack', startedAt: at };
    const none = {
      namespaces: [],
      findings: [
        {
          id: 'MM004',
          severity: 'Critical',
          object: 'MeshMigration mm',
          message: 'no namespace is selected',
          fix: 'x',
        },
      ],
    } as const;
    expect(message(summary('Rollback', [], { status: started }))).toBe(
      'nothing that was started is in the scope any more: it is back, or gone',
    );
    expect(message(summary('Rollback', [], { status: started, scope: none }))).toMatch(
      /^nothing that was started is in the scope any more: it is back, or gone; MM004/,
    );
  });

  it('calls nothing finalized that was never migrated', () => {
    const status = summary('Finalize', children({ writtenPhase: 'Planned' }, rolledBack));

    expect(status.phase).toBe('Planned');
    expect(message(status)).toMatch(
      /^nothing is migrated, so there is nothing to finalize: 1 rolled back \(ns-1\), 1 not started \(ns-0\)\. To migrate: kubectl patch mm mm /,
    );
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    expect(summary('Finalize', children(rolledBack)).phase).toBe('RolledBack');
    expect(summary('Finalize', children(undefined)).phase).toBe('Planning');
  });

  it('names what is finalized and what stays where only some are migrated', () => {
    const status = summary(
      'Finalize',
      children(finalized, rolledBack, { writtenPhase: 'Blocked' }, { writtenPhase: 'Planned' }),
    );

    expect(status.phase).toBe('Finalized');
    expect(message(status)).toBe(
      '1 namespace migrated for good (ns-0); not migrated, and they stay as they are: 1 rolled back (ns-1), 1 blocked (ns-2), 1 not started (ns-3)',
    );
  });

  it('counts and names a failed restart for HBONE, which uses the failure budget up like any other', () => {
    const failure = { reason: 'WorkloadUnavailable', message: 'x', at };
    const all = children(migrated, { ...rolledBack, itinerary: 'Hbone', failure }, { writtenPhase: 'Pending' });
    const scope = { namespaces: ['ns-0', 'ns-2'], hbone: ['ns-1'] };
    const restart = { hboneNamespaces: { names: ['ns-1'] } };
    const spent = summary('Migrate', all, { scope, spec: { restart, failureBudget: { namespaces: 0 } } });

    expect(spent.namespaces).toMatchObject({ total: 2, rolledBack: 0, failed: 1 });
    expect(spent.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'FailureBudgetExceeded',
    });
    expect(message(spent)).toMatch(
      /^1 namespace failed \(ns-1\), spec\.failureBudget\.namespaces is 0: 1 namespace not started/,
    );
    expect(message(summary('Migrate', all, { scope, spec: { restart, failureBudget: { namespaces: 1 } } }))).toBe(
      '1 of 2 namespaces migrated, 1 to come; the restart for HBONE failed in ns-1',
    );
    expect(
      summary('Finalize', children(finalized, all[1]?.status), {
        scope: { namespaces: ['ns-0'], hbone: ['ns-1'] },
        spec: { restart },
      }).phase,
    ).toBe('Finalized');
  });

  it('counts no failure of a namespace that has left the scope', () => {
    const failed: NamespaceMigrationStatus = {
      ...returning,
      failure: { reason: 'WorkloadUnavailable', message: 'x', at },
    };

    expect(summary('Migrate', children(migrated, failed), { scope: { namespaces: ['ns-0'] } }).namespaces?.failed).toBe(
      0,
    );
  });

  it('says of no namespace whose journal was taken away half-way that it is as it was', () => {
    const lost: NamespaceMigrationStatus = {
      writtenPhase: 'Blocked',
      findings: [{ id: 'MM007', severity: 'Critical', object: 'Namespace ns-1', message: 'x', fix: 'y' }],
    };
    const status = summary('Rollback', children(rolledBack, lost));

    expect(status.phase).toBe('Incomplete');
    expect(message(status)).toMatch(/^1 of 2 namespaces back; the journal of ns-1 was taken away or spoilt half-way/);
  });

  it('says what an incomplete namespace stands for, where it is not for its pods', () => {
    const at = '2026-01-01T00:00:00Z';
    const changed: NamespaceMigrationStatus = {
      ...migrated,
      writtenPhase: 'Incomplete',
      conditions: [
        {
          type: 'Stalled',
          status: 'True',
          reason: 'ForeignChange',
          message: 'labels were changed',
          lastTransitionTime: at,
        },
      ],
    };
    const status = summary('Migrate', children(changed));

    expect(status.phase).toBe('Incomplete');
    expect(message(status)).not.toContain('Replace the pods');
  });

  it('does not call it blocked when a namespace was rolled back by a command of its own', () => {
    const status = summary('Migrate', children(migrated, { ...rolledBack, command }));

    expect(status.phase).toBe('Incomplete');
    expect(message(status)).toMatch(/^1 of 2 namespaces migrated, 1 rolled back \(ns-1\)\. .*kubectl get nsm -A/);
  });

  it('counts each namespace once, and says of how many of these the attempt failed', () => {
    const failure = { reason: 'WorkloadUnavailable', message: 'x', at };
    const status = summary(
      'Migrate',
      children(migrated, { ...returning, failure }, { ...rolledBack, failure }, { ...rolledBack, command }, undefined),
    );

    expect(message(status)).toBe(
      '1 of 5 namespaces migrated, 1 under way, 1 to come, 2 rolled back; the attempt failed at 2 of these',
    );
    const { total, failed, ...each } = status.namespaces!;
    expect(Object.values(each).reduce((sum, count) => sum + count, 0)).toBe(total);
    expect(failed).toBe(2);
  });

  it('needs a person where all that is to come was paused before its start', () => {
    const paused: NamespaceMigrationStatus = { writtenPhase: 'Paused', message: 'paused by ann', conditions: stalled };
    expect(message(summary('Migrate', children(migrated, paused)))).toMatch(/^ns-1: paused by ann/);
    expect(message(summary('Migrate', children(migrated, paused, { writtenPhase: 'Pending' })))).toBe(
      '1 of 3 namespaces migrated, 2 to come',
    );
  });

  it('names what the selection names and does not exist', () => {
    const missing = (name: string) =>
      ({
        id: 'MM003',
        severity: 'Warning',
        object: `Namespace ${name}`,
        message: 'it does not exist',
        fix: 'x',
      }) as const;
    const status = summary('Migrate', children(migrated), { scope: { findings: [missing('shpo'), missing('x')] } });

    expect(message(status)).toBe(
      '1 of 1 namespace migrated; a rollback is possible until spec.action is Finalize; MM003 Namespace shpo, Namespace x: it does not exist',
    );
  });

  it('says who paused it and ends with the command that goes on', () => {
    const status: MeshMigrationStatus = {
      phase: 'Paused',
      writtenPhase: 'Paused',
      command: { action: 'Pause', by: 'ann', at, overrides: 'Migrate' },
    };

    expect(message(summary('Migrate', children({ ...migrated, writtenPhase: 'Paused' }), { status }))).toBe(
      `paused by ann at ${at}, 1 namespace half-way. To go on: kubectl patch mm mm --subresource=status --type=merge -p '{"status":{"phase":"Migrating"}}'`,
    );
    expect(
      message(summary('Migrate', children({ ...migrated, writtenPhase: 'Paused' }, returning), { status })),
    ).toContain(', 1 namespace half-way, 1 namespace going back to the end: a rollback is never paused. ');
    expect(message(summary('Migrate', children(returning), { status }))).not.toContain('half-way');
    expect(message(summary('Pause', children(migrated)))).toBe(
      'spec.action is Pause. To go on: kubectl patch mm mm --type=merge -p \'{"spec":{"action":"Migrate"}}\'',
    );
  });

  it('answers a rollback of what was never started', () => {
    const status = summary('Plan', children({ writtenPhase: 'Planned' }), {
      status: { phase: 'RollingBack', writtenPhase: 'Planned' },
    });

    expect(status.phase).toBe('Planned');
    expect(status.conditions?.find(({ type }) => type === 'CommandRejected')?.message).toContain('nothing was started');
  });
});

describe('what is said to need a person', () => {
  const listed = (status: MeshMigrationStatus): readonly string[] | undefined =>
    status.attention?.map(({ namespace }) => namespace);

  it('comes worst first, and only when it is stalled', () => {
    const status = summary(
      'Migrate',
      children(
        { writtenPhase: 'Blocked', conditions: stalled },
        migrated,
        { ...migrated, conditions: stalled },
        { ...returning, conditions: stalled },
      ),
    );

    expect(listed(status)).toEqual(['ns-3', 'ns-2', 'ns-0']);
    expect(status.needAttention).toBe(3);
  });

  it('leaves out what stands as the whole was told to', () => {
    const failure = { reason: 'WorkloadUnavailable', message: 'x', at };

    expect(
      listed(
        summary(
          'Rollback',
          children({ ...rolledBack, conditions: stalled }, { ...rolledBack, failure, conditions: stalled }, returning),
        ),
      ),
    ).toEqual(['ns-1']);
    expect(listed(summary('Pause', children({ ...migrated, writtenPhase: 'Paused', conditions: stalled })))).toEqual(
      [],
    );
  });
});
