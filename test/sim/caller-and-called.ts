import type { KubeObject } from '../../src/api/object.ts';
import { httpPort } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';

const slow = { behaviour: { [podBehaviour.readyAfterMs]: '4000' } };

/** `api` may only be read, and only by the namespace `caller`. */
export function readableBy(home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'readers', {
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: [caller] } }], to: [{ operation: { methods: ['GET'] } }] }],
  });
}

/** A namespace that only `caller` may call, and that needs a waypoint. */
export async function called(world: World, home: string, caller: string): Promise<void> {
  await world.create(
    namespace(home),
    service(home, 'api', {}, httpPort),
    readableBy(home, caller),
    deployment(home, 'api', slow),
  );
  await world.podsReady(1, home);
}

/** A namespace that needs none. */
export async function plain(world: World, home: string): Promise<void> {
  await world.create(namespace(home), deployment(home, 'web', slow));
  await world.podsReady(1, home);
}

/** `a` calls `b`, and both are migrated. */
export async function moved(world: World, a: string, b: string): Promise<void> {
  await plain(world, a);
  await called(world, b, a);
  await world.create(meshMigration(world.name, { names: [a, b] }));
  await world.phase('Migrated');
}
