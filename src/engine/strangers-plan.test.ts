import { expect, it } from '@jest/globals';
import { config, installed, mesh, migrationSpec } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import type { ConfigView } from '../mesh/views.ts';
import { hashAlone } from '../plan/digest.ts';
import { decide } from './decide.ts';

const night = { reason: 'we know', until: '2099-01-01T00:00:00Z' } as const;
const elsewhere = { namespace: 'mallory', name: 'theirs' };

/** The hash of the plan of a namespace, whose owner answers for what applications ask DNS and for calls that are cut off. */
function hashWith(...objects: readonly ConfigView[]): string {
  const world = new NamespaceWorld();
  world.wanted = 'Plan';
  const situation = world.situation();
  const acknowledge = (['MM148', 'MM139'] as const).map((id) => ({ ...night, id }));
  const spec = migrationSpec({ acknowledge });
  const { status } = decide({
    ...situation,
    spec,
    surroundings: {
      ...situation.surroundings,
      spec,
      acknowledged: acknowledge.map((entry) => ({ ...entry, isOver: false })),
      mesh: mesh([...installed, ...objects]),
    },
  });
  expect(status.planDigest).toBeDefined();
  return hashAlone({ from: 'IstioSidecar', to: 'IstioAmbient' }, 'shop', status.planDigest ?? '');
}

it.each<[string, ConfigView]>([
  [
    'a ServiceEntry',
    config('ServiceEntry', { hosts: ['a.example.com'], addresses: ['10.1.1.1'], resolution: 'STATIC' }, elsewhere),
  ],
])('a stranger changes no plan of others by what is only told of it: %s', (_what, theirs) => {
  expect(hashWith(theirs)).toBe(hashWith());
});
