import { describe, expect, it } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import { fc } from '../../test/support/properties.ts';
import { config } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld, type WorldOptions } from '../../test/support/namespace-world.ts';
import { times } from '../../test/support/sample.ts';
import { StepName } from '../api/namespace-migration.ts';
import { journalAnnotation, restartAnnotation } from '../api/resources.ts';
import { decide } from './decide.ts';

/** One thing that happens. */
type Event =
  | { readonly kind: 'Operate'; readonly dies: boolean }
  | { readonly kind: 'Workload' | 'Tend' | 'DeletePod' | 'Break' | 'Heal'; readonly index: number }
  | { readonly kind: 'Pass'; readonly seconds: number }
  | { readonly kind: 'Edit'; readonly phase: string }
  | { readonly kind: 'Want'; readonly wanted: NamespaceWorld['wanted'] }
  | { readonly kind: 'Policy'; readonly present: boolean }
  | { readonly kind: 'Label'; readonly key: string; readonly value: string | null }
  | { readonly kind: 'LoseAnnotation' | 'LoseRecord' | 'StartJob' | 'EndJobs' | 'Forge' };

const index = fc.nat(5);
const work: fc.WeightedArbitrary<Event>[] = [
  { weight: 30, arbitrary: fc.constant<Event>({ kind: 'Operate', dies: false }) },
  { weight: 4, arbitrary: fc.constant<Event>({ kind: 'Operate', dies: true }) },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant('Workload' as const), index }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('Tend' as const), index }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('Pass' as const), seconds: fc.constantFrom(1, 2, 5, 90) }) },
];
const people: fc.WeightedArbitrary<Event>[] = [
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('Edit' as const),
      phase: fc.constantFrom('RollingBack', 'Paused', 'Migrating', 'Migrated', 'nonsense'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('Want' as const),
      wanted: fc.constantFrom('Plan' as const, 'Migrate' as const, 'Pause' as const, 'Rollback' as const),
    }),
  },
];
const mishaps: fc.WeightedArbitrary<Event>[] = [
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('DeletePod' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('Break' as const, 'Heal' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('Policy' as const), present: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Event>(
      { kind: 'LoseRecord' },
      { kind: 'Forge' },
      { kind: 'StartJob' },
      { kind: 'EndJobs' },
    ),
  },
];
const strangers: fc.WeightedArbitrary<Event>[] = [
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('Label' as const),
      key: fc.constantFrom('istio-injection', 'istio.io/dataplane-mode', 'istio.io/rev'),
      value: fc.constantFrom(null, 'enabled', 'disabled', 'ambient', 'none'),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Event>({ kind: 'LoseAnnotation' }) },
];

const httpPolicy = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });

const options: fc.Arbitrary<WorldOptions> = fc.record({
  automatic: fc.boolean(),
  hbone: fc.boolean(),
  labels: fc.constantFrom<Record<string, string>>(
    { 'istio-injection': 'enabled' },
    { 'istio.io/rev': 'canary' },
    { 'istio-injection': 'enabled', 'istio.io/rev': 'old' },
    { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'none' },
  ),
});

/** Somebody says that everything is done, of other labels, in words that no version knows. */
function forge(world: NamespaceWorld): void {
  const at = new Date(world.now).toISOString();
  const names = [...StepName.options, 'Later'].slice(-Math.max(1, (world.now / 1000) % 24));
  const labels = [{ key: 'istio.io/rev', value: 'evil' }];
  world.status = {
    ...world.status,
    direction: 'Forward',
    original: { namespaceUid: 'x', capturedAt: at, labels },
    labels,
    steps: names.map((name) => ({ name, startedAt: at, completedAt: at })),
  };
}

function happen(world: NamespaceWorld, event: Event): void {
  switch (event.kind) {
    case 'Operate':
      world.operate(event.dies);
      return;
    case 'Workload':
      world.reconcileWorkload(event.index);
      return;
    case 'Tend':
      world.tendPod(event.index);
      return;
    case 'DeletePod':
      world.deletePod(event.index);
      return;
    case 'Break':
    case 'Heal': {
      const owner = world.workloads[event.index % world.workloads.length];
      if (owner !== undefined) owner.breaks = event.kind === 'Break';
      return;
    }
    case 'Pass':
      world.pass(event.seconds * 1000);
      return;
    case 'Edit':
      if (world.status !== undefined) world.status = { ...world.status, phase: event.phase };
      return;
    case 'Want':
      world.wanted = event.wanted;
      return;
    case 'Policy':
      world.policies = event.present ? [httpPolicy] : [];
      return;
    case 'Label':
      world.setLabels({ [event.key]: event.value });
      return;
    case 'StartJob':
      world.startJob();
      return;
    case 'EndJobs':
      world.endJobs();
      return;
    case 'LoseRecord':
      world.status = undefined;
      return;
    case 'Forge':
      forge(world);
      return;
    case 'LoseAnnotation':
      world.loseAnnotation();
      return;
  }
}

/** Whether a pod that is created under these labels gets into a mesh. */
function isInMesh(labels: Readonly<Record<string, string | undefined>>): boolean {
  const { 'istio-injection': injection, 'istio.io/rev': revision, 'istio.io/dataplane-mode': mode } = labels;
  return injection === 'enabled' || (injection === undefined && revision !== undefined) || mode === 'ambient';
}

/** What our own write did to the labels (A and D in docs/safety.md). */
function checkWrite(
  world: NamespaceWorld,
  event: Event,
  before: { readonly inMesh: boolean; readonly labels: Readonly<Record<string, string>>; readonly writes: number },
): void {
  if (event.kind !== 'Operate' || world.writes.length === before.writes) return;
  const [last] = world.writes.slice(-1);
  if (last?.write.kind !== 'PatchNamespace' || !last.applied || isDeepStrictEqual(world.labels, before.labels)) return;
  const original = Object.fromEntries((last.status.original?.labels ?? []).map(({ key, value }) => [key, value]));
  if (before.inMesh && isInMesh(original)) expect({ mesh: isInMesh(world.labels) }).toEqual({ mesh: true });
  if (last.status.direction === 'Forward' && last.status.phase !== 'Migrated') {
    for (const { key, value } of last.status.labels ?? [])
      expect({ [key]: before.labels[key] }).toEqual({ [key]: value });
  }
}

/** How often each template was patched, by attempt and step. */
function templatePatches(world: NamespaceWorld): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { write, status, applied } of world.writes) {
    if (write.kind !== 'PatchTemplate' || !applied) continue;
    const key = `${write.workload.name} attempt ${status.attempt ?? 0} ${status.step ?? ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Runs the events and checks what has to hold after each of them. */
function run(world: NamespaceWorld, events: readonly Event[], check: () => void): void {
  for (const event of events) {
    const before = { inMesh: isInMesh(world.labels), labels: { ...world.labels }, writes: world.writes.length };
    happen(world, event);
    checkWrite(world, event, before);
    check();
  }
}

/**
 * What waits with a deadline, for a finding to go away for example, ends by it: only then nothing is left to happen.
 */
function outlastDeadlines(world: NamespaceWorld): void {
  for (let look = 0; look < 3; look += 1) {
    world.pass(90_000);
    world.settle();
  }
}

/**
 * After the last fault: it comes to rest, and then neither time nor a new process makes it write again (H in
 * docs/safety.md).
 */
function comeToRest(world: NamespaceWorld): void {
  world.settle();
  outlastDeadlines(world);
  const writes = world.writes.length + world.statusWrites;
  world.pass(3_600_000);
  for (let look = 0; look < 3; look += 1) expect(world.operate()).toBe('Nothing');
  expect(world.writes.length + world.statusWrites).toBe(writes);
}

function expectAsBefore(world: NamespaceWorld): void {
  expect(world.labels).toEqual(world.initial);
  expect(world.annotations?.[journalAnnotation]).toBeUndefined();
  for (const { name, annotations } of world.workloads) {
    const { [restartAnnotation]: _restart, ...others } = annotations ?? {};
    expect({ name, others }).toEqual({ name, others: name === 'db' ? { note: 'mine' } : {} });
  }
  expect(world.pods.filter(({ sidecar }) => !sidecar)).toEqual([]);
}

const headStart = fc.nat(40);

/** A world in which everything went well for some rounds, so that the events strike at any stage. */
function begun(given: WorldOptions, rounds: number): NamespaceWorld {
  const world = new NamespaceWorld(given);
  for (let round = 0; round < rounds; round += 1) world.round();
  return world;
}

const over: readonly (string | undefined)[] = ['RolledBack', 'Planned', 'Blocked', 'Pending'];

describe('decide in a small cluster', () => {
  it('migrates, restarting every workload once', () => {
    const world = new NamespaceWorld({ hbone: false });
    comeToRest(world);

    expect(world.status).toMatchObject({
      phase: 'Migrated',
      pods: { sidecar: 0, ambient: 4, none: 0, transitional: 0 },
    });
    expect(world.labels).toMatchObject({ 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' });
    expect([...templatePatches(world).entries()].sort()).toEqual([
      ['db attempt 1 RestartForHbone', 1],
      ['db attempt 1 RestartWorkloads', 1],
      ['web attempt 1 RestartForHbone', 1],
      ['web attempt 1 RestartWorkloads', 1],
    ]);
  });

  it('never leaves a pod without a mesh and always can go back, whatever happens in between', () => {
    fc.assert(
      fc.property(
        options,
        headStart,
        fc.array(fc.oneof(...work, ...people, ...mishaps), { maxLength: 120, size: 'max' }),
        fc.constantFrom('Migrate' as const, 'Rollback' as const, 'DeleteLeave' as const),
        (given, rounds, events, ending) => {
          const world = begun(given, rounds);
          run(world, events, () => {
            expect(world.naked()).toEqual([]);
            if (!world.atStart)
              expect(world.recordedOriginal()).toMatchObject(
                Object.fromEntries(Object.entries(world.initial).filter(([key]) => key.startsWith('istio'))),
              );
          });
          world.policies = [];
          world.settle();
          world.endJobs();
          for (const each of world.workloads) each.breaks = false;
          world.wanted = ending;
          comeToRest(world);
          expect(world.naked()).toEqual([]);
          if (ending === 'Rollback') expect(over).toContain(world.status?.phase);
          if (ending === 'DeleteLeave') expect([...over, 'Finalized']).toContain(world.status?.phase);
          expect([...over, 'Migrated', 'Finalized', 'Paused', 'Failed']).toContain(world.status?.phase);
          if (over.includes(world.status?.phase)) expectAsBefore(world);
          if (world.status?.phase === 'Migrated')
            expect(world.pods.filter(({ capture }) => capture !== 'enabled')).toEqual([]);
        },
      ),
      { numRuns: times(32, 100) },
    );
  }, 300_000);

  it('patches each template at most once in each direction when nobody interferes', () => {
    fc.assert(
      fc.property(
        options,
        headStart,
        fc.array(fc.oneof(...work, ...people), { maxLength: 120, size: 'max' }),
        (given, rounds, events) => {
          const world = begun(given, rounds);
          run(world, events, () => undefined);
          world.settle();
          for (const [key, count] of templatePatches(world)) expect({ key, count }).toEqual({ key, count: 1 });
        },
      ),
      { numRuns: times(32, 150) },
    );
  }, 300_000);

  it('stops for a stranger who changes its labels, and still ends', () => {
    fc.assert(
      fc.property(
        options,
        headStart,
        fc.array(fc.oneof(...work, ...people, ...strangers), { maxLength: 120, size: 'max' }),
        (given, rounds, events) => {
          const world = begun(given, rounds);
          run(world, events, () => {
            if (!world.atStart && world.annotations?.[journalAnnotation] !== undefined)
              expect(world.recordedOriginal()).toBeDefined();
          });
          comeToRest(world);
          expect(isDeepStrictEqual(decide(world.situation()), decide(world.situation()))).toBe(true);
        },
      ),
      { numRuns: times(32, 200) },
    );
  }, 300_000);
});
