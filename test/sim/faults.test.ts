import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/base/clock.ts';
import type { Fault, FaultRule } from './apiserver/fault-rules.ts';
import type { FaultyTransport } from './apiserver/faults.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimOperator } from './sim-operator.ts';
import { thereAndBack } from './there-and-back.ts';

/** Writes of the operator that matter here: not its Lease, not its events. */
const path = /^(?!.*\/(leases|events)).*$/;

/** What a Kubernetes API may legally do to a write. */
const legal: readonly Fault[] = [
  { kind: 'LostRequest' }, { kind: 'LostResponse' }, { kind: 'SlowResponse', ms: 3000 }, { kind: 'Hang' },
  { kind: 'Refuse', status: 409 }, { kind: 'Refuse', status: 429, retryAfterSeconds: 1 }, { kind: 'Refuse', status: 500 }, { kind: 'Refuse', status: 503 },
];

/** How many requests of the operator a rule has looked at, and so whether its fault was met. */
function counting(line: FaultyTransport): () => number {
  let count = 0;
  const send = line.send.bind(line);
  line.send = async (request) => {
    if (request.method !== 'GET' && path.test(request.path)) count += 1;
    return await send(request);
  };
  return () => count;
}

async function runWith(faults: readonly FaultRule[], disturb?: (line: FaultyTransport, clock: Clock) => void, seed = 1): Promise<SimOperator> {
  return await runOnSimulation(thereAndBack, { faults, seed, arrange(cluster, _operator, line) { disturb?.(line, cluster.clock); } });
}

describe('a migration there and back', () => {
  // Each kind of fault begins at another write, so that together they meet all of them.
  it.each(legal)('ends the same with a fault at one write in three: %j', async (fault) => {
    let seen = (): number => 0;
    const disturb = (line: FaultyTransport): void => { seen = counting(line); };
    await runWith([], disturb);
    const writes = seen();
    expect(writes).toBeGreaterThan(20);
    for (let nth = 1 + legal.indexOf(fault) % 3; nth <= writes; nth += 3) {
      await runWith([{ match: { verb: 'Write', path }, nth, fault }], disturb);
      expect(seen()).toBeGreaterThanOrEqual(nth);
    }
  }, 600_000);

  it('ends the same with every fifth write lost and every seventh answer lost', async () => {
    const faults = Array.from({ length: 40 }, (_, index): FaultRule => ({
      match: { verb: 'Write', path }, nth: 2 + index * (index % 2 === 0 ? 5 : 7), fault: { kind: index % 2 === 0 ? 'LostRequest' : 'LostResponse' },
    }));
    await runWith(faults);
  });

  it('ends the same when the API server is away for ten minutes half-way', async () => {
    const operator = await runWith([], (line, clock) => {
      clock.timer(3000, () => { line.outage(true); });
      clock.timer(603_000, () => { line.outage(false); });
    });
    expect(operator.ended).toBeGreaterThan(0); // The Lease cannot be renewed, so the process ends, again and again.
  });

  // Watches are down longer than up then: a cache that is older than our own write must never be decided on.
  it.each([1, 2, 3, 7, 9, 12, 16, 21])('ends the same when every watch breaks every two seconds (seed %d)', async (seed) => {
    await runWith([], (line, clock) => {
      function cut(): void {
        line.cutWatches();
        clock.timer(2000, cut);
      }
      cut();
    }, seed);
  });

  it('ends the same when the watches lag ten seconds behind', async () => {
    await runWith([], (line, clock) => {
      clock.timer(1500, () => { line.goStale(0); });
      clock.timer(11_500, () => { line.refresh(); });
    });
  });

  it('ends the same when watches expire', async () => {
    await runWith([
      { match: { verb: 'Watch', path: /pods/ }, nth: 2, times: 2, fault: { kind: 'Expired', form: 'Event' } },
      { match: { verb: 'Watch', path: /namespacemigrations/ }, nth: 1, times: 2, fault: { kind: 'Expired', form: 'Status' } },
    ]);
  });
});
