import { describe, expect, it } from '@jest/globals';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';

function comesTo(world: NamespaceWorld, step: string): NamespaceWorld {
  for (let round = 0; world.status?.step !== step; round += 1) {
    if (round > 200) throw new Error(`never came to ${step}`);
    world.round();
  }
  return world;
}

function command(world: NamespaceWorld, phase: string): void {
  world.status = { ...world.status, phase };
  world.settle();
}

function rejected(world: NamespaceWorld): string | undefined {
  return world.status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message;
}

/** The last command line of a message, as the phase that it sets. */
function phaseIn(message: string, which: number): string | undefined {
  return [...message.matchAll(/kubectl patch nsm .*?"phase":"(\w+)"/g)].at(which)?.[1];
}

describe('a pause', () => {
  // An edit that sets Paused where it is Paused already changes nothing of the object: the API server tells nobody of
  // it.
  it.each(['Pause', 'Plan'] as const)(
    'of this namespace alone is remembered while spec.action or a command on the migration (%s) holds it anyway',
    (wanted) => {
      const world = comesTo(new NamespaceWorld(), 'RestartWorkloads');
      world.wanted = wanted;
      world.settle();
      expect(world.status?.phase).toBe('Paused');
      command(world, phaseIn(world.status?.message ?? '', 0) ?? '');
      expect(world.status).toMatchObject({
        phase: 'Paused',
        command: { action: 'Pause' },
        message: expect.stringContaining('paused by'),
      });
      world.wanted = 'Migrate';
      world.settle();

      expect(world.status?.phase).toBe('Paused');
      command(world, 'Migrating');
      expect(world.status?.phase).toBe('Migrated');
    },
  );

  it('is offered where somebody else changed a label half-way, and not at rest', () => {
    const world = comesTo(new NamespaceWorld(), 'RestartWorkloads');
    world.setLabels({ 'istio-injection': 'enabled' });
    world.settle();
    expect([0, 1, 2].map((which) => phaseIn(world.status?.message ?? '', which))).toEqual([
      'Migrating',
      'Pause',
      'RollingBack',
    ]);
    command(world, 'Migrating');
    expect(world.status?.phase).toBe('Migrated');
    world.setLabels({ 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'none' });
    world.settle();
    expect([0, 1].map((which) => phaseIn(world.status?.message ?? '', which))).toEqual(['Migrating', 'RollingBack']);
  });

  it('of labels that are as they should be again says how to go on at once', () => {
    const world = comesTo(new NamespaceWorld(), 'RestartWorkloads');
    world.setLabels({ 'istio-injection': 'enabled' });
    world.settle();
    world.setLabels({ 'istio-injection': 'disabled' });
    world.round();
    expect(world.status?.message).toMatch(
      /when they have stayed so for 30s\. It goes on by itself\. To go on at once: kubectl patch nsm .*"phase":"Migrating"/,
    );
    command(world, 'Migrating');
    expect(world.status?.phase).toBe('Migrated');
  });

  it('is remembered too where somebody else changed a label, and outlasts that', () => {
    const world = comesTo(new NamespaceWorld(), 'RestartWorkloads');
    world.setLabels({ 'istio-injection': 'enabled' });
    world.settle();
    command(world, 'Pause');
    world.setLabels({ 'istio-injection': 'disabled' });
    world.settle();

    expect(world.status).toMatchObject({ phase: 'Paused', message: expect.stringContaining('paused by') });
  });

  it('of the migration is said to whoever tells one namespace to go on', () => {
    for (const world of [comesTo(new NamespaceWorld(), 'RestartWorkloads'), new NamespaceWorld()]) {
      world.wanted = 'Plan';
      world.settle();
      command(world, 'Migrating');

      expect(rejected(world)).toMatch(/asked to go on, but spec.action is Plan.*kubectl patch mm mm /);
      world.wanted = 'Migrate';
      world.settle();
      expect(world.status?.phase).toBe('Migrated');
    }
  });
});
