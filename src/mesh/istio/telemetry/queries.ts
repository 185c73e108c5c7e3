/** HTTP and gRPC requests, and TCP connections: a proxy counts each call in one of them (istio/proxy, istio_stats.cc). */
const metrics = ['istio_requests_total', 'istio_tcp_connections_opened_total'] as const;

/** Where the other side is not known, labels are `unknown`; those that a Telemetry removes are absent. */
const nameless = '"|unknown"';

/** Where Prometheus scraped it, by service discovery: a pod cannot write it (its own label of that name becomes `exported_namespace`). */
const scraped = 'namespace';

/**
 * One member for each combination of labels that some sample of the period has. Not `increase`: a series that appears with its
 * first call is 1 from its first sample on, and never increases. A counter stays as long as its pod, so a call may be older
 * than the period, never younger. `among`: only what was scraped in these namespaces, the empty one if Prometheus does not say.
 */
function seen(labels: readonly string[], matchers: readonly string[], seconds: number, among?: readonly string[]): string {
  const all = [...matchers, ...(among === undefined ? [] : [`${scraped}=~"${among.join('|')}"`])].join(',');
  return metrics.map((metric) => `group by (${[...labels, scraped].join(', ')}) (last_over_time(${metric}{${all}}[${seconds}s]))`).join(' or ');
}

/**
 * Who called which workload, as either side or a waypoint reports it. By workload and not by Service: sidecars name only the first
 * Service of a port, and the guard refuses all who come to the pods, whatever they called them. `coarse`: only what certificates prove
 * of callers. Of their workload they say themselves what they like, and so could make more of another's series than can be read.
 */
export function callsQuery(seconds: number, among?: readonly string[], coarse = false): string {
  return seen(
    ['reporter', ...(coarse ? [] : ['source_workload_namespace', 'source_workload']), 'source_principal', 'destination_workload_namespace', 'destination_workload'],
    [`destination_workload_namespace!~${nameless}`, `destination_workload!~${nameless}`], seconds, among,
  );
}

/** Which workloads have a sidecar that reports the calls that it makes. */
export function reportersQuery(seconds: number, among?: readonly string[]): string {
  return seen(['reporter', 'source_workload_namespace', 'source_workload'], ['reporter="source"', `source_workload_namespace!~${nameless}`, `source_workload!~${nameless}`], seconds, among);
}

/** Where anything was scraped at all. */
export function namespacesQuery(seconds: number): string {
  return seen([], [], seconds);
}
