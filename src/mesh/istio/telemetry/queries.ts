/** HTTP and gRPC requests, and TCP connections: a proxy counts each call in one of them (istio/proxy, istio_stats.cc). */
const metrics = ['istio_requests_total', 'istio_tcp_connections_opened_total'] as const;

/** Where the other side is not known, labels are `unknown`; those that a Telemetry removes are absent. */
const nameless = '"|unknown"';

/**
 * One member for each combination of labels that some sample of the period has. Not `increase`: a series that appears with its
 * first call is 1 from its first sample on, and never increases. A counter stays as long as its pod, so a call may be older
 * than the period, never younger.
 */
function seen(labels: readonly string[], matchers: string, seconds: number): string {
  return metrics.map((metric) => `group by (${labels.join(', ')}) (last_over_time(${metric}{${matchers}}[${seconds}s]))`).join(' or ');
}

/**
 * Who called which workload, as either side or a waypoint reports it. By workload and not by Service: sidecars name only the first
 * Service of a port, and the guard refuses all who come to the pods, whatever they called them.
 */
export function callsQuery(seconds: number): string {
  return seen(
    ['reporter', 'source_workload_namespace', 'source_workload', 'source_principal', 'destination_workload_namespace', 'destination_workload'],
    `destination_workload_namespace!~${nameless},destination_workload!~${nameless}`, seconds,
  );
}

/** Which workloads have a sidecar that reports the calls that it makes. */
export function reportersQuery(seconds: number): string {
  return seen(['reporter', 'source_workload_namespace', 'source_workload'], `reporter="source",source_workload_namespace!~${nameless},source_workload!~${nameless}`, seconds);
}
