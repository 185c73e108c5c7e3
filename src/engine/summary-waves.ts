import type { WaveStatus } from '../api/waves.ts';
import { counted } from '../base/counted.ts';
import { durationMs } from '../base/duration.ts';
import { say, stalled, tally, type Facts, type Summary } from './summary-parts.ts';

/** Why a wave that has arrived is not done yet. */
function soaking(last: WaveStatus, soak: string, watch: string): string {
  const since = last.arrivedAt ?? '';
  const looked = `is looked at for ${watch}, half a minute at least,`;
  if (last.unfinished > 0 && durationMs(soak) <= durationMs(watch))
    return `has arrived but for ${last.unfinished} that came to a stop, and ${looked} from ${since} on`;
  if (last.stopped !== undefined && durationMs(soak) <= durationMs(watch))
    return `has arrived, with ${last.stopped.length} that came to a stop before and go on by now, and ${looked} from ${since} on`;
  return durationMs(soak) > 0
    ? `soaks for ${soak} from ${since} on`
    : `has arrived, and is looked at for ${watch} and half a minute more since the operator was started, or a record made anew`;
}

function held({ name, total, unfinished }: WaveStatus, maxFailures: number): string {
  return total === 0
    ? `wave ${name} has no namespace in scope that it names, or that it had`
    : `wave ${name}: ${unfinished} of ${counted(total, 'namespace')} came to a stop or need a person, and its maxFailures is ${maxFailures}`;
}

/** Nothing is under way, and the next wave has not begun: why; undefined where that is not so. */
export function betweenWaves(facts: Facts): Summary | undefined {
  const { object, totals, waves } = facts;
  const last = waves.find(({ state }) => state !== 'Done');
  if (last?.state !== 'Held' && last?.state !== 'Soaking') return undefined;
  const { soak = '0s', maxFailures = 0 } = object.spec.waves.find(({ name }) => name === last.name) ?? {};
  if (last.state === 'Soaking')
    return say(
      'Migrating',
      'InProgress',
      'Soaking',
      `${tally(facts)}; wave ${last.name} ${soaking(last, soak, object.spec.restart.watch)}, before the next one begins`,
    );
  const rest = `${counted(totals.pending, 'namespace')} of later waves not started`;
  return stalled('Migrating', 'WaveHeld', `${held(last, maxFailures)}: ${rest}`);
}
