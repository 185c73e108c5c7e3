import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { readAnswer } from '../../../src/prometheus/answer.ts';
import { deployment, meshMigration, namespace } from '../../scenarios/manifests.ts';
import type { World } from '../../scenarios/world.ts';
import { dashboardQueries, metricsIn, shippedRules } from '../../support/monitoring.ts';
import type { OperatorProcess } from '../../support/operator-process.ts';
import { runCommand } from '../command.ts';
import type { RealCluster } from '../real-cluster.ts';
import { ensurePromql } from './program.ts';
import { now, type WrittenSeries } from './series.ts';

const scrapeMs = 30_000;
const scrapes = 60;

/** Half an hour of scrapes up to now. */
function scraped(name: string, labels: Readonly<Record<string, string>>, valueAt: (index: number) => number) {
  const samples = Array.from(
    { length: scrapes + 1 },
    (_each, index) => [now - (scrapes - index) * scrapeMs, valueAt(index)] as const,
  );
  return { labels: { __name__: name, container: 'operator', ...labels }, samples };
}

const of = { migration: 'shop' };
const leader = { name: 'mesh-migration-operator' };
const leads = scraped('leader_election_master_status', { ...leader, pod: 'a' }, () => 1);
const follows = scraped('leader_election_master_status', { ...leader, pod: 'b' }, () => 0);
const stalled = { ...of, type: 'Stalled', reason: 'LabelsChanged' };
const failing = { controller: 'namespacemigration' };
const [errors, lag] = ['controller_runtime_reconcile_errors_total', 'nodejs_eventloop_lag_p99_seconds'];

interface Case {
  readonly fires: readonly WrittenSeries[];
  readonly silent: readonly WrittenSeries[];
}

/** For each alert what a Prometheus has when it is true, and when it is not. */
const cases: Readonly<Record<string, Case>> = {
  MeshMigrationStalled: {
    fires: [scraped('mesh_migration_condition', { ...stalled, status: 'True' }, () => 1)],
    silent: [
      scraped('mesh_migration_condition', { ...stalled, status: 'True', reason: 'Paused' }, () => 1),
      scraped('mesh_migration_condition', { ...stalled, status: 'False' }, () => 1),
      scraped('mesh_migration_condition', { ...stalled, type: 'Ready', status: 'True' }, () => 1),
    ],
  },
  MeshMigrationNamespaceStalled: {
    fires: [scraped('mesh_migration_namespaces_stalled', { ...of, reason: 'LabelsChanged' }, () => 2)],
    silent: [scraped('mesh_migration_namespaces_stalled', { ...of, reason: 'Paused' }, () => 2)],
  },
  MeshMigrationNamespaceFailed: {
    fires: [scraped('mesh_migration_namespaces_failed', { ...of, reason: 'PodsNotReady' }, () => 1)],
    silent: [scraped('mesh_migration_namespaces', { ...of, phase: 'Migrated' }, () => 1)],
  },
  MeshMigrationPodsBetween: {
    fires: [scraped('mesh_migration_pods', { ...of, mode: 'transitional' }, () => 3)],
    silent: [
      scraped('mesh_migration_pods', { ...of, mode: 'transitional' }, () => 0),
      scraped('mesh_migration_pods', { ...of, mode: 'sidecar' }, () => 3),
    ],
  },
  MeshMigrationOperatorWithoutLeader: { fires: [follows], silent: [leads, follows] },
  MeshMigrationOperatorFailing: {
    fires: [scraped(errors, failing, (index) => index * 2)],
    silent: [
      scraped(errors, failing, (index) => Math.floor(index / 20)),
      scraped(errors, { controller: 'certificate' }, (index) => index * 2),
    ],
  },
  MeshMigrationOperatorSlow: {
    fires: [scraped(lag, { pod: 'a' }, () => 1.5)],
    silent: [scraped(lag, { pod: 'a' }, () => 0.02), scraped(lag, { pod: 'c', container: 'web' }, () => 9)],
  },
};

async function answers(program: string, series: readonly WrittenSeries[], expressions: readonly string[]) {
  const queries = expressions.map((expression) => ({ expression, at: now }));
  const input = JSON.stringify({ series, queries, rules: stringify(shippedRules()) });
  const printed = await runCommand(program, [], { input, signal: new AbortController().signal });
  return (JSON.parse(printed) as readonly unknown[]).map((answer) => readAnswer(JSON.stringify(answer)).length);
}

/** The port that the operator said last that it has. */
function metricsPort(logFile: string): number {
  const said = readFileSync(logFile, 'utf8')
    .split('\n')
    .flatMap((line) => (line.includes('"msg":"Starting"') ? [JSON.parse(line) as { readonly metrics?: number }] : []));
  const { metrics } = said.at(-1) ?? {};
  assert.ok(metrics !== undefined, `${logFile} does not say where /metrics is`);
  return metrics;
}

/** Names of what a running operator says of itself, after it has migrated a namespace. */
async function scrape(world: World, operator: OperatorProcess): Promise<ReadonlySet<string>> {
  await world.create(namespace(world.ns()), deployment(world.ns(), 'web', { replicas: 1 }));
  await world.podsReady(1);
  await world.create(meshMigration(world.name, { names: [world.ns()] }));
  await world.phase('Migrated');
  const answer = await fetch(`http://127.0.0.1:${metricsPort(operator.logFile)}/metrics`, { signal: world.signal });
  assert.equal(answer.status, 200);
  const text = await answer.text();
  assert.match(text, /\nmesh_migration_phase\{migration="[^"]+",phase="Migrated"\} 1\n/);
  return new Set(text.match(/^[a-z_0-9]+(?=[ {])/gm));
}

/** Names that are there only once something has gone wrong. */
const ofTrouble = ['mesh_migration_namespaces_stalled', 'mesh_migration_namespaces_failed'];

/** What is shipped for a Prometheus, asked of its own engine, and of what a real operator says. */
export async function promqlAlerts(world: World, _cluster: RealCluster, operator: OperatorProcess): Promise<void> {
  const program = await ensurePromql();
  const alerts = shippedRules().groups.flatMap(({ rules }) => rules);
  assert.deepEqual(Object.keys(cases).sort(), alerts.map(({ alert }) => alert).sort());
  for (const { alert, expr } of alerts) {
    const { fires, silent } = cases[alert] ?? { fires: [], silent: [] };
    assert.deepEqual(await answers(program, fires, [expr]), [1], `${alert} does not fire`);
    assert.deepEqual(await answers(program, silent, [expr]), [0], `${alert} fires`);
  }
  const [gone] = await answers(program, [], ['absent(leader_election_master_status{name="mesh-migration-operator"})']);
  assert.equal(gone, 1, 'an operator that is not there is no leader');
  const queries = dashboardQueries().map(({ expr }) => expr);
  const everything = Object.values(cases).flatMap(({ fires }) => fires);
  assert.equal((await answers(program, everything, queries)).length, queries.length);
  const said = await scrape(world, operator);
  const asked = new Set([...alerts.map(({ expr }) => expr), ...queries].flatMap(metricsIn));
  assert.deepEqual(
    [...asked].filter((name) => !said.has(name) && !ofTrouble.includes(name)),
    [],
    'alerts or the dashboard ask for what no operator says',
  );
}
