import { describe, expect, it } from '@jest/globals';
import { plainPod, workload } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import { decide } from './decide.ts';
import { verifyStep } from './verify.ts';

describe('the message', () => {
  it('of a namespace that is blocked has the finding with its first remedy', () => {
    const blockers = [{ id: 'MM002', severity: 'Critical', object: 'Namespace shop', message: 'it is in two migrations', fix: 'Take it out of one. Or delete the other.' }] as const;
    const { status } = decide({ ...new NamespaceWorld().situation(), blockers });

    expect(status.message).toMatch(/^MM002 Namespace shop: it is in two migrations\. Take it out of one\. Do what the finding says/);
  });

  it('of a failure names a pod that is not Ready before one that is', () => {
    const world = new NamespaceWorld();
    const given = world.situation();
    const owner = { kind: 'Deployment', name: 'web' } as const;
    const pods = [plainPod({ name: 'ready', owner }), plainPod({ name: 'crashing', ready: false, trouble: 'CrashLoopBackOff', owner })];
    const outcome = verifyStep({ ...given, waited: () => 3_600_000, surroundings: { ...given.surroundings, pods, workloads: [workload({ name: 'web' })] } }, 'Ambient', 'Verify');

    expect(outcome.kind === 'Failed' && outcome.message).toMatch(/^pod crashing is not Ready \(CrashLoopBackOff\) and in mode None, not Ambient, and so is 1 other/);
  });
});
