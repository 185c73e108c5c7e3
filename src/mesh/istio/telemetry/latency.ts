import type { Asked, GateQuestion } from '../../gate-telemetry.ts';
import { byCallers, calledBy, ofCallers } from './gate-observers.ts';
import { increase, increases, spoken, summed } from './spoken-counts.ts';

const durations = 'istio_request_duration_milliseconds';

/** As Prometheus 2 writes a bound, and as Prometheus 3 does (`model.Bucket`: a float has a point). */
function boundOf(ms: number): string {
  const written = String(ms);
  return `le=~"${written.replace('.', '[.]')}${Number.isInteger(ms) ? `|${written}[.]0` : ''}"`;
}

/**
 * Requests that took longer than a bound of the histogram. Of callers alone: each data plane measures something else.
 * Pods choose their buckets (`sidecar.istio.io/statsHistogramBuckets`): those without this bound count in neither.
 */
export function latency(asked: Asked): readonly GateQuestion[] {
  const { slowerThanMs } = asked;
  if (slowerThanMs === undefined) return [];
  const all = calledBy(asked, `${durations}_count`);
  const fast = calledBy(asked, `${durations}_bucket`, [boundOf(slowerThanMs)]);
  const total = summed(ofCallers, `${increase(all, asked)} and ignoring (le) ${increase(fast, asked)}`);
  const slow = `(${total} - ${increases(ofCallers, asked, [fast])})`;
  return [
    byCallers(asked, {
      total: spoken(ofCallers, asked, [all], total),
      bad: spoken(ofCallers, asked, [all], slow),
    }),
  ];
}
