import type { ObservedCallers, SeriesLabels } from '../../src/mesh/telemetry.ts';
import { telemetry } from '../../src/mesh/istio/telemetry/sightings.ts';
import { CallHistory } from '../../src/operator/call-history.ts';

/** A call as metrics show it. */
export interface CallInMetrics {
  /** `namespace/workload`. */
  readonly to: string;
  /** `namespace/serviceAccount`; nobody with an identity if absent. */
  readonly by?: string;
  /** Workload of the caller. */
  readonly workload?: string;
  readonly reporter?: 'source' | 'destination' | 'waypoint';
  /** The namespace in which it was scraped, if Prometheus says so. */
  readonly in?: string;
}

/** Where istiod and ztunnel run. */
export const root = 'istio-system';

/** The labels that `callsQuery` leaves of a call. */
export function call({
  to,
  by,
  workload = 'unknown',
  reporter = 'destination',
  in: scraped,
}: CallInMetrics): SeriesLabels {
  const [namespace = '', name = ''] = to.split('/');
  const [home = 'unknown', account = ''] = by?.split('/') ?? [];
  return {
    reporter,
    source_workload_namespace: home,
    source_workload: workload,
    source_principal: by === undefined ? 'unknown' : `spiffe://cluster.local/ns/${home}/sa/${account}`,
    destination_workload_namespace: namespace,
    destination_workload: name,
    ...(scraped !== undefined && { namespace: scraped }),
  };
}

/** The labels that `reportersQuery` leaves of a workload that calls somebody. */
export function reporter(workload: string, scraped?: string): SeriesLabels {
  const [namespace = '', name = ''] = workload.split('/');
  return {
    reporter: 'source',
    source_workload_namespace: namespace,
    source_workload: name,
    ...(scraped !== undefined && { namespace: scraped }),
  };
}

/** What an operator knows that has been told these series for the last seven days. */
export function observed(...series: readonly SeriesLabels[]): (namespace: string) => ObservedCallers {
  const [ms, now] = [7 * 86_400_000, Date.UTC(2030, 0, 8)];
  const history = new CallHistory(ms);
  history.add(telemetry.sightings(series, root), { from: now - ms, to: now }, now);
  return (namespace) => ({ kind: 'Observed', window: '7d', workloads: history.of(namespace) });
}
