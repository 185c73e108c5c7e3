import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathOf } from '../../../src/api/object.ts';
import { deployed, createAll, readManifests } from '../../support/install.ts';
import { impersonating, operatorUser } from '../../support/impersonation.ts';
import { meshMigration, namespace } from '../../scenarios/manifests.ts';
import type { World } from '../../scenarios/world.ts';
import { runCommand } from '../command.ts';
import type { RealCluster } from '../real-cluster.ts';
import {
  mixturesDenied,
  otherDoorsShut,
  othersDenied,
  phaseAdmitted,
  recordsProtected,
  targets,
  type User,
} from './table.ts';
import { send, statusPath, type Target } from './verbs.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** A user with all rights over both kinds and no others. */
async function userWith(
  world: World,
  name: string,
  rules: readonly Readonly<Record<string, unknown>>[],
): Promise<User> {
  const user = `${world.name}-${name}`;
  await createAll(
    world.client,
    [
      { kind: 'ClusterRole', metadata: { name: user }, rules },
      {
        kind: 'ClusterRoleBinding',
        metadata: { name: user },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    ],
    world.signal,
  );
  return { name: user, transport: impersonating(world.cluster.admin, user) };
}

/** A namespace that is planned and at rest, so that nobody else writes its records. */
async function planned(world: World): Promise<void> {
  await world.create(namespace(world.ns()), meshMigration(world.name, { names: [world.ns()] }, { action: 'Plan' }));
  await world.childPhase('Planned');
  await world.phase('Planned');
}

/** Until the API server has taken a policy in, a write that it denies gets through: asked as a dry run. */
async function inForce(world: World, user: User, status: Readonly<Record<string, unknown>>): Promise<void> {
  const [target] = targets(world);
  if (target === undefined) return;
  await world.eventually('the policy is in force', async () =>
    (await send(user.transport, 'PATCH', `${statusPath(target)}?dryRun=All`, 'merge', { status }, world.signal))
      .code === 403
      ? true
      : undefined,
  );
}

/** Who may write what: user by verb by key. */
export async function admissionTable(world: World, cluster: RealCluster): Promise<void> {
  await planned(world);
  const alice = await userWith(world, 'alice', [{ apiGroups: ['meshmigration.dev'], resources: ['*'], verbs: ['*'] }]);
  const admin: User = { name: 'cluster-admin', transport: cluster.admin };
  await inForce(world, alice, { observedGeneration: 77 });
  await othersDenied(world, alice);
  for (const user of [alice, admin]) {
    await mixturesDenied(world, user);
    await recordsProtected(world, user);
    await otherDoorsShut(world, user);
    await phaseAdmitted(world, user);
  }
  await world.forge({ message: 'forged' }, world.ns());
  await world.childPhase('Planned');
  const child = await world.child();
  await world.delete({ ...(targets(world)[1]?.resource ?? assert.fail()) }, world.ns(), world.name);
  await world.eventually('the record is made anew', async () =>
    (await world.child()).metadata.uid === child.metadata.uid ? undefined : true,
  );
  await noWarnings(world, 'mesh-migration-operator');
}

/**
 * The API server compiles the expressions against the schemas of both kinds as well, and would say here what does not
 * fit.
 */
async function noWarnings(world: World, name: string): Promise<void> {
  const policy = await world.eventually('the types of the policy are checked', async () => {
    const object = await world.client.get(deployed.ValidatingAdmissionPolicy, undefined, name, world.signal);
    return (object['status'] as { observedGeneration?: number } | undefined)?.observedGeneration === undefined
      ? undefined
      : object;
  });
  assert.deepEqual(
    (policy['status'] as { typeChecking?: { expressionWarnings?: unknown } }).typeChecking?.expressionWarnings,
    undefined,
  );
}

/** The commands of the runbook and the user guide for administrators, with the kubectl of the cluster. */
export async function admissionAround(world: World, cluster: RealCluster): Promise<void> {
  await planned(world);
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    await runCommand(join(cluster.binDir, 'kubectl'), [`--kubeconfig=${cluster.kubeconfigPath}`, ...args], {
      signal: world.signal,
    });
  const patch = [
    'patch',
    'nsm',
    world.name,
    '-n',
    world.ns(),
    '--subresource=status',
    '--type=merge',
    '-p',
    '{"status":{"message":"by hand"}}',
  ];
  await assert.rejects(kubectl(...patch), /only the operator writes a status, and this edit changes message/);
  assert.match(await kubectl(...patch, `--as=${operatorUser}`, '--as-group=system:masters'), /patched/);
  assert.match(
    await kubectl(
      'apply',
      '--server-side',
      '--dry-run=server',
      '--force-conflicts',
      '-k',
      join(root, 'deploy', 'kustomize'),
    ),
    /validatingadmissionpolicybinding/,
  );
  await kubectl('delete', 'validatingadmissionpolicybinding', 'mesh-migration-operator');
  try {
    await world.eventually(
      'the policy is off',
      async () => await kubectl(...patch, '--dry-run=server').catch(() => undefined),
    );
  } finally {
    await kubectl(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      join(root, 'deploy', 'kustomize', 'admission.yaml'),
    );
  }
  await inForce(world, { name: 'admin', transport: cluster.admin }, { observedGeneration: 77 });
}

/** Binds a ClusterRole to a user of the scenario: in one namespace, or everywhere. */
async function userAs(world: World, role: string, home?: string): Promise<User> {
  const name = `${world.name}-${role}`;
  await createAll(
    world.client,
    [
      {
        kind: home === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
        metadata: { name, ...(home !== undefined && { namespace: home }) },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
      },
    ],
    world.signal,
  );
  return { name, transport: impersonating(world.cluster.admin, name) };
}

/** What the status code says to each phase, without writing it. */
async function answers(world: World, { transport }: User, target: Target): Promise<readonly number[]> {
  return await Promise.all(
    ['Migrating', 'Paused', 'RollingBack'].map(
      async (phase) =>
        (
          await send(
            transport,
            'PATCH',
            `${statusPath(target)}?dryRun=All`,
            'merge',
            { status: { phase } },
            world.signal,
          )
        ).code,
    ),
  );
}

/** deploy/kustomize/rollback-only.yaml: `edit` rolls back and no more, `admin` has every command. */
export async function rollbackOnly(world: World): Promise<void> {
  await planned(world);
  const [editor, admin] = [await userAs(world, 'edit'), await userAs(world, 'admin')];
  const objects = readManifests('deploy/kustomize/rollback-only.yaml');
  await createAll(world.client, objects, world.signal);
  try {
    await inForce(world, editor, { phase: 'Migrating' });
    for (const target of targets(world)) {
      assert.deepEqual(await answers(world, editor, target), [403, 403, 200]);
      await world.eventually('admin has the verb', async () =>
        (await answers(world, admin, target)).every((code) => code === 200) ? true : undefined,
      );
    }
    await world.forge({ phase: 'Paused' }, world.ns());
  } finally {
    for (const { kind, metadata } of objects)
      await world.delete(deployed[kind as keyof typeof deployed], undefined, metadata.name);
  }
}

/** deploy/kustomize/user-roles.yaml: `edit` in a namespace commands its record, and nothing else. */
export async function editRights(world: World): Promise<void> {
  await planned(world);
  const { signal } = world;
  const editor = await userAs(world, 'edit', world.ns());
  const [migration, record] = targets(world);
  if (migration === undefined || record === undefined) return;
  await world.eventually('edit has the rights', async () =>
    (await answers(world, editor, record)).every((code) => code === 200) ? true : undefined,
  );
  assert.deepEqual(await answers(world, editor, migration), [403, 403, 403]);
  const path = pathOf(record.resource, record.namespace, record.name);
  const refused = [
    await send(
      editor.transport,
      'PATCH',
      statusPath(record),
      'merge',
      { status: { phase: 'RollingBack', direction: 'Backward' } },
      signal,
    ),
    await send(editor.transport, 'PATCH', path, 'merge', { metadata: { annotations: { a: 'b' } } }, signal),
    await send(editor.transport, 'DELETE', path, 'put', undefined, signal),
  ];
  assert.deepEqual(
    refused.map(({ code }) => code),
    [403, 403, 403],
  );
}
