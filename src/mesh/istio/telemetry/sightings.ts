import type { ObservedCaller, SeriesLabels, Sighting, Telemetry } from '../../telemetry.ts';
import { callsQuery, namespacesQuery, ownLabel, reportersQuery, spokenForQuery } from './queries.ts';

/**
 * The name in certificates and in `source_principal`; proxies write `unknown` for none (istio_stats.cc, ztunnel's
 * metrics.rs).
 */
export const principal = /^spiffe:\/\/[^/]+\/ns\/([-a-z0-9]{1,63})\/sa\/([-.a-z0-9]{1,253})$/;

/** What else is there is no name of Kubernetes. Labels are text of others: it would be kept, and stand in messages. */
const forms = { namespace: /^[-a-z0-9]{1,63}$/, workload: /^[-._A-Za-z0-9]{1,253}$/ } as const;

function named(value: string | undefined, form: keyof typeof forms): string | undefined {
  return value === undefined || value === 'unknown' || !forms[form].test(value) ? undefined : value;
}

function callerOf(series: SeriesLabels, home: string): ObservedCaller | undefined {
  const [, namespace, serviceAccount] = principal.exec(series['source_principal'] ?? '') ?? [];
  if (namespace === undefined || serviceAccount === undefined) return undefined;
  const workload = named(series['source_workload'], 'workload');
  return { namespace, serviceAccount, ...(namespace === home && workload !== undefined && { workload }) };
}

/**
 * Who answers for a series that speaks for a namespace: that namespace, where it was scraped there, or where all
 * proxies of nodes run, or where Prometheus does not say. Any application can serve metrics of any name: whatever it
 * says, it says of itself. Undefined: somebody else spoke.
 */
function answersFor(speaksFor: string, series: SeriesLabels, root: string): string | undefined {
  const scraped = series['namespace'] ?? '';
  return scraped === '' || scraped === root || scraped === speaksFor ? speaksFor : undefined;
}

function disbelieved(series: SeriesLabels, namespace: string, workload: string): readonly Sighting[] {
  return [{ kind: 'Disbelieved', namespace, workload, by: named(series['namespace'], 'namespace') ?? '' }];
}

/** The side that is called, or its waypoint, says who called. */
function toldByCalled(series: SeriesLabels, namespace: string, workload: string, root: string): readonly Sighting[] {
  const by = answersFor(namespace, series, root);
  if (by === undefined) return disbelieved(series, namespace, workload);
  const caller = callerOf(series, namespace);
  const call: readonly Sighting[] = caller === undefined ? [] : [{ kind: 'Call', namespace, workload, by, caller }];
  if (series['reporter'] === 'waypoint') return call;
  const reports: Sighting = { kind: 'Reports', namespace, workload, by, side: 'Inbound' };
  const from = named(series['source_workload_namespace'], 'namespace');
  return caller === undefined
    ? [reports, { kind: 'CallWithoutIdentity', namespace, workload, by, ...(from !== undefined && { from }) }]
    : [reports, ...call];
}

/**
 * A caller's own proxy knows its identity only once it has a connection with mTLS; without one the other side tells.
 */
function toldByCaller(series: SeriesLabels, namespace: string, workload: string, root: string): readonly Sighting[] {
  const caller = callerOf(series, namespace);
  if (caller === undefined) return [];
  const claimed = named(series['source_workload_namespace'], 'namespace');
  const isOwn = (series['namespace'] ?? '') === '' || claimed === undefined || claimed === caller.namespace;
  const by = answersFor(caller.namespace, series, root);
  // Not told of as disbelieved: whether the called one reports does not hang on what its callers say.
  return by === undefined || !isOwn ? [] : [{ kind: 'Call', namespace, workload, by, caller }];
}

/** A series of `callsQuery`. */
function callsOf(series: SeriesLabels, namespace: string, workload: string, root: string): readonly Sighting[] {
  switch (series['reporter']) {
    case 'destination':
    case 'waypoint':
      return toldByCalled(series, namespace, workload, root);
    case 'source':
      return toldByCaller(series, namespace, workload, root);
    default:
      return [];
  }
}

/** A series of `reportersQuery`. */
function reportOf(series: SeriesLabels, root: string): readonly Sighting[] {
  const [namespace, workload] = [
    named(series['source_workload_namespace'], 'namespace'),
    named(series['source_workload'], 'workload'),
  ];
  if (series['reporter'] !== 'source' || namespace === undefined || workload === undefined) return [];
  const by = answersFor(namespace, series, root);
  return by === undefined
    ? disbelieved(series, namespace, workload)
    : [{ kind: 'Reports', namespace, workload, by, side: 'Outbound' }];
}

function sightingsOf(series: SeriesLabels, root: string): readonly Sighting[] {
  if (series['destination_workload'] === undefined) return reportOf(series, root);
  const [namespace, workload] = [
    named(series['destination_workload_namespace'], 'namespace'),
    named(series['destination_workload'], 'workload'),
  ];
  return namespace === undefined || workload === undefined ? [] : callsOf(series, namespace, workload, root);
}

/** Namespaces that a label names; an empty one where it names none. What is no name at all says nothing. */
function namesIn(series: readonly SeriesLabels[], label: string): readonly string[] {
  const names = new Set(series.map((labels) => labels[label] ?? '').map((name) => (name === 'unknown' ? '' : name)));
  return [...names].filter((name) => name === '' || named(name, 'namespace') !== undefined);
}

/** The standard metrics of Istio. */
export const telemetry: Telemetry = {
  queries: (seconds, among, coarse) => [callsQuery(seconds, among, coarse), reportersQuery(seconds, among)],
  namespaces: {
    query: namespacesQuery,
    read: (series) => namesIn(series, 'namespace'),
  },
  sides: [['Called', 'Caller'], ['Caller']],
  spokenFor: {
    query: (seconds, question, among) => spokenForQuery(seconds, question === 0 ? 'Calls' : 'Reports', among),
    read: (series, side) => namesIn(series, ownLabel(side)),
  },
  sightings: (series, root) => series.flatMap((labels) => sightingsOf(labels, root)),
};
