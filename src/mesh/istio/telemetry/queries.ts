import type { Among, Side } from '../../telemetry.ts';

/**
 * HTTP and gRPC requests, and TCP connections: a proxy counts each call in one of them (istio/proxy, istio_stats.cc).
 */
const metrics = ['istio_requests_total', 'istio_tcp_connections_opened_total'] as const;

/** Where the other side is not known, labels are `unknown`; those that a Telemetry removes are absent. */
const nameless = '"|unknown"';

/** What each side reports, and the label of its own namespace. */
const sides = {
  Called: { matcher: 'reporter!="source"', own: 'destination_workload_namespace' },
  Caller: { matcher: 'reporter="source"', own: 'source_workload_namespace' },
} as const;

/**
 * Where Prometheus scraped it, by service discovery: a pod cannot write it (its own label of that name becomes
 * `exported_namespace`).
 */
const scraped = 'namespace';

function oneOf(label: string, values: readonly string[]): string {
  return `${label}=~"${values.join('|')}"`;
}

function matchersOf({ scraped: where, side, speaksFor }: Among): readonly string[] {
  return [
    oneOf(scraped, where),
    ...(side === undefined ? [] : [sides[side].matcher]),
    // Who does not say whom he speaks for says it in two ways.
    ...(side === undefined || speaksFor === undefined
      ? []
      : [
          oneOf(
            sides[side].own,
            speaksFor.flatMap((name) => (name === '' ? ['', 'unknown'] : [name])),
          ),
        ]),
  ];
}

/**
 * One member for each combination of labels that some sample of the period has. Not `increase`: a series that appears
 * with its first call is 1 from its first sample on, and never increases. A counter stays as long as its pod, so a call
 * may be older than the period, never younger.
 */
function seen(labels: readonly string[], matchers: readonly string[], seconds: number, among?: Among): string {
  const all = [...matchers, ...(among === undefined ? [] : matchersOf(among))].join(',');
  return metrics
    .map((metric) => `group by (${[...labels, scraped].join(', ')}) (last_over_time(${metric}{${all}}[${seconds}s]))`)
    .join(' or ');
}

const calls = [`destination_workload_namespace!~${nameless}`, `destination_workload!~${nameless}`];
const reports = ['reporter="source"', `source_workload_namespace!~${nameless}`, `source_workload!~${nameless}`];

/**
 * Who called which workload, as either side or a waypoint reports it. By workload and not by Service: sidecars name
 * only the first Service of a port, and the guard refuses all who come to the pods, whatever they called them.
 * `coarse`: only what certificates prove of callers. Of their workload they say themselves what they like, and so could
 * make more of another's series than can be read.
 */
export function callsQuery(seconds: number, among?: Among, coarse = false): string {
  return seen(
    [
      'reporter',
      ...(coarse ? [] : ['source_workload_namespace', 'source_workload']),
      'source_principal',
      'destination_workload_namespace',
      'destination_workload',
    ],
    calls,
    seconds,
    among,
  );
}

/** Which workloads have a sidecar that reports the calls that it makes. */
export function reportersQuery(seconds: number, among?: Among): string {
  return seen(['reporter', 'source_workload_namespace', 'source_workload'], reports, seconds, among);
}

/** Where anything was scraped at all. */
export function namespacesQuery(seconds: number): string {
  return seen([], [], seconds);
}

/** For whom a side speaks in what one of the other two asks about. */
export function spokenForQuery(seconds: number, about: 'Calls' | 'Reports', among: Among): string {
  return seen(
    among.side === undefined ? [] : [sides[among.side].own],
    about === 'Calls' ? calls : reports,
    seconds,
    among,
  );
}

/** The label that says for whom a side speaks. */
export function ownLabel(side: Side): string {
  return sides[side].own;
}
