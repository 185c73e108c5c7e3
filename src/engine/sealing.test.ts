import { describe, expect, it } from '@jest/globals';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';

function migrated(): NamespaceWorld {
  const world = new NamespaceWorld();
  world.settle();
  expect(world.status?.phase).toBe('Migrated');
  return world;
}

/** Another process, which remembers nothing, finds the namespace without its journal. */
function loseJournal(world: NamespaceWorld): void {
  world.operate(true);
  world.loseAnnotation();
}

describe('a seal', () => {
  it.each(['Finalize', 'DeleteLeave'] as const)('is not what a stranger did who took the journal away, though %s is wanted', (wanted) => {
    const world = migrated();
    loseJournal(world);
    world.wanted = wanted;
    world.settle();

    expect(world.status).toMatchObject({ phase: 'Blocked', findings: [{ id: 'MM007' }] });
  });

  it.each(['Finalize', 'DeleteLeave'] as const)('is what was announced before the journal went, with %s', (wanted) => {
    const world = migrated();
    world.wanted = wanted;
    world.settle();

    expect(world.status?.phase).toBe('Finalized');
  });
});
