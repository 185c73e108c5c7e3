import type { Gate } from '../../src/api/gates.ts';
import { gate, GatedTraffic, goBad, startGated } from './gated-world.ts';
import type { Story } from './stalled-story.ts';

/** A gate fails, whatever becomes of the namespace; then what it counts is repaired. */
function failing(reason: string, phase: string, onFail: Gate['onFail']): Story {
  const traffic = new GatedTraffic();
  return {
    reason,
    of: 'bad',
    when: 'more requests fail than before',
    in: phase,
    run: { prometheus: () => traffic.options },
    async enter(world) {
      await startGated(world, [gate({ onFail })], 'bad');
      await goBad(world, traffic, world.ns('bad'));
    },
    mend() {
      traffic.flipsAt = Infinity;
      return Promise.resolve();
    },
    command: 'Last',
    then: 'Migrated',
  };
}

const away = new GatedTraffic();

/** What gates keep a namespace by. */
export const stalledGates: readonly Story[] = [
  failing('GateFailed', 'RolledBack', 'Rollback'),
  failing('GateHeld', 'Failed', 'Pause'),
  {
    reason: 'GateUndecided',
    of: 'good',
    when: 'Prometheus cannot be asked',
    run: { prometheus: () => away.options },
    async enter(world) {
      away.prometheus.away = 'ECONNREFUSED';
      await startGated(world, [gate()], 'good');
    },
    command: 'Last',
    then: 'RolledBack',
  },
];
