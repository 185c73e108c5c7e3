import { describe, expect, it } from '@jest/globals';
import { conditionsFor, type Verdict } from '../engine/conditions.ts';
import type { GateStatus } from '../api/gates.ts';
import { newsOf } from './news.ts';

const moving: Verdict = { state: 'InProgress', reason: 'Flip', message: 'patching' };
const stuck: Verdict = { state: 'Stalled', reason: 'GateLost', message: 'no waypoint' };

function status(
  phase: string,
  verdict: Verdict,
  more: { readonly step?: string; readonly failure?: { readonly reason: string; readonly message: string } } = {},
) {
  return { phase, writtenPhase: phase, conditions: conditionsFor(verdict, undefined, 1, 0), ...more };
}

describe('newsOf', () => {
  it('tells nothing of a message that changes', () => {
    expect(newsOf(status('Migrating', moving), status('Migrating', { ...moving, message: 'other' }))).toEqual([]);
  });

  it('tells a step, a phase, and that something is stalled or is no longer', () => {
    const told = (before: object, after: object) =>
      newsOf(before, after).map(({ type, reason, note }) => [type, reason, note]);

    expect(told(status('Migrating', moving), status('Migrating', moving, { step: 'Flip' }))).toEqual([
      ['Normal', 'Flip', 'patching'],
    ]);
    expect(told({}, status('Blocked', stuck))).toEqual([['Warning', 'Blocked', 'no waypoint']]);
    expect(told(status('Migrated', moving), status('Migrated', stuck))).toEqual([
      ['Warning', 'GateLost', 'no waypoint'],
    ]);
    expect(told(status('Migrated', stuck), status('Migrated', moving))).toEqual([['Normal', 'Migrated', 'patching']]);
  });

  it('tells a failure before the rollback that it starts', () => {
    const failure = { reason: 'WorkloadUnavailable', message: 'pod x crashes' };
    const after = status('RollingBack', moving, { failure });

    expect(newsOf(status('Migrating', moving), after).map(({ reason, note }) => [reason, note])).toEqual([
      ['WorkloadUnavailable', 'pod x crashes'],
      ['RollingBack', 'patching'],
    ]);
    expect(newsOf(after, after)).toEqual([]);
  });

  it('tells each other verdict of a gate, and not that it counts more', () => {
    const gate = (verdict: GateStatus['verdict'], message: string): GateStatus => ({
      name: 'errors',
      verdict,
      reason: '',
      message,
      since: '2030-01-01T00:00:00Z',
    });
    const told = (before: readonly GateStatus[], after: readonly GateStatus[]) =>
      newsOf({ ...status('Migrating', moving), gates: before }, { ...status('Migrating', moving), gates: after }).map(
        ({ type, reason, note }) => [type, reason, note],
      );

    expect(told([], [gate('NoData', 'not yet')])).toEqual([]);
    expect(told([gate('NoData', '')], [gate('Inconclusive', '1 of 9')])).toEqual([
      ['Normal', 'GateInconclusive', 'gate errors: 1 of 9'],
    ]);
    expect(told([gate('Inconclusive', '1 of 9')], [gate('Inconclusive', '1 of 10')])).toEqual([]);
    expect(told([gate('Inconclusive', '')], [gate('Fail', '9 of 10')])).toEqual([
      ['Warning', 'GateFail', 'gate errors: 9 of 10'],
    ]);
  });

  it('tells once why a command was not carried out', () => {
    const answered = {
      ...status('Migrated', moving),
      conditions: conditionsFor(moving, undefined, 1, 0, 'bank would go back with it'),
    };

    expect(newsOf(status('Migrated', moving), answered).map(({ type, reason, note }) => [type, reason, note])).toEqual([
      ['Warning', 'CommandRejected', 'bank would go back with it'],
    ]);
    expect(newsOf(answered, answered)).toEqual([]);
  });
});
