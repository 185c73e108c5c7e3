import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../src/api/object.ts';
import { meshMigrations, namespaceMigrations } from '../../../src/api/resources.ts';
import { pathOf } from '../../../src/api/object.ts';
import type { Transport } from '../../../src/kube/transport.ts';
import { statusKeys } from '../../support/status-keys.ts';
import type { World } from '../../scenarios/world.ts';
import { removers, send, setters, statusPath, type Target } from './verbs.ts';

/** A user and how the API server knows him. */
export interface User {
  readonly name: string;
  readonly transport: Transport;
}

/** The records of the scenario. */
export function targets(world: World): readonly Target[] {
  return [
    { resource: meshMigrations, namespace: undefined, name: world.name },
    { resource: namespaceMigrations, namespace: world.ns(), name: world.name },
  ];
}

async function read(world: World, { resource, namespace, name }: Target): Promise<KubeObject> {
  return await world.client.get(resource, namespace, name, world.signal);
}

function statusOf(object: KubeObject): Readonly<Record<string, unknown>> {
  return (object['status'] ?? {}) as Readonly<Record<string, unknown>>;
}

/** Each key by each verb: denied, with the key and the command to use in the answer. */
export async function othersDenied(world: World, user: User): Promise<void> {
  for (const target of targets(world)) {
    const present = statusOf(await read(world, target));
    for (const { key, values } of statusKeys.filter(
      ({ kind, key: name }) => kind === target.resource.kind && name !== 'phase',
    )) {
      const value = isDeepStrictEqual(present[key], values[0]) ? values[1] : values[0];
      for (const verb of [...setters, ...(key in present ? removers : [])]) {
        const { code, message } = await verb.edit(user.transport, target, key, value, world.signal);
        const what = `${user.name}, ${verb.name} of status.${key} of a ${target.resource.kind}: ${code} ${message}`;
        assert.equal(code, 403, what);
        assert.match(
          message,
          new RegExp(
            `this edit changes ${key}\\. Give a command by status\\.phase .*kubectl patch (mm|nsm) ${world.name} `,
          ),
          what,
        );
      }
    }
  }
}

/** The whole status away, or a forbidden key beside an admitted one. */
export async function mixturesDenied(world: World, user: User): Promise<void> {
  for (const target of targets(world)) {
    const path = statusPath(target);
    const bodies = [
      { status: null },
      { status: { phase: 'RollingBack', observedGeneration: 77 } },
      { metadata: { labels: { a: 'b' } }, status: { observedGeneration: 77 } },
    ];
    const codes = await Promise.all(
      bodies.map(async (body) => (await send(user.transport, 'PATCH', path, 'merge', body, world.signal)).code),
    );
    assert.deepEqual(codes, [403, 403, 403], `${user.name} on ${path}`);
  }
}

/** `phase` by each verb: a command. The operator puts the senseless word back, and nothing else happens. */
export async function phaseAdmitted(world: World, user: User): Promise<void> {
  for (const target of targets(world)) {
    for (const [index, verb] of setters.entries()) {
      const { code, message } = await verb.edit(user.transport, target, 'phase', `Word${index}`, world.signal);
      assert.equal(code, 200, `${user.name}, ${verb.name} of status.phase of a ${target.resource.kind}: ${message}`);
    }
  }
}

/**
 * What the API server itself keeps: metadata are not written through a status, nor a status through the object or at
 * its creation.
 */
export async function otherDoorsShut(world: World, user: User): Promise<void> {
  const { client, signal } = world;
  const absent = { resource: namespaceMigrations, namespace: world.ns(), name: 'absent' };
  const [apply] = setters.filter(({ name }) => name === 'server-side apply');
  assert.equal(
    (await apply?.edit(user.transport, absent, 'phase', 'Paused', signal))?.code,
    404,
    'a status without an object',
  );
  for (const target of targets(world)) {
    const before = await read(world, target);
    const metadata = {
      labels: { 'meshmigration.dev/migration': 'mine' },
      annotations: { a: 'b' },
      finalizers: ['example.com/hold'],
    };
    await send(user.transport, 'PATCH', statusPath(target), 'merge', { metadata }, signal);
    await send(
      user.transport,
      'PATCH',
      pathOf(target.resource, target.namespace, target.name),
      'merge',
      { status: { phase: 'Forged', observedGeneration: 77 } },
      signal,
    );
    const after = await read(world, target);
    for (const part of ['labels', 'annotations', 'finalizers'] as const)
      assert.deepEqual(after.metadata[part], before.metadata[part], `${part} through the status`);
    assert.notEqual(statusOf(after)['observedGeneration'], 77, 'the status through the object');
  }
  const name = `${world.name}-born`;
  const spec = {
    from: 'IstioSidecar',
    to: 'IstioAmbient',
    action: 'Plan',
    namespaces: { names: [`${world.name}-none`] },
  };
  const { code, object, message } = await send(
    user.transport,
    'POST',
    pathOf(meshMigrations, undefined),
    'put',
    {
      apiVersion: 'meshmigration.dev/v1alpha1',
      kind: 'MeshMigration',
      metadata: { name },
      spec,
      status: { phase: 'Migrated', writtenPhase: 'Migrated' },
    },
    signal,
  );
  assert.equal(code, 201, message);
  assert.equal(object['status'], undefined, 'a status at the creation');
  await client.delete(meshMigrations, undefined, name, { signal });
}

/** NamespaceMigrations are the operator's; to delete one is everybody's who has the right. */
export async function recordsProtected(world: World, user: User): Promise<void> {
  const { signal } = world;
  const home = world.ns();
  const path = pathOf(namespaceMigrations, home, world.name);
  const record = {
    apiVersion: 'meshmigration.dev/v1alpha1',
    kind: 'NamespaceMigration',
    metadata: { name: 'mine', namespace: home, labels: { 'meshmigration.dev/migration': world.name } },
    spec: { migration: world.name, from: 'IstioSidecar', to: 'IstioAmbient' },
  };
  const created = await send(user.transport, 'POST', pathOf(namespaceMigrations, home), 'put', record, signal);
  assert.match(`${created.code} ${created.message}`, /^403 .*only the operator creates NamespaceMigrations/);
  const applied = await send(
    user.transport,
    'PATCH',
    `${pathOf(namespaceMigrations, home, 'mine')}?fieldManager=somebody`,
    'apply',
    record,
    signal,
  );
  assert.match(`${applied.code} ${applied.message}`, /^403 .*only the operator creates NamespaceMigrations/);
  const edits: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ labels: { 'meshmigration.dev/migration': 'other' } }, /^403 .*labels meshmigration\.dev/],
    [{ labels: { 'meshmigration.dev/migration': null } }, /^403 .*labels meshmigration\.dev/],
    [{ labels: { 'meshmigration.dev/new': 'x' } }, /^403 .*labels meshmigration\.dev/],
    [{ finalizers: ['example.com/hold'] }, /^403 .*takes no finalizer/],
    [{ labels: { team: 'a' }, annotations: { note: 'b' } }, /^200 /],
  ];
  for (const [metadata, expected] of edits) {
    const { code, message } = await send(user.transport, 'PATCH', path, 'merge', { metadata }, signal);
    assert.match(`${code} ${message}`, expected);
  }
}
