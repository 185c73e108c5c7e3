import type { ObservedCaller, SeriesLabels, Sighting, Telemetry } from '../../telemetry.ts';
import { callsQuery, reportersQuery } from './queries.ts';

/** The name in certificates and in `source_principal`; proxies write `unknown` for none (istio_stats.cc, ztunnel's metrics.rs). */
const principal = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/;

function named(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value === 'unknown' ? undefined : value;
}

function callerOf(series: SeriesLabels, home: string): ObservedCaller | undefined {
  const [, namespace, serviceAccount] = principal.exec(series['source_principal'] ?? '') ?? [];
  if (namespace === undefined || serviceAccount === undefined) return undefined;
  const workload = named(series['source_workload']);
  return { namespace, serviceAccount, ...(namespace === home && workload !== undefined && { workload }) };
}

/** A series of `callsQuery`. */
function callsOf(series: SeriesLabels, namespace: string, workload: string): readonly Sighting[] {
  const caller = callerOf(series, namespace);
  const call: readonly Sighting[] = caller === undefined ? [] : [{ kind: 'Call', namespace, workload, caller }];
  switch (series['reporter']) {
    case 'destination': {
      const reports: Sighting = { kind: 'Reports', namespace, workload, side: 'Inbound' };
      const from = named(series['source_workload_namespace']);
      return caller === undefined ? [reports, { kind: 'CallWithoutIdentity', namespace, workload, ...(from !== undefined && { from }) }] : [reports, ...call];
    }
    // A caller's own proxy knows its identity only once it has a connection with mTLS; without one the other side tells.
    case 'source': case 'waypoint': return call;
    default: return [];
  }
}

function sightingsOf(series: SeriesLabels): readonly Sighting[] {
  const [toNamespace, toWorkload] = [named(series['destination_workload_namespace']), named(series['destination_workload'])];
  if (toNamespace !== undefined && toWorkload !== undefined) return callsOf(series, toNamespace, toWorkload);
  const [namespace, workload] = [named(series['source_workload_namespace']), named(series['source_workload'])];
  return series['reporter'] === 'source' && namespace !== undefined && workload !== undefined ? [{ kind: 'Reports', namespace, workload, side: 'Outbound' }] : [];
}

/** The standard metrics of Istio. */
export const telemetry: Telemetry = {
  queries: (seconds) => [callsQuery(seconds), reportersQuery(seconds)],
  sightings: (series) => series.flatMap(sightingsOf),
};
