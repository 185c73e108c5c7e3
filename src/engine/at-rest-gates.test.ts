import { describe, expect, it } from '@jest/globals';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import { Stopwatch } from '../operator/stopwatch.ts';
import { rest } from './at-rest.ts';
import { noting } from './waits.ts';

const lookMs = 15_000;
const at = '2029-01-01T00:00:00Z';
const steps = ['EnsureWaypoint', 'CopyPolicies'].map((name) => ({ name, startedAt: at, completedAt: at }));
const status = { direction: 'Forward', attempt: 1, workloads: [], phase: 'Migrated', itinerary: 'L7', steps } as never;

function step(name: string, missing: string | undefined): StepPlan {
  return { name, why: '', work: { kind: 'Check' }, gate: () => missing } as unknown as StepPlan;
}

/** When a gate that is lost for good is told as lost, which takes a minute, while one before it is lost for one look in so many. */
function toldAfterMs(every: number): number {
  const given = new NamespaceWorld().situation();
  let { now } = given;
  const stopwatch = new Stopwatch({ monotonic: () => now });
  for (let look = 0; look < 200; look += 1) {
    const flickers = look % every === every - 1 ? 'a pod' : undefined;
    const forward = [step('EnsureWaypoint', flickers), step('CopyPolicies', 'not accepted')];
    const noted = noting({ ...given, now, waited: stopwatch.read('shop') });
    const followed = { status, refused: false, faults: new Map(), pending: new Map(), behind: [] };
    const draft = rest(noted.situation, status, { forward, backward: [] }, followed);
    stopwatch.looked('shop', [...noted.waits], noted.kept().kept);
    if (draft.verdict.state === 'Stalled' && draft.verdict.reason === 'GateLost') return now - given.now;
    now += lookMs;
  }
  return Infinity;
}

describe('a gate that is lost for good at rest', () => {
  it('is told when its time is over', () => {
    expect(toldAfterMs(Infinity)).toBe(60_000);
  });

  it('is told though one before it comes and goes, whose looks do not count', () => {
    expect(toldAfterMs(4)).toBeLessThan(180_000);
  });
});
