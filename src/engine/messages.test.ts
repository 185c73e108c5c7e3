import { describe, expect, it } from '@jest/globals';
import { captured, plainPod, workload } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import { decide } from './decide.ts';
import { verifyStep } from './verify.ts';

describe('the message', () => {
  it('of a namespace that is blocked has the finding with its first remedy', () => {
    const blockers = [
      {
        id: 'MM002',
        severity: 'Critical',
        object: 'Namespace shop',
        message: 'it is in two migrations',
        fix: 'Take it out of one. Or delete the other.',
      },
    ] as const;
    const { status } = decide({ ...new NamespaceWorld().situation(), blockers });

    expect(status.message).toMatch(
      /^MM002 Namespace shop: it is in two migrations\. Take it out of one\. Do what the finding says/,
    );
  });

  it('of a failure names a pod that is not Ready before one that is', () => {
    const world = new NamespaceWorld();
    const given = world.situation();
    const owner = { kind: 'Deployment', name: 'web' } as const;
    const pods = [
      plainPod({ name: 'ready', owner }),
      plainPod({ name: 'crashing', ready: false, trouble: 'CrashLoopBackOff', owner }),
    ];
    const outcome = verifyStep(
      {
        ...given,
        waited: () => 3_600_000,
        surroundings: { ...given.surroundings, pods, workloads: [workload({ name: 'web' })] },
      },
      { kind: 'Verify', mode: 'Ambient' },
      'Verify',
    );

    expect(outcome.kind === 'Failed' && outcome.message).toMatch(
      /^pod crashing is not Ready \(CrashLoopBackOff\) and in mode None, not Ambient, and so is 1 other/,
    );
  });

  it('of a lost journal has the end of its remedy, however long the names of workloads are', () => {
    const given = new NamespaceWorld({
      labels: { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'ambient' },
    }).situation();
    const names = Array.from({ length: 5 }, (_, n) => `${n}-${'long'.repeat(62)}`);
    const pods = names.map((name) =>
      plainPod({ name, annotations: captured.annotations, owner: { kind: 'Deployment', name } }),
    );
    const original = {
      namespaceUid: given.surroundings.namespace.uid,
      capturedAt: '2030-01-01T00:00:00Z',
      labels: [{ key: 'istio-injection', value: 'enabled' }, { key: 'istio.io/dataplane-mode' }],
    };
    const object = {
      ...given.object,
      status: { writtenPhase: 'Migrated', phase: 'Migrated', direction: 'Forward', original } as const,
    };
    const { status } = decide({
      ...given,
      object,
      surroundings: { ...given.surroundings, pods, workloads: names.map((name) => workload({ name })) },
    });

    expect(status.findings?.[0]?.id).toBe('MM007');
    expect(status.findings?.[0]?.fix).toMatch(
      /: wait a minute; restart the workloads in this order and wait for each: Deployment \d-(long)+, and then the others; kubectl label namespace shop --overwrite istio\.io\/dataplane-mode-/,
    );
    expect(status.message).toMatch(/istio\.io\/dataplane-mode-$/);
  });

  it('of a lost journal says of whom a restart by the template replaces no pod', () => {
    const given = new NamespaceWorld({
      labels: { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'ambient' },
    }).situation();
    const workloads = [
      workload({ kind: 'StatefulSet', name: 'db', strategy: 'OnDelete' }),
      workload({ kind: 'Deployment', name: 'web' }),
    ];
    const pods = workloads.map(({ kind, name }) =>
      plainPod({ name: `${name}-0`, annotations: captured.annotations, owner: { kind, name } }),
    );
    const object = { ...given.object, status: { writtenPhase: 'Migrated', direction: 'Forward' } as const };
    const { status } = decide({ ...given, object, surroundings: { ...given.surroundings, pods, workloads } });
    expect(status.findings?.[0]?.fix).toMatch(/wait for each: Deployment web, StatefulSet db \(delete its pods\)/);
  });
});
