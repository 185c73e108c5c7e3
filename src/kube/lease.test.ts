import { describe, expect, it } from '@jest/globals';
import { LeaseServer } from '../../test/sim-kube/lease-server.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import { sleep } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { LeaseLostError } from './lease-term.ts';
import { LeaderElector } from './lease.ts';

/** A candidate that does nothing but lead until it is told to stop. */
class Candidate {
  readonly elector: LeaderElector;
  readonly stop = new AbortController();
  readonly ended: Promise<void>;
  leaderSignal: AbortSignal | undefined;
  error: unknown;

  constructor(
    identity: string,
    server: LeaseServer,
    clock: Clock,
    afterStop: () => Promise<void> = async () => {
      await Promise.resolve();
    },
  ) {
    const random = seededRandom(identity.charCodeAt(0));
    this.elector = new LeaderElector({
      transport: server.transport(identity),
      clock,
      random,
      log: silentLogger,
      namespace: 'mesh-migration',
      name: 'operator',
      identity,
    });
    this.ended = this.elector
      .run(this.stop.signal, async (leaderSignal) => {
        this.leaderSignal = leaderSignal;
        await new Promise<void>((resolve) => {
          leaderSignal.addEventListener('abort', () => {
            resolve();
          });
        });
        await afterStop();
      })
      .catch((error: unknown) => {
        this.error = error;
      });
  }

  get leads(): boolean {
    return this.elector.isLeader();
  }
}

function setUp() {
  return { clock: new VirtualClock(), server: new LeaseServer() };
}

describe('LeaderElector', () => {
  it('creates the lease, renews it and counts no transition', async () => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock);
    await clock.advance(60_000);

    expect(a.leads).toBe(true);
    expect(server.lease?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:01:00.000000Z',
    });
    expect(server.writes).toEqual(['POST a', ...Array<string>(30).fill('PUT a')]);
    a.stop.abort();
    await clock.run(a.ended);
  });

  it('lets one of two lead, and the other take over soon after a release', async () => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock);
    await clock.advance(1_000);
    const b = new Candidate('b', server, clock);
    await clock.advance(60_000);
    expect([a.leads, b.leads]).toEqual([true, false]);

    a.stop.abort();
    await clock.run(a.ended);
    const released = clock.monotonic();
    expect(server.lease?.spec.holderIdentity).toBe('');
    await clock.run(() => b.leads);

    expect(clock.monotonic() - released).toBeLessThanOrEqual(2_000 * 2.2);
    expect(server.lease?.spec.leaseTransitions).toBe(1);
    expect(a.error).toBeUndefined();
  });

  it('releases only after the work has ended, and renews until then', async () => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock, () => sleep(clock, 20_000));
    await clock.advance(1_000);
    a.stop.abort();
    await clock.advance(19_000);
    expect([a.leads, server.lease?.spec.holderIdentity]).toEqual([true, 'a']);

    await clock.run(a.ended);

    expect([a.leads, server.lease?.spec.holderIdentity]).toEqual([false, '']);
  });

  it('is not overtaken by a renewal when it gives the lease back', async () => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock);
    await clock.advance(1_000);
    server.lines.set('a', { delayMs: 500, clock });
    await clock.advance(1_250);
    a.stop.abort();

    await clock.run(a.ended);

    expect(server.writes).toEqual(['POST a', 'PUT a', 'PUT ']);
  });

  it.each(['partitioned', 'answers-lost'] as const)('never has two leaders when one is %s', async (line) => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock);
    await clock.advance(7_000);
    const b = new Candidate('b', server, clock);
    server.lines.set('a', line);
    const lastRenewal = server.writes.length;
    const both: number[] = [];
    let lostAt = Infinity;
    for (let i = 0; i < 600; i += 1) {
      await clock.advance(100);
      if (a.leads && b.leads) both.push(clock.monotonic());
      if (!a.leads) lostAt = Math.min(lostAt, clock.monotonic());
    }

    expect(both).toEqual([]);
    expect(lostAt).toBeLessThanOrEqual(6_000 + 10_000);
    expect(a.error).toBeInstanceOf(LeaseLostError);
    expect(a.leaderSignal?.reason).toBeInstanceOf(LeaseLostError);
    expect(b.leads).toBe(true);
    expect(server.writes.length).toBeGreaterThan(lastRenewal);
    b.stop.abort();
    await clock.run(b.ended);
  });

  it('goes on leading when a single renewal was committed without an answer', async () => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock);
    await clock.advance(1_000);
    server.lines.set('a', 'answers-lost');
    await clock.advance(2_000);
    server.lines.set('a', 'up');
    await clock.advance(30_000);

    expect([a.leads, server.lease?.spec.leaseTransitions]).toEqual([true, 0]);
    a.stop.abort();
    await clock.run(a.ended);
  });

  it('judges expiry by its own observation, not by the times in the lease', async () => {
    const { clock, server } = setUp();
    const spec = {
      holderIdentity: 'z',
      leaseDurationSeconds: 15,
      leaseTransitions: 3,
      acquireTime: '1999-01-01T00:00:00.000000Z',
      renewTime: '1999-01-01T00:00:00.000000Z',
    };
    server.lease = { metadata: { resourceVersion: '77' }, spec };
    const a = new Candidate('a', server, clock);
    await clock.advance(14_900);
    expect(a.leads).toBe(false);

    await clock.run(() => a.leads);

    expect(clock.monotonic()).toBeLessThanOrEqual(15_000 + 4_400);
    expect(server.lease.spec.leaseTransitions).toBe(4);
    a.stop.abort();
    await clock.run(a.ended);
  });

  it('stops at once when another holds the lease', async () => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock);
    await clock.advance(1_000);
    if (server.lease !== undefined) {
      server.lease = { metadata: { resourceVersion: '900' }, spec: { ...server.lease.spec, holderIdentity: 'thief' } };
    }
    await clock.run(a.ended);

    expect(clock.monotonic()).toBe(2_000);
    expect(String(a.error)).toContain('"thief" holds the lease now');
    expect(server.lease?.spec.holderIdentity).toBe('thief');
  });

  it('does not lead again after having been suspended past its deadline', async () => {
    const { server } = setUp();
    let jump = 0;
    const inner = new VirtualClock();
    const clock: Clock = {
      now: () => inner.now() + jump,
      monotonic: () => inner.monotonic() + jump,
      timer: (ms, callback) => inner.timer(ms, callback),
    };
    const a = new Candidate('a', server, clock);
    await inner.advance(1_000);
    jump = 11_000;

    expect(a.leads).toBe(false);
    await inner.run(a.ended);
    expect(a.error).toBeInstanceOf(LeaseLostError);
  });

  it('ends with the error of the work and gives the lease back', async () => {
    const { clock, server } = setUp();
    const elector = new LeaderElector({
      transport: server.transport('a'),
      clock,
      random: () => 0,
      log: silentLogger,
      namespace: 'n',
      name: 'l',
      identity: 'a',
    });

    await expect(
      clock.run(
        elector.run(new AbortController().signal, async () => {
          await Promise.reject(new Error('bug'));
        }),
      ),
    ).rejects.toThrow('bug');

    expect(server.lease?.spec.holderIdentity).toBe('');
  });

  it('stops waiting when it is told to', async () => {
    const { clock, server } = setUp();
    const a = new Candidate('a', server, clock);
    await clock.advance(1_000);
    const b = new Candidate('b', server, clock);
    await clock.advance(5_000);
    b.stop.abort();

    await clock.run(b.ended);

    expect([b.leaderSignal, b.error, a.leads]).toEqual([undefined, undefined, true]);
    a.stop.abort();
    await clock.run(a.ended);
  });
});
