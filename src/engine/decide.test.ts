import { describe, expect, it } from '@jest/globals';
import { config, namespace, plainPod, pod, surroundings } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import type { Finding } from '../api/common.ts';
import { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { journalAnnotation } from '../api/resources.ts';
import type { PodView } from '../mesh/views.ts';
import { decide } from './decide.ts';
import { observedLabels, toList } from './label-values.ts';
import { foreignChange, labelsStep } from './labels.ts';
import type { Decision, Situation } from './situation.ts';
import { verifyStep } from './verify.ts';

const httpPolicy = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });

/** A world in which everything goes well until `test` holds. */
function until(test: (world: NamespaceWorld) => boolean, world = new NamespaceWorld()): NamespaceWorld {
  for (let round = 0; !test(world); round += 1) {
    if (round > 200) throw new Error(`never came to it: ${JSON.stringify(world.status)}`);
    world.round();
  }
  return world;
}

function flipped(world: NamespaceWorld): boolean {
  return !world.atStart && world.status?.step === 'RestartWorkloads';
}

function edit(world: NamespaceWorld, phase: string): void {
  world.status = { ...world.status, phase };
}

describe('decide', () => {
  it('does not start a namespace that is frozen, and goes on with one that was begun before', () => {
    const world = new NamespaceWorld();
    const frozen = 'frozen by its annotation: "audit"';
    const { status, next } = decide({ ...world.situation(), frozen });
    expect(next.kind).toBe('Wait');
    expect(status).toMatchObject({
      phase: 'Paused',
      message: expect.stringMatching(/it is frozen .*kubectl annotate/),
    });
    expect(status.direction).toBeUndefined();
    const begun = until(flipped).situation();
    expect(decide({ ...begun, frozen })).toEqual(decide(begun));
  });

  it('writes nothing before the status that announces it is stored', () => {
    const world = new NamespaceWorld();
    for (let round = 0; round < 60; round += 1) {
      const { status, next, waits } = decide(world.situation());
      if (next.kind === 'Write' && JSON.stringify(status) === JSON.stringify(world.status))
        expect(decide(world.situation())).toEqual({ status, next, waits });
      world.round();
    }
    for (const { write, status } of world.writes) {
      if (write.kind === 'PatchTemplate')
        expect(
          status.workloads?.some(
            ({ name, step, completedAt }) =>
              name === write.workload.name && step === status.step && completedAt === undefined,
          ),
        ).toBe(true);
      else expect(status.original).toBeDefined();
    }
    expect(world.writes.length).toBeGreaterThan(3);
  });

  it('gives the same answer to the same picture, and does not touch it', () => {
    const world = until(flipped);
    const picture = world.situation();
    const copy = JSON.stringify(picture);

    expect(decide(picture)).toEqual(decide(picture));
    expect(JSON.stringify(picture)).toBe(copy);
  });

  it('records a failure even when the list of findings is full', () => {
    const world = until(flipped);
    const finding = { id: 'MM053', severity: 'Warning' as const, object: 'Pod shop/x', message: 'x', fix: 'x' };
    world.status = {
      ...world.status,
      findings: Array.from({ length: 100 }, (_each, n) => ({ ...finding, object: `Pod shop/${n}` })),
    };
    world.policies = [httpPolicy];
    const { status } = decide(world.situation());

    expect(status).toMatchObject({ direction: 'Backward', failure: { reason: 'CriticalFinding' } });
    expect(NamespaceMigrationStatus.parse(status)).toEqual(status);
    expect(status.failure?.message).toMatch(/^MM020/);
    expect(status.findings).toBeUndefined();
  });

  it('begins its message with why a command was not carried out, for ten minutes', () => {
    const world = until(({ status }) => status?.phase === 'Migrated');
    const { message } = world.status ?? {};
    edit(world, 'Migrated!');
    world.operate();

    expect(world.status?.message).toMatch(/ set status\.phase to "Migrated!": only RollingBack, .* Meanwhile: /);
    expect(world.status?.message?.endsWith(`. Meanwhile: ${message ?? ''}`)).toBe(true);
    expect(world.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toBe(message);
    const { status, next } = decide(world.situation());
    expect(status).toEqual(world.status);
    expect(next.kind === 'Wait' && next.until).toBe(Math.floor(world.now / 1000) * 1000 + 600_000);
    world.now += 601_000;
    expect(decide(world.situation()).status.message).toBe(message);
  });

  describe('findings', () => {
    const warning = { id: 'MM123', severity: 'Warning' as const, object: 'Namespace b', message: 'x', fix: 'x' };
    const unknown = { id: 'MM016', severity: 'Critical' as const, object: 'ConfigMap x/y', message: 'x', fix: 'x' };

    function resting(): NamespaceWorld {
      return until(({ status }) => status?.phase === 'Migrated');
    }

    /** What is said at a look at which the adapter finds these. */
    function told(
      { status }: NamespaceWorld,
      situation: Situation,
      found: readonly Finding[],
      more: Partial<Situation> = {},
    ): Decision {
      const adapter = { ...situation.adapter, findings: () => found };
      return decide({ ...situation, ...more, adapter, object: { ...situation.object, ...(status && { status }) } });
    }

    it('that hold it for a moment have no wait begin anew: what has died meanwhile fails in its time', () => {
      const world = until(flipped);
      const given = world.situation();
      expect(given.adapter.isUnknown(unknown)).toBe(true);
      expect(told(world, given, [unknown]).kept).toEqual({ except: [] });
      expect(told(world, given, []).kept).toBeUndefined();
    });

    it('are those of now at rest, whatever was found at the start', () => {
      const world = resting();
      world.status = { ...world.status, findings: [{ ...warning, id: 'MM101', severity: 'Info' }] };

      expect(told(world, world.situation(), [warning]).status).toMatchObject({
        findings: [warning],
        message: 'every pod is in its new data plane',
      });
    });

    it('alone are stored when they are due, and taken along by what else is stored', () => {
      const world = resting();
      world.status = told(world, world.situation(), []).status;
      const situation = world.situation();
      const kept = told(world, situation, [warning], { findingsDueInMs: 20_000 });

      expect(kept.status).toEqual(world.status);
      expect(kept.next).toEqual({ kind: 'Wait', until: situation.now + 20_000 });
      expect(
        told(world, situation, [{ ...warning, severity: 'Critical' }], { findingsDueInMs: 20_000 }).status.findings,
      ).toHaveLength(1);
    });

    it('are no news in another order', () => {
      const world = resting();
      const other = { ...warning, object: 'Namespace c' };
      world.status = told(world, world.situation(), [warning, other]).status;

      expect(told(world, world.situation(), [other, warning]).status).toEqual(world.status);
    });

    it('stay as long as something cannot be worked out, which is said before them', () => {
      const world = resting();
      world.status = told(world, world.situation(), [warning]).status;
      const { status } = told(world, world.situation(), [unknown]);

      expect(status.findings?.map(({ id }) => id)).toEqual(['MM016', 'MM123']);
      expect(status.message).toMatch(/^MM016/);
      world.status = status;
      expect(told(world, world.situation(), []).status.findings).toEqual([]);
    });

    it('of the way there are none on the way back and after it', () => {
      const world = until(flipped);
      world.status = { ...world.status, findings: [warning] };
      edit(world, 'RollingBack');
      world.settle();

      expect(world.status).toMatchObject({ phase: 'RolledBack' });
      expect(world.status.findings).toBeUndefined();
    });
  });

  it('does not make the flipped labels the original ones when somebody takes the record off the namespace', () => {
    const world = until(flipped);
    world.annotations = {};
    edit(world, 'Paused');
    world.settle();
    edit(world, 'Migrating');
    world.settle();
    edit(world, 'RollingBack');
    world.settle();

    expect(world.status?.phase).toBe('RolledBack');
    expect(world.labels).toEqual(world.initial);
  });

  it.each([
    ['RestartForHbone', new NamespaceWorld({ hbone: false })],
    ['Flip', new NamespaceWorld()],
  ])("takes labels that a step would set for a stranger's, at %s, where the journal does not say so", (step, given) => {
    const world = until(({ status }) => status?.step === step, given);
    world.setLabels({ 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' });
    const { status, next } = decide(world.situation());

    expect(status).toMatchObject({ phase: 'Paused', message: expect.stringContaining('changed by someone else') });
    expect(next.kind).toBe('Wait');

    edit(world, 'Migrating');
    world.settle();
    edit(world, 'RollingBack');
    world.settle();
    expect(world.labels).toEqual(world.initial);
  });

  it('knows them for its own when it died after sending them', () => {
    const world = until(
      ({ labels, status }) => labels['istio.io/dataplane-mode'] === 'ambient' && status?.step === 'Flip',
    );
    world.operate();

    expect(world.status).toMatchObject({
      phase: 'Migrating',
      message: expect.stringContaining('before RestartWorkloads relies on it'),
    });
  });

  it('comes back to the labels of before the first change, whatever it was told to go on with afterwards', () => {
    const world = until(flipped);
    for (const labels of [
      { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null },
      { 'istio-injection': 'disabled' },
    ]) {
      world.setLabels(labels);
      world.operate();
      edit(world, 'Migrating');
      world.operate();
    }
    edit(world, 'RollingBack');
    world.settle();

    expect(world.status?.phase).toBe('RolledBack');
    expect(world.labels).toEqual(world.initial);
  });

  it('goes back when a policy that needs HTTP appears half-way, or stops if it is not to go back by itself', () => {
    for (const [automatic, phase] of [
      [true, 'RolledBack'],
      [false, 'Failed'],
    ] as const) {
      const world = until(flipped, new NamespaceWorld({ automatic }));
      world.policies = [httpPolicy];
      world.settle();
      expect(world.status).toMatchObject({ phase, failure: { reason: 'CriticalFinding' } });
    }
  });

  it('names a write that is refused again and again, and keeps trying', () => {
    const world = until(({ status }) => status?.step === 'Flip' && status.writtenPhase === 'Migrating');
    const refusals = new Map([['PATCH /api/v1/namespaces/shop', { count: 3, message: 'forbidden' }]]);
    const { status, next } = decide({ ...world.situation(), refusals });

    expect(status.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'WriteRefused',
    });
    expect(next.kind).toBe('Write');
  });

  it.each([
    ['refused', {}],
    ['changed back', { undone: true }],
  ] as const)('keeps a command for later while the journal is %s again and again', (_how, kind) => {
    const world = new NamespaceWorld();
    world.settle();
    edit(world, 'RollingBack');
    const refusals = new Map([['PATCH /api/v1/namespaces/shop', { count: 3, message: 'not taken', ...kind }]]);
    const { status, next } = decide({ ...world.situation(), refusals });

    expect(status).toMatchObject({ phase: 'RollingBack', writtenPhase: 'Migrated' });
    expect(next.kind).toBe('Write');
    world.settle();
    expect(world.status?.writtenPhase).toBe('RolledBack');
  });

  it('brings pods back that a stranger took out of a migrated namespace, when a person says to go on', () => {
    const world = new NamespaceWorld();
    world.settle();
    world.setLabels({ 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null });
    while (world.pods.some(({ sidecar }) => !sidecar)) {
      world.deletePod(world.pods.findIndex(({ sidecar }) => !sidecar));
      world.round();
    }
    world.settle();
    expect(world.status?.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'ForeignChange',
    });
    edit(world, 'Migrating');
    world.settle();

    expect(world.status?.phase).toBe('Migrated');
    expect(world.pods.filter(({ capture }) => capture !== 'enabled')).toEqual([]);
    edit(world, 'RollingBack');
    world.settle();
    expect(world.status?.phase).toBe('RolledBack');
    expect(world.labels).toEqual(world.initial);
  });

  it('does not believe that a step is done which protects, only because its status says so', () => {
    const world = until(({ status }) => status?.step === 'RestartForHbone', new NamespaceWorld({ hbone: false }));
    const at = new Date(world.now).toISOString();
    const steps = [
      'Preflight',
      'Snapshot',
      'Baseline',
      'RestartForHbone',
      'Flip',
      'RestartWorkloads',
      'Verify',
    ] as const;
    world.status = { ...world.status, steps: steps.map((name) => ({ name, startedAt: at, completedAt: at })) };
    const { status, next } = decide(world.situation());

    expect(status).toMatchObject({ phase: 'Migrating', step: 'RestartForHbone' });
    expect(next.kind).not.toBe('Journal');
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Migrated', pods: { ambient: 4 } });
  });

  it('goes on from a record with steps and a phase of another version, and can go back', () => {
    const world = until(flipped);
    const at = new Date(world.now).toISOString();
    const more = Array.from({ length: 33 }, (_each, n) => ({ name: `Later${n}`, startedAt: at, completedAt: at }));
    world.status = {
      ...world.status,
      phase: 'Elsewhere',
      writtenPhase: 'Elsewhere',
      step: 'Later1',
      steps: [...more, ...(world.status?.steps ?? [])],
    };
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Migrated' });
    world.status = { ...world.status, phase: 'Elsewhere', writtenPhase: 'Elsewhere', steps: more.slice(1) };
    world.wanted = 'Rollback';
    world.settle();

    expect(world.status).toMatchObject({ phase: 'RolledBack' });
    expect(world.labels).toEqual(world.initial);
  });

  it('starts nothing from labels that are half-way when nobody knows any more what they were, and says so', () => {
    for (const wanted of ['Migrate', 'Rollback'] as const) {
      const world = until(flipped);
      world.operate(true);
      world.annotations = {};
      world.wanted = wanted;
      const {
        labels,
        writes: { length },
      } = world;
      for (let round = 0; round < 5; round += 1) world.operate();

      expect(world.status).toMatchObject({
        phase: 'Blocked',
        message: expect.stringContaining('taken away half-way'),
        findings: [{ id: 'MM007', fix: expect.stringContaining('istio-injection=enabled') }],
      });
      expect([world.labels, world.writes.length]).toEqual([labels, length]);
    }
  });

  it('is finalized when its own seal has removed the journal, whatever is wanted before the status says so', () => {
    for (const wanted of ['Rollback', 'Migrate', 'Plan', 'Pause'] as const) {
      const world = until(({ status }) => status?.phase === 'Migrated');
      world.wanted = 'Finalize';
      until(({ annotations }) => annotations?.[journalAnnotation] === undefined, world);
      expect(world.status).toMatchObject({ phase: 'Migrated' });
      world.wanted = wanted;
      const { labels } = world;
      world.settle();

      expect(world.status).toMatchObject({ phase: 'Finalized' });
      expect(world.labels).toEqual(labels);
    }
  });

  it('believes no step of the way back of which nothing is seen', () => {
    const world = until(flipped);
    edit(world, 'RollingBack');
    until(({ status }) => status?.direction === 'Backward', world);
    const at = new Date(world.now).toISOString();
    const steps = ['RestoreLabels', 'RestoreWorkloads', 'RestoreCapture', 'VerifyRestored'].map((name) => ({
      name,
      startedAt: at,
      completedAt: at,
    }));
    const workloads =
      world.status?.workloads?.map((record) => ({ ...record, step: 'RestoreWorkloads', completedAt: at })) ?? [];
    world.status = { ...world.status, steps, workloads };
    world.settle();

    expect(world.status).toMatchObject({ phase: 'RolledBack', pods: { sidecar: 4 } });
    expect(world.labels).toEqual(world.initial);
  });

  it('goes on after its record was lost, by what the namespace tells', () => {
    const world = until(flipped);
    world.status = undefined;
    world.settle();

    expect(world.status).toMatchObject({ phase: 'Migrated' });
    world.wanted = 'Rollback';
    world.settle();
    expect(world.status).toMatchObject({ phase: 'RolledBack' });
    expect(world.labels).toEqual(world.initial);
  });

  it('changes nothing while it is planned, blocked, not admitted or paused before the start', () => {
    for (const change of [
      { wanted: 'Plan' },
      { blockers: [{ id: 'MM002', severity: 'Critical', object: 'x', message: 'x', fix: 'x' }] },
      { notAdmitted: 'waits' },
      { wanted: 'Rollback' },
      { wanted: 'Finalize' },
    ] as readonly Partial<Situation>[]) {
      const { status, next } = decide({ ...new NamespaceWorld().situation(), ...change });
      expect(next).toEqual({ kind: 'Wait' });
      expect(status.direction).toBeUndefined();
    }
  });
});

describe('labelsStep', () => {
  it.each([true, false])(
    'holds the capture while a pod needs it, and needs a person unless that pod is terminating (%s)',
    (terminating) => {
      const world = until(flipped);
      const held: PodView = plainPod({ terminating, annotations: { 'ambient.istio.io/redirection': 'enabled' } });
      const given = {
        ...world.situation(),
        surroundings: surroundings({
          namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
          pods: [held],
        }),
      };
      const work = { kind: 'Labels', targets: { 'istio.io/dataplane-mode': null }, heldBy: () => true } as const;
      const outcome = labelsStep(given, {}, work);

      expect(outcome.kind === 'Wait' && [outcome.kind, outcome.stuck === true]).toEqual(['Wait', !terminating]);
      expect(labelsStep(given, {}, { ...work, heldBy: () => false })).toMatchObject({ kind: 'Write' });
    },
  );
});

describe('foreignChange', () => {
  it('names the label, its values and who set it', () => {
    const world = until(flipped);
    const given = world.situation();
    const labels = toList(observedLabels(given));
    const changed = {
      ...given,
      surroundings: {
        ...given.surroundings,
        namespace: namespace({
          labels: { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'ambient' },
          labelManagers: { 'istio-injection': 'argocd' },
        }),
      },
    };

    expect(foreignChange(given, { labels })).toBeUndefined();
    expect(foreignChange(changed, { labels })).toContain(
      'istio-injection is enabled instead of disabled (set by argocd)',
    );
    expect(foreignChange(changed, {})).toBeUndefined();
  });
});

describe('verifyStep', () => {
  const world = new NamespaceWorld(); // 10 seconds to be enrolled, a minute to become Ready
  /** `outside` and `ready`: seconds for which the pods were seen outside their mode, and Ready there. */
  const verify = (pods: readonly PodView[], outside: number, ready: number): ReturnType<typeof verifyStep> => {
    const given = world.situation();
    const waited = (wait: string): number => (wait.startsWith('Verify of Ready pod') ? ready : outside) * 1000;
    return verifyStep(
      {
        ...given,
        waited,
        surroundings: {
          ...given.surroundings,
          pods: pods.map((each) => ({ ...each, owner: { kind: 'Deployment', name: 'web' } })),
        },
      },
      { kind: 'Verify', mode: 'Ambient' },
      'Verify',
    );
  };
  const enrolled = plainPod({ annotations: { 'ambient.istio.io/redirection': 'enabled' } });

  it.each<[string, readonly PodView[], number, number, string]>([
    ['every pod in its mode', [enrolled], 100, 100, 'Done'],
    ['a pod that is Ready and not enrolled yet', [enrolled, plainPod()], 9, 9, 'Wait'],
    ['one that is too late', [enrolled, plainPod()], 10, 10, 'Failed'],
    ['one that became Ready late', [plainPod()], 59, 9, 'Wait'],
    ['one that is Ready now and then', [plainPod()], 70, 1, 'Failed'],
    ['one that is not Ready yet', [plainPod({ ready: false })], 59, 0, 'Wait'],
    ['one that never becomes Ready', [plainPod({ ready: false })], 60, 0, 'Failed'],
    ['one that still has its sidecar', [pod()], 10, 10, 'Failed'],
    ['one on its way out', [pod({ terminating: true })], 100, 100, 'Done'],
    ['one that no data plane takes', [plainPod({ hostNetwork: true })], 100, 100, 'Done'],
  ])('judges %s', (_case, pods, outside, ready, kind) => {
    expect(verify(pods, outside, ready).kind).toBe(kind);
  });
});
