import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';

it('migrates', () => {
  const world = new NamespaceWorld();
  world.settle();
  console.log(JSON.stringify(world.status, null, 1), world.labels, world.writes.map((w) => w.write));
  expect(world.status?.phase).toBe('Migrated');
});
