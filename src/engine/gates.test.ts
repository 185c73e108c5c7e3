import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import { Gate, GateStatus } from '../api/gates.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import type { Reading } from '../gates/judge.ts';
import type { Block } from '../gates/limit.ts';
import { decide } from './decide.ts';
import { wantedReadings } from './gates.ts';
import type { Decision, Situation } from './situation.ts';

const blockMs = 120_000;
const hourMs = 3_600_000;

function gate(name: string, given: Readonly<Record<string, unknown>> = {}): Gate {
  return Gate.parse({ name, prometheus: { preset: 'ErrorRate', maxIncrease: '0.5%' }, ...given });
}

function blocks(from: number, count: number, bad: number, total: number): readonly Block[] {
  return Array.from({ length: count }, (_each, n) => ({ at: (from + n + 1) * blockMs, bad, total }));
}

function read(bad: number, total: number): Reading {
  return {
    kind: 'Read',
    blockMs,
    observer: 'Callers',
    baseline: blocks(0, 30, 0, 100),
    since: blocks(30, 5, bad, total),
  };
}

const well = read(0, 100);
const ill = read(20, 100);
const unreachable: Reading = { kind: 'Unreachable', why: 'it answers HTTP 503' };

/** A namespace whose workloads are all restarted, and which goes on at this look if nothing holds it. */
function restarted(): Situation {
  const world = new NamespaceWorld();
  for (let round = 0; round < 400; round += 1) {
    for (const index of world.workloads.keys()) world.reconcileWorkload(index);
    for (const index of world.pods.keys()) world.tendPod(index);
    const situation = world.situation();
    const isOver = decide(situation).status.steps?.some(
      ({ name, completedAt }) => name === 'RestartWorkloads' && completedAt !== undefined,
    );
    if (isOver === true && world.status?.step === 'RestartWorkloads') return situation;
    world.operate();
    world.now += 1000;
  }
  throw new Error(`never came to it: ${JSON.stringify(world.status)}`);
}

const before = restarted();

interface Given {
  readonly gates: readonly Gate[];
  readonly readings?: Readonly<Record<string, Reading>>;
  /** For how long everything is waited for already. */
  readonly waitedMs?: number;
  readonly status?: Partial<NamespaceMigrationStatus>;
  readonly automatic?: boolean;
}

function looked({ gates, readings = {}, waitedMs = 0, status = {}, automatic = true }: Given): Decision {
  const spec = { ...before.spec, gates: [...gates], rollback: { ...migrationSpec().rollback, automatic } };
  const since = timestamp(before.now);
  const { object } = before;
  return decide({
    ...before,
    spec,
    object: { ...object, status: { ...object.status, gatesSince: since, ...status } },
    surroundings: { ...before.surroundings, spec },
    readings: { since, byGate: new Map(Object.entries(readings)) },
    waited: () => waitedMs,
  });
}

function stalled({ status: { conditions = [] } }: Decision): string | undefined {
  return conditions.find(({ type, status }) => type === 'Stalled' && status === 'True')?.reason;
}

describe('gates', () => {
  it('are not asked where there are none', () => {
    const { status } = looked({ gates: [], waitedMs: hourMs });
    expect([status.phase, status.gates]).toEqual(['Migrated', undefined]);
  });

  it('have a namespace go on when all of them pass, and not before', () => {
    const gates = [gate('errors'), gate('more')];
    const some = looked({ gates, readings: { errors: well }, waitedMs: hourMs });
    expect([some.status.step, some.status.message]).toEqual([
      'RestartWorkloads',
      'gate more: Prometheus cannot be asked: it has not been asked yet',
    ]);
    const all = looked({ gates, readings: { errors: well, more: well }, waitedMs: hourMs });
    expect(all.status.phase).toBe('Migrated');
    expect(all.status.gates).toMatchObject([
      { name: 'errors', verdict: 'Pass', reason: 'BelowLimit', bad: 0, total: 500, observer: 'Callers' },
      { name: 'more', verdict: 'Pass' },
    ]);
  });

  it('say of whom it is that they fail, where each is judged by himself, and who says so', () => {
    const refusals = gate('refusals', { prometheus: { preset: 'Refusals', maxIncrease: '1%' } });
    const part = { by: 'web', observer: 'Own', baseline: [], since: blocks(30, 1, 5, 5) };
    const { status } = looked({
      gates: [refusals],
      readings: { refusals: { ...(well as Extract<Reading, { kind: 'Read' }>), parts: [part] } },
    });
    expect(status.gates).toMatchObject([
      {
        verdict: 'Fail',
        observer: 'Own',
        bad: 5,
        message: 'too many are bad: 5 of 5, 100 %, at most 1.00 % allowed, Refusals of web by Own',
      },
    ]);
  });

  it.each([
    ['Latency', { slowerThan: '500ms' }, /nobody outside of the namespace tells both before and since/],
    ['Refusals', {}, /nobody outside of the namespace was let in before/],
  ])('say what %s has to have where there is nobody to ask', (preset, more, words) => {
    const nobody: Reading = { kind: 'Read', blockMs, baseline: [], since: [] };
    const { status } = looked({
      gates: [gate('one', { prometheus: { preset, maxIncrease: '1%', ...more } })],
      readings: { one: nobody },
      waitedMs: 30 * 60_000,
    });
    expect(status.gates).toMatchObject([
      { verdict: 'NoData', reason: 'NoSeries', message: expect.stringMatching(words) },
    ]);
    expect(status.direction).toBe('Forward');
  });

  it('write no larger count than a status takes, whoever makes it up', () => {
    const { status } = looked({ gates: [gate('errors')], readings: { errors: read(0, 1e20) }, waitedMs: hourMs });
    expect(status.gates?.map((each) => GateStatus.parse(each).total)).toEqual([Number.MAX_SAFE_INTEGER]);
  });

  it('soak, however well it looks', () => {
    const { status, next } = looked({ gates: [gate('errors')], readings: { errors: well }, waitedMs: 9 * 60_000 });
    expect(status.gates).toMatchObject([{ verdict: 'Inconclusive', reason: 'Soaking' }]);
    expect([status.step, next.kind]).toEqual(['RestartWorkloads', 'Wait']);
  });

  it('take a namespace back at once that fails one, in the watch already, with what was counted', () => {
    const { status } = looked({ gates: [gate('errors')], readings: { errors: ill } });
    expect(status).toMatchObject({
      direction: 'Backward',
      failure: {
        reason: 'GateFailed',
        message: expect.stringMatching(/^gate errors: too many are bad: 100 of 500, 20.0 %, at most .* allowed/),
      },
      gates: [{ verdict: 'Fail', reason: 'AboveLimit' }],
    });
  });

  it.each([
    ['the gate', { gates: [gate('errors', { onFail: 'Pause' })] }, 'GateHeld'],
    ['spec.rollback.automatic', { gates: [gate('errors')], automatic: false }, 'GateFailed'],
  ])('leave it where it is for a person where %s says so', (_what, given, reason) => {
    const failed = looked({ ...given, readings: { errors: ill } });
    expect([failed.status.direction, failed.status.phase, stalled(failed)]).toEqual(['Forward', 'Failed', reason]);
  });

  it('that take back decide before those that do not', () => {
    const gates = [gate('held', { onFail: 'Pause' }), gate('errors')];
    expect(looked({ gates, readings: { held: ill, errors: ill } }).status.failure?.reason).toBe('GateFailed');
  });

  it.each(['Inconclusive', 'Pass', 'Fail'])('of which nobody can be asked leave it where it is (%s)', (noData) => {
    const decision = looked({
      gates: [gate('errors', { noData })],
      readings: { errors: unreachable },
      waitedMs: 3 * hourMs,
    });
    expect([decision.status.phase, decision.status.step, stalled(decision)]).toEqual([
      'Migrating',
      'RestartWorkloads',
      'GateUndecided',
    ]);
    expect(decision.status.message).toMatch(/^gate errors: Prometheus cannot be asked: it answers HTTP 503, for 2h\. /);
  });

  it('believe nothing that was read from another time on', () => {
    const status = { gatesSince: timestamp(before.now + hourMs) };
    const { status: after } = looked({ gates: [gate('errors')], readings: { errors: ill }, status });
    expect(after.gates).toMatchObject([{ verdict: 'NoData', reason: 'NoTarget' }]);
  });

  it('count anew what is restarted after the others, and never what is to come', () => {
    const gatesSince = timestamp(before.now - hourMs);
    const workloads = (at: number): NamespaceMigrationStatus['workloads'] =>
      before.object.status?.workloads?.map((each) => ({ ...each, completedAt: timestamp(at) }));
    const after = (at: number): string | undefined =>
      looked({ gates: [gate('errors')], status: { gatesSince, workloads: workloads(at) } }).status.gatesSince;
    expect([after(before.now - 60_000), after(before.now - hourMs), after(before.now + 1000)]).toEqual([
      timestamp(before.now),
      gatesSince,
      gatesSince,
    ]);
  });

  it('store no number that is none to an API server, whatever was counted', () => {
    const { status } = looked({ gates: [gate('errors')], readings: { errors: read(0, 1e300) } });
    const [said] = status.gates ?? [];
    expect(GateStatus.safeParse(said).success).toBe(true);
  });

  it('store nothing for a piece of time that says the same, and make each sentence anew', () => {
    const said = (total: number, bad: number, before: readonly GateStatus[] = []): readonly GateStatus[] =>
      looked({ gates: [gate('errors')], readings: { errors: read(bad, total) }, status: { gates: [...before] } }).status
        .gates ?? [];
    const first = said(1000, 5);
    expect(first).toMatchObject([{ verdict: 'Inconclusive', bad: 25, total: 5000 }]);
    expect(said(1050, 5, first)).toEqual(first);
    const forged = first.map((each) => ({ ...each, message: 'call somebody' }));
    expect(said(1050, 5, forged)).toEqual(first);
    expect(said(1200, 5, first)).toMatchObject([{ bad: 25, total: 6000 }]);
    expect(said(1050, 6, first)).toMatchObject([{ bad: 30, total: 5250 }]);
  });

  it('say since when they say the same', () => {
    const first = looked({ gates: [gate('errors')], readings: { errors: well } }).status.gates ?? [];
    const since = '2029-12-31T00:00:00Z';
    const said = first.map((each) => ({ ...each, since }));
    const again = (reading: Reading): unknown =>
      looked({ gates: [gate('errors')], readings: { errors: reading }, status: { gates: said } }).status.gates?.[0]
        ?.since;
    expect([again(well), again(unreachable)]).toEqual([since, timestamp(before.now)]);
  });
});

describe('what gates read', () => {
  const spec = migrationSpec({ gates: [gate('errors')] });
  const status: NamespaceMigrationStatus = {
    direction: 'Forward',
    writtenPhase: 'Migrating',
    gatesSince: '2030-01-01T01:00:00Z',
    original: { namespaceUid: 'u', capturedAt: '2030-01-01T00:00:00Z', labels: [] },
  };

  it('is from before the first change and since the last restart', () => {
    expect(wantedReadings(spec, status)).toEqual({ before: Date.UTC(2030, 0, 1), since: Date.UTC(2030, 0, 1, 1) });
  });

  it('is nothing of before the first change, whatever is claimed', () => {
    const { since } = wantedReadings(spec, { ...status, gatesSince: '2020-01-01T00:00:00Z' }) ?? {};
    expect(since).toBe(Date.UTC(2030, 0, 1));
  });

  it.each<[string, Partial<NamespaceMigrationStatus>]>([
    ['on the way back', { direction: 'Backward', writtenPhase: 'RollingBack' }],
    ['at rest', { writtenPhase: 'Migrated' }],
    ['while paused', { writtenPhase: 'Paused' }],
  ])('is nothing %s', (_when, more) => {
    expect(wantedReadings(spec, { ...status, ...more })).toBeUndefined();
  });

  it('is nothing without gates, and before the last restart', () => {
    const { gatesSince: _since, ...earlier } = status;
    expect([wantedReadings(migrationSpec(), status), wantedReadings(spec, earlier)]).toEqual([undefined, undefined]);
  });
});
