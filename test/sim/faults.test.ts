import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/base/clock.ts';
import { oneIn } from '../support/sample.ts';
import type { Fault, FaultRule } from './apiserver/fault-rules.ts';
import type { FaultyTransport } from './apiserver/faults.ts';
import { whenToldBack, type Ways } from './kills.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimOperator } from './sim-operator.ts';
import { thereAndBack } from './there-and-back.ts';

/** Writes of the operator that matter here: not its Lease, not its events. */
const path = /^(?!.*\/(leases|events)).*$/;

/** What a Kubernetes API may legally do to a write. */
const legal: readonly Fault[] = [
  { kind: 'LostRequest' },
  { kind: 'LostResponse' },
  { kind: 'SlowResponse', ms: 3000 },
  { kind: 'Hang' },
  { kind: 'Refuse', status: 409 },
  { kind: 'Refuse', status: 429, retryAfterSeconds: 1 },
  { kind: 'Refuse', status: 500 },
  { kind: 'Refuse', status: 503 },
];

/**
 * Faults of one run are so many writes apart: a process, which remembers what it met, is long over the one when it
 * meets the next.
 */
const apart = 12;

/** The same fault at every twelfth write of each of the two ways; returns how many writes they took. */
async function runWithFaults(fault: Fault | undefined, first: number): Promise<Ways<number>> {
  let seen = 0;
  let there = 0;
  const rules: readonly FaultRule[] =
    fault === undefined ? [] : [{ match: { verb: 'Write', path }, nth: first, every: apart, fault }];
  await runOnSimulation(thereAndBack, {
    faults: rules,
    arrange(cluster, _operator, line) {
      const send = line.send.bind(line);
      line.send = async (request) => {
        if (request.method !== 'GET' && path.test(request.path)) seen += 1;
        return await send(request);
      };
      whenToldBack(cluster, () => {
        there = seen;
        for (const rule of rules) line.add(rule);
      });
    },
  });
  return { there, back: seen - there };
}

/**
 * As many writes as there must be at least for the last fault to be met, or to be left out with its write: a status
 * that is overtaken while an answer is slow is written once less.
 */
function enough(first: number, undisturbed: number): number {
  return undisturbed - ((undisturbed - first) % apart) - 1;
}

async function runWith(
  faults: readonly FaultRule[],
  disturb?: (line: FaultyTransport, clock: Clock) => void,
  seed = 1,
): Promise<SimOperator> {
  return await runOnSimulation(thereAndBack, {
    faults,
    seed,
    arrange(cluster, _operator, line) {
      disturb?.(line, cluster.clock);
    },
  });
}

describe('a migration there and back', () => {
  let undisturbed: Ways<number> | undefined;

  // Each kind of fault begins at another write, so that together they meet all of them.
  it.each(legal)(
    'ends the same with a fault at one write in three: %j',
    async (fault) => {
      undisturbed ??= await runWithFaults(undefined, 0);
      expect(undisturbed.there).toBeGreaterThan(20);
      expect(undisturbed.back).toBeGreaterThan(20);
      const [kind, begins] = [legal.indexOf(fault), [0, 3, 6, 9]];
      for (const first of oneIn(
        begins.length,
        begins.map((begin) => 1 + (kind % 3) + begin),
        kind,
      )) {
        const { there, back } = await runWithFaults(fault, first);
        expect(there).toBeGreaterThanOrEqual(enough(first, undisturbed.there));
        expect(back).toBeGreaterThanOrEqual(enough(first, undisturbed.back));
      }
    },
    600_000,
  );

  it('ends the same with every fifth write lost and every seventh answer lost', async () => {
    const faults = Array.from({ length: 40 }, (_, index): FaultRule => ({
      match: { verb: 'Write', path },
      nth: 2 + index * (index % 2 === 0 ? 5 : 7),
      fault: { kind: index % 2 === 0 ? 'LostRequest' : 'LostResponse' },
    }));
    await runWith(faults);
  });

  it('ends the same when the API server is away for ten minutes half-way', async () => {
    const operator = await runWith([], (line, clock) => {
      clock.timer(3000, () => {
        line.outage(true);
      });
      clock.timer(603_000, () => {
        line.outage(false);
      });
    });
    expect(operator.ended).toBeGreaterThan(0); // The Lease cannot be renewed, so the process ends, again and again.
  });

  // Watches are down longer than up then: a cache that is older than our own write must never be decided on.
  it.each([1, 2, 3, 7, 9, 12, 16, 21])(
    'ends the same when every watch breaks every two seconds (seed %d)',
    async (seed) => {
      await runWith(
        [],
        (line, clock) => {
          function cut(): void {
            line.cutWatches();
            clock.timer(2000, cut);
          }
          cut();
        },
        seed,
      );
    },
  );

  it('ends the same when the watches lag ten seconds behind', async () => {
    await runWith([], (line, clock) => {
      clock.timer(1500, () => {
        line.goStale(0);
      });
      clock.timer(11_500, () => {
        line.refresh();
      });
    });
  });

  it('ends the same when watches expire', async () => {
    await runWith([
      { match: { verb: 'Watch', path: /pods/ }, nth: 2, times: 2, fault: { kind: 'Expired', form: 'Event' } },
      {
        match: { verb: 'Watch', path: /namespacemigrations/ },
        nth: 1,
        times: 2,
        fault: { kind: 'Expired', form: 'Status' },
      },
    ]);
  });
});
