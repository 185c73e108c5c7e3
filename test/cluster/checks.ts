import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meshMigrations } from '../../src/api/resources.ts';
import type { OperatorProcess } from '../support/operator-process.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { Snapshot, World } from '../scenarios/world.ts';
import { operatorUser } from '../support/impersonation.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { admissionAround, admissionTable, editRights, rollbackOnly } from './admission/check.ts';
import { faultChecks } from './faults/checks.ts';
import { helmInstall } from './helm/check.ts';
import { helmRendering } from './helm/rendering.ts';
import { promqlAlerts } from './promql/alerts-check.ts';
import { promqlCallers } from './promql/check.ts';
import { promqlCookbook } from './promql/cookbook-check.ts';
import { promqlGates } from './promql/gates-check.ts';
import { promqlPresets } from './promql/presets-check.ts';
import { promqlOperator } from './promql/operator-check.ts';
import { checkKubectl } from '../sim/kubectl.check.ts';
import { policyCorpus, policyEnvoy, policyGenerated, policyPeers } from './policy/checks.ts';
import type { RealCluster } from './real-cluster.ts';
import { runbookCommands } from './runbook/check.ts';

/** A check that only the real control plane can make. */
export interface Check {
  readonly name: string;
  readonly run: (world: World, cluster: RealCluster, operator: OperatorProcess) => Promise<void>;
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requestReceivedTimestamp: string;
}

/**
 * An API server that has just started answers before it knows roles, and refuses what they allow (its `/readyz` waits
 * for them: rbac/bootstrap-roles, informer-sync).
 */
function isWithoutRoles({ requestReceivedTimestamp }: AuditEvent, { crashes }: RealCluster): boolean {
  const at = Date.parse(requestReceivedTimestamp);
  return crashes.some(({ component, from, until }) => component === 'kube-apiserver' && from <= at && at <= until);
}

/** What the API server recorded of the operator's writes, Lease and events aside. */
function operatorWrites(cluster: RealCluster): readonly AuditEvent[] {
  return (
    readFileSync(cluster.auditLogPath, 'utf8')
      .split('\n')
      .filter((line) => line.includes(operatorUser))
      .map((line) => JSON.parse(line) as AuditEvent)
      // What a scenario wrote in the operator's name has the administrator as its user.
      .filter(({ user }) => user.username === operatorUser)
      .filter(
        ({ verb, objectRef }) =>
          !['get', 'list', 'watch'].includes(verb) &&
          objectRef?.resource !== 'leases' &&
          objectRef?.resource !== 'events',
      )
  );
}

async function shop(world: World, home = world.ns()): Promise<void> {
  await world.create(
    namespace(home),
    ...['a', 'b'].map((name) =>
      deployment(home, name, { replicas: 2, behaviour: { [podBehaviour.readyAfterMs]: '800' } }),
    ),
  );
  await world.podsReady(4, home);
}

const shops = ['early', 'middle', 'late'] as const;

/** How long after the one before each shop sets out, so that a kill meets each of them elsewhere. */
const apartMs = 800;

/** Kills the operator around a random moment of three migrations and of their rollbacks. */
async function killedAtRandom(world: World, _cluster: RealCluster, operator: OperatorProcess): Promise<void> {
  const { signal } = world;
  const back = { status: { phase: 'RollingBack' } };
  const own = (each: string): string => `${world.name}-${each}`;
  for (const each of shops) await shop(world, world.ns(each));
  const before = new Map<string, Snapshot>();
  for (const each of shops) before.set(world.ns(each), await world.snapshot(world.ns(each)));
  for (const each of shops) {
    await world.create(meshMigration(own(each), { names: [world.ns(each)] }));
    await world.pause(apartMs);
  }
  await world.pause(Math.random() * 2500);
  await operator.kill();
  await operator.start();
  for (const each of shops) await world.phase('Migrated', own(each));
  for (const each of shops) {
    await world.client.mergePatch(meshMigrations, undefined, own(each), back, { subresource: 'status', signal });
    await world.pause(apartMs);
  }
  await world.pause(Math.random() * 1500);
  await operator.kill();
  await operator.start();
  for (const each of shops) {
    const home = world.ns(each);
    await world.phase('RolledBack', own(each));
    await world.modesAre({ Sidecar: 4 }, home);
    assert.deepEqual(await world.snapshot(home), before.get(home), `${home} is not as it was`);
  }
}

/** Checks beside the scenarios. */
export const checks: readonly Check[] = [
  { name: 'policy-corpus', run: policyCorpus },
  { name: 'policy-generated', run: policyGenerated },
  { name: 'policy-peer-authentications', run: policyPeers },
  { name: 'policy-envoy', run: policyEnvoy },
  { name: 'promql-callers', run: promqlCallers },
  { name: 'promql-gates', run: promqlGates },
  { name: 'promql-presets', run: promqlPresets },
  { name: 'promql-cookbook', run: promqlCookbook },
  { name: 'promql-operator', run: promqlOperator },
  { name: 'promql-alerts', run: promqlAlerts },
  { name: 'runbook-commands', run: runbookCommands },
  { name: 'helm-rendering', run: helmRendering },
  { name: 'admission-table', run: admissionTable },
  { name: 'admission-edit', run: editRights },
  { name: 'admission-rollback-only', run: rollbackOnly },
  { name: 'admission-around', run: admissionAround },
  { name: 'killed-at-random', run: killedAtRandom },
  ...faultChecks,
  {
    name: 'kubectl-on-the-simulation',
    async run(_world, cluster) {
      assert.deepEqual(await checkKubectl(join(cluster.binDir, 'kubectl')), []);
    },
  },
  {
    name: 'audit-quiet',
    async run(world, cluster) {
      await shop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.pause(2000);
      const after = operatorWrites(cluster).length;
      await world.pause(15_000);
      assert.deepEqual(
        operatorWrites(cluster).slice(after),
        [],
        'the operator wrote although everything was at its end',
      );
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.pause(2000);
      const afterRollback = operatorWrites(cluster).length;
      await world.pause(15_000);
      assert.deepEqual(
        operatorWrites(cluster).slice(afterRollback),
        [],
        'the operator wrote although everything was rolled back',
      );
    },
  },
  {
    name: 'audit-allowed-writes-only',
    run(_world, cluster) {
      const writes = operatorWrites(cluster);
      assert.ok(writes.length > 0, 'the audit log has no writes of the operator');
      const allowed = new Set([
        'patch meshmigrations',
        'patch meshmigrations/status',
        'patch namespacemigrations',
        'delete namespacemigrations',
        'patch namespacemigrations/status',
        'patch namespaces',
        'patch deployments',
        'patch statefulsets',
        'patch daemonsets',
        'create pods/eviction',
        'patch services',
        ...[
          'authorizationpolicies',
          'requestauthentications',
          'telemetries',
          'wasmplugins',
          'trafficextensions',
          'gateways',
          'configmaps',
        ].flatMap((kind) => [`create ${kind}`, `patch ${kind}`, `delete ${kind}`]),
      ]);
      const kinds = writes.map(
        ({ verb, objectRef }) =>
          `${verb} ${objectRef?.resource ?? ''}${objectRef?.subresource === undefined ? '' : `/${objectRef.subresource}`}`,
      );
      assert.deepEqual(
        [...new Set(kinds)].filter((kind) => !allowed.has(kind)),
        [],
      );
      // Admission says no with the same code: quotas, for example.
      const isUnauthorized = ({ responseStatus, annotations }: AuditEvent): boolean =>
        responseStatus?.code === 403 && annotations?.['authorization.k8s.io/decision'] !== 'allow';
      const unauthorized = writes.filter((event) => isUnauthorized(event) && !isWithoutRoles(event, cluster));
      assert.deepEqual(unauthorized, [], 'the ClusterRole in deploy/ lacks a right');
      return Promise.resolve();
    },
  },
  // The last: it takes away what all others run on.
  { name: 'helm-install', run: helmInstall },
];
