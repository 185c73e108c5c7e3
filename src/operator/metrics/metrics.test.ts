import { describe, expect, it } from '@jest/globals';
import type { MeshMigrationStatus } from '../../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus } from '../../api/namespace-migration.ts';
import { migrationSpec } from '../../../test/support/mesh-fixtures.ts';
import { Metrics, stepsReached } from './metrics.ts';
import { metricsAnswer } from './serve.ts';

const at = (minute: number): string => `2030-01-01T00:0${minute}:00Z`;

/** Lines of the text that have a value, in the order of the text. */
async function lines(metrics: Metrics, name: string): Promise<readonly string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(name));
}

function source(isLeader: boolean) {
  return {
    isLeader: () => isLeader,
    queued: () => 3,
    state: () => ({ migrations: [{ metadata: { name: 'shop' }, spec: migrationSpec() }], records: [] }),
  };
}

describe('metrics', () => {
  it('count looks as controller-runtime does', async () => {
    const metrics = new Metrics();
    metrics.observer.looked({ kind: 'Namespace', result: 'Again', seconds: 0.02 });
    metrics.observer.looked({ kind: 'Namespace', result: 'Failed', seconds: 0.3 });
    metrics.observer.looked({ kind: 'Migration', result: 'Idle', seconds: 0.001 });
    expect(await lines(metrics, 'controller_runtime_reconcile_total')).toEqual([
      'controller_runtime_reconcile_total{controller="namespacemigration",result="requeue"} 1',
      'controller_runtime_reconcile_total{controller="namespacemigration",result="error"} 1',
      'controller_runtime_reconcile_total{controller="meshmigration",result="success"} 1',
    ]);
    expect(await lines(metrics, 'controller_runtime_reconcile_errors_total')).toEqual([
      'controller_runtime_reconcile_errors_total{controller="meshmigration"} 0',
      'controller_runtime_reconcile_errors_total{controller="namespacemigration"} 1',
    ]);
    expect(await lines(metrics, 'controller_runtime_reconcile_time_seconds_count')).toEqual([
      'controller_runtime_reconcile_time_seconds_count{controller="namespacemigration"} 2',
      'controller_runtime_reconcile_time_seconds_count{controller="meshmigration"} 1',
    ]);
  });

  it('count requests by answer, and those without one', async () => {
    const metrics = new Metrics();
    metrics.observer.exchanged({ method: 'PATCH', status: 409, seconds: 0.1 });
    metrics.observer.exchanged({ method: 'GET', status: undefined, seconds: 15 });
    expect(await lines(metrics, 'rest_client_requests_total')).toEqual([
      'rest_client_requests_total{method="PATCH",code="409"} 1',
      'rest_client_requests_total{method="GET",code="<error>"} 1',
    ]);
  });

  it('count a phase when it is come to, and a failure once', async () => {
    const metrics = new Metrics();
    const failure = { reason: 'PodsNotReady', message: '', at: at(1) };
    const failed: NamespaceMigrationStatus = { writtenPhase: 'RollingBack', failure };
    metrics.observer.stored({ kind: 'Namespace', before: { writtenPhase: 'Migrating' }, after: failed });
    metrics.observer.stored({ kind: 'Namespace', before: failed, after: { ...failed, message: 'still on it' } });
    const migrated: MeshMigrationStatus = { writtenPhase: 'Migrated' };
    metrics.observer.stored({ kind: 'Migration', before: { writtenPhase: 'Migrating' }, after: migrated });
    expect(await lines(metrics, 'mesh_migration_phase_changes_total')).toEqual([
      'mesh_migration_phase_changes_total{object="Namespace",phase="RollingBack"} 1',
      'mesh_migration_phase_changes_total{object="Migration",phase="Migrated"} 1',
    ]);
    expect(await lines(metrics, 'mesh_migration_failures_total')).toEqual([
      'mesh_migration_failures_total{reason="PodsNotReady"} 1',
    ]);
  });

  it('tell restarts from other writes', async () => {
    const metrics = new Metrics();
    metrics.observer.wrote({ kind: 'PatchNamespace', operations: [] });
    metrics.observer.wrote({ kind: 'PatchTemplate', workload: { kind: 'Deployment', name: 'web' }, operations: [] });
    metrics.observer.wrote({ kind: 'Evict', pod: 'db-0', uid: 'u' });
    expect(await lines(metrics, 'mesh_migration_restarts_total')).toEqual([
      'mesh_migration_restarts_total{by="PatchTemplate"} 1',
      'mesh_migration_restarts_total{by="Evict"} 1',
    ]);
    expect((await lines(metrics, 'mesh_migration_writes_total')).length).toBe(3);
  });

  it('read the state of the leader only: two replicas would add up to twice as much', async () => {
    const [leader, other] = [new Metrics(), new Metrics()];
    leader.readFrom(source(true));
    other.readFrom(source(false));
    expect(await lines(leader, 'mesh_migration_phase{')).toEqual([
      'mesh_migration_phase{migration="shop",phase="Planning"} 1',
    ]);
    expect(await lines(other, 'mesh_migration_phase{')).toEqual([]);
    expect(await lines(leader, 'leader_election_master_status{')).toEqual([
      'leader_election_master_status{name="mesh-migration-operator"} 1',
    ]);
    expect(await lines(other, 'leader_election_master_status{')).toEqual([
      'leader_election_master_status{name="mesh-migration-operator"} 0',
    ]);
    expect(await lines(other, 'workqueue_depth{')).toEqual(['workqueue_depth{name="mesh-migration-operator"} 3']);
  });
});

describe('stepsReached', () => {
  const snapshot = { name: 'Snapshot', startedAt: at(0), completedAt: at(1) };

  it('has a step when it is reached first', () => {
    const flip = { name: 'Flip', startedAt: at(1) };
    const reached = { ...flip, completedAt: at(3) };
    expect(stepsReached([snapshot, flip], [snapshot, reached])).toEqual([{ step: 'Flip', seconds: 120 }]);
    expect(stepsReached([snapshot, reached], [snapshot, { ...reached, lostAt: at(4) }])).toEqual([]);
  });

  it('has the same step of another attempt', () => {
    const again = { name: 'Snapshot', startedAt: at(5), completedAt: at(6) };
    expect(stepsReached([snapshot], [again])).toEqual([{ step: 'Snapshot', seconds: 60 }]);
  });

  it('takes a clock that went back for no time, and what is no time for nothing', () => {
    expect(stepsReached([], [{ name: 'Flip', startedAt: at(3), completedAt: at(1) }])).toEqual([
      { step: 'Flip', seconds: 0 },
    ]);
    expect(stepsReached([], [{ name: 'Flip', startedAt: '', completedAt: at(1) }])).toEqual([]);
  });
});

describe('the answer to a scrape', () => {
  it('is made at most once a second, and only for /metrics', async () => {
    const metrics = new Metrics();
    let now = 0;
    let made = 0;
    const counted = {
      registry: metrics.registry,
      text: async () => {
        made += 1;
        return await metrics.text();
      },
    };
    const answer = metricsAnswer(counted, { monotonic: () => now });
    expect(await answer('/')).toMatchObject({ status: 404 });
    expect(await answer('/metrics')).toMatchObject({ status: 200, type: expect.stringContaining('text/plain') });
    now = 999;
    await answer('/metrics');
    expect(made).toBe(1);
    now = 1000;
    const { text } = await answer('/metrics');
    expect(made).toBe(2);
    expect(text).toContain('mesh_migration_build_info{version=');
  });
});
