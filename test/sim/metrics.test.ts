import { expect, it } from '@jest/globals';
import { Metrics } from '../../src/operator/metrics/metrics.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimOperator } from './sim-operator.ts';

/** The lines of the metrics by name and labels. */
async function values(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}

it('metrics tell of a migration what happened, and of its state what is', async () => {
  const metrics = new Metrics();
  let operator: SimOperator | undefined;
  await runOnSimulation(
    {
      name: 'metrics',
      run: async (world) => {
        const home = world.ns();
        await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
        await world.podsReady(2);
        if (operator === undefined) throw new RangeError('the operator was not arranged');
        metrics.readFrom(operator.source);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.phase('Migrated');
        const known = await values(metrics);
        const of = (name: string): number | undefined => known.get(name.replace('NAME', world.name));
        expect(of('mesh_migration_phase{migration="NAME",phase="Migrated"}')).toBe(1);
        expect(of('mesh_migration_namespaces{migration="NAME",phase="Migrated"}')).toBe(1);
        expect(of('mesh_migration_pods{migration="NAME",mode="ambient"}')).toBe(2);
        expect(of('mesh_migration_pods{migration="NAME",mode="sidecar"}')).toBe(0);
        expect(of('mesh_migration_phase_changes_total{object="Namespace",phase="Migrated"}')).toBe(1);
        expect(of('mesh_migration_phase_changes_total{object="Migration",phase="Migrated"}')).toBe(1);
        expect(of('mesh_migration_restarts_total{by="PatchTemplate"}')).toBe(1);
        expect(of('mesh_migration_step_duration_seconds_count{step="Flip"}')).toBe(1);
        expect(of('mesh_migration_step_duration_seconds_count{step="RestartWorkloads"}')).toBe(1);
        expect(of('leader_election_master_status{name="mesh-migration-operator"}')).toBe(1);
        expect(
          of('controller_runtime_reconcile_total{controller="namespacemigration",result="requeue"}'),
        ).toBeGreaterThan(5);
        expect(of('rest_client_requests_total{method="PATCH",code="200"}')).toBeGreaterThan(5);
        expect(of('mesh_migration_failures_total{reason="PodsNotReady"}')).toBeUndefined();
      },
    },
    {
      observer: metrics.observer,
      arrange: (_cluster, arranged) => {
        operator = arranged;
      },
    },
  );
});
