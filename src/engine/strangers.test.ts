import { describe, expect, it } from '@jest/globals';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import { stalledBy } from '../api/common.ts';
import { fieldManager } from '../api/resources.ts';
import { unrestOf } from './unrest.ts';

function comesTo(world: NamespaceWorld, step: string): void {
  for (let round = 0; world.status?.step !== step; round += 1) {
    if (round > 200) throw new Error(`never came to ${step}`);
    world.round();
  }
}

/** Half-way, at a workload whose new pods do not become Ready. */
function halfWay(): NamespaceWorld {
  const world = new NamespaceWorld();
  for (const each of world.workloads) each.breaks = true;
  comesTo(world, 'RestartWorkloads');
  return world;
}

const [theirs, ours] = [{ 'istio-injection': 'enabled' }, { 'istio-injection': 'disabled' }];

describe('labels that a stranger sets as the first change of them would', () => {
  it('are no reason to restart anything for HBONE, which would take the sidecars away', () => {
    const world = new NamespaceWorld({ hbone: false });
    comesTo(world, 'RestartForHbone');
    world.setLabels({ 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' });
    world.round();
    const { length } = world.writes;
    world.status = { ...world.status, phase: 'Migrating' };
    world.settle();

    expect(world.status).toMatchObject({ phase: 'Migrated' });
    expect(
      world.writes
        .slice(length)
        .filter(({ write, status }) => write.kind === 'PatchTemplate' && status.step === 'RestartForHbone'),
    ).toEqual([]);
  });
});

describe('a label that a stranger changes again and again', () => {
  it('needs a person all the time, not only half of it', () => {
    const world = halfWay();
    world.setLabels(theirs);
    while (world.operate() !== 'Nothing') world.pass(10);
    const reasons = new Set<string | undefined>();
    for (let round = 0; round < 200; round += 1) {
      world.setLabels(Math.floor(round / 3) % 2 === 0 ? ours : theirs);
      world.round();
      reasons.add(stalledBy(world.status?.conditions)?.reason);
    }

    expect([...reasons]).toEqual(['ForeignChange']);
    world.setLabels(ours);
    world.settle();
    expect(world.status).toMatchObject({ phase: 'RolledBack' });
  });

  it('begins no deadline anew', () => {
    const world = halfWay();
    for (let round = 0; world.status?.failure === undefined; round += 1) {
      if (round > 1000) throw new Error(`it never fails: ${world.status?.message ?? ''}`);
      world.setLabels(round % 50 < 3 ? theirs : ours);
      world.round();
    }

    expect(world.status.failure.reason).toMatch(/^(WorkloadUnavailable|ProgressDeadlineExceeded)$/);
  });

  it('is said with who has changed it last', () => {
    const given = halfWay().situation();
    const { surroundings } = given;
    const home = {
      ...surroundings.namespace,
      labelManagers: { 'istio-injection': 'argocd', 'istio.io/dataplane-mode': fieldManager },
    };
    const unrest = unrestOf(
      { ...given, waited: () => 5000, surroundings: { ...surroundings, namespace: home } },
      given.object.status ?? {},
      undefined,
    );

    expect(unrest?.message).toContain('changed by someone else (last by argocd) and are as they should be again');
    expect(unrest?.until).toBe(given.now + 25_000);
  });

  it('lets the way back go on in between, and is said all the time', () => {
    const world = new NamespaceWorld();
    world.settle();
    world.wanted = 'Rollback';
    comesTo(world, 'RestoreWorkloads');
    const reasons = new Set<string | undefined>();
    const turns = [...Array(60).keys()].map((round) => (round % 4 < 2 ? 'disabled' : 'enabled'));
    for (const value of turns) {
      world.setLabels({ 'istio-injection': value });
      world.round();
      reasons.add(stalledBy(world.status?.conditions)?.reason);
    }

    expect(reasons).not.toContain(undefined);
    expect(reasons).toContain('ForeignChange');
    expect(world.status?.workloads?.filter(({ step }) => step === 'RestoreWorkloads').length).toBeGreaterThan(0);
    world.settle();
    expect(world.status).toMatchObject({ phase: 'RolledBack' });
  });
});
