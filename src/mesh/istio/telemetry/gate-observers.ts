import type { Asked, Counted, GateQuestion, Heard, Told } from '../../gate-telemetry.ts';
import {
  increases,
  isNamed,
  isOutside,
  sharesOf,
  speaksFor,
  spoken,
  type Grouped,
  type Selected,
} from './spoken-counts.ts';

/** HTTP and gRPC requests, as every proxy that reads them counts them. */
export const requests = 'istio_requests_total';

/** TCP connections, as ztunnel counts all, and other proxies what they do not read. */
export const connections = 'istio_tcp_connections_opened_total';

/** Those that have ended. `istio_tcp_connections_failed_total` exists since 1.29 only; this one has flags of all. */
export const closedConnections = 'istio_tcp_connections_closed_total';

/** What fails at the server, or never gets an answer (`0`); not what its caller gives up (DC, downstream cancelled). */
const failedHttp = ['response_code=~"5..|0"', 'response_flags!~"DC.*"'];

/** Unknown, deadline exceeded, internal, unavailable and data loss: gRPC says so inside of a 200. */
const failedGrpc = ['response_code="200"', 'grpc_response_status=~"2|4|13|14|15"'];

/** What ztunnel does not get to the pod; DENY is a policy's word and no failure (ztunnel, src/proxy/metrics.rs). */
const failedConnection = ['response_flags=~"CONNECT|TLS_FAILURE|H2_HANDSHAKE_FAILURE|IDENTITY_ERROR|NETWORK_POLICY"'];

const failedRequests = [failedHttp, failedGrpc].map((matchers) => ({ metric: requests, matchers }));

/** The labels by which proxies say whom they speak of. */
export const [source, workload, service] = [
  'source_workload_namespace',
  'destination_workload_namespace',
  'destination_service_namespace',
] as const;

/** The namespaces that are asked about, by one of these labels. */
export function about(label: string, { namespaces }: Asked): string {
  return `${label}=~"${namespaces.join('|')}"`;
}

/** What proxies of callers are asked for: by the Service that was called and by who called. */
export const ofCallers: Grouped = { by: [service, source], speaker: source };

/** The proxies of the called, by who called. */
export const byCalled: Grouped = { by: [workload, source], speaker: workload };

/** The series of callers. */
export function calledBy(asked: Asked, metric: string, more: readonly string[] = []): Selected {
  return { metric, matchers: ['reporter="source"', about(service, asked), ...more] };
}

/**
 * As a caller's proxy or a gateway sees it, whatever stands before the pods: the Service that was called names the
 * namespace, because a waypoint in between has its own workload. The namespace's own pods do not count: they change
 * with it.
 */
export function byCallers(asked: Asked, counted: Pick<Counted, 'total' | 'bad'>): GateQuestion {
  return {
    observer: 'Callers',
    seen: seenBy(asked),
    ...counted,
    read(labels): Told | undefined {
      const { [service]: namespace = '', [source]: by = '' } = labels;
      return isOutside(by, namespace) && speaksFor(by, labels, asked.root) ? { namespace, by } : undefined;
    },
  };
}

/** Requests of callers that fail. */
export function failuresOfCallers(asked: Asked): GateQuestion {
  return byCallers(asked, sharesOf(ofCallers, asked, calledBy(asked, requests), failedRequests));
}

/** As proxies of the called saw it, of each data plane; a waypoint, which hides callers from these, by the Service. */
function seenBy(asked: Asked): Heard {
  const each = (called: string, reporter: string, metrics: readonly string[]): string => {
    const grouped = { by: [called, source], speaker: called };
    const all = metrics.map((metric) => ({ metric, matchers: [`reporter="${reporter}"`, about(called, asked)] }));
    return spoken(grouped, asked, all, increases(grouped, asked, all));
  };
  return {
    expression: `(${each(workload, 'destination', [requests, connections])}) or (${each(service, 'waypoint', [requests])})`,
    read: callersOf(asked),
  };
}

/** Who called, as the called say it. */
export function callersOf({ root }: Asked): Heard['read'] {
  return (labels) => {
    const by = labels[source] ?? '';
    const namespace = labels[workload] ?? labels[service] ?? '';
    return isOutside(by, namespace) && speaksFor(namespace, labels, root) ? { namespace, by } : undefined;
  };
}

/** What the proxies of each data plane count, and the label by which they say of whom. */
const ownCounters = {
  sidecar: {
    label: workload,
    matchers: ['reporter="destination"'],
    total: requests,
    bad: failedRequests,
  },
  waypoint: {
    label: service,
    matchers: ['reporter="waypoint"'],
    total: requests,
    bad: failedRequests,
  },
  ztunnel: {
    label: workload,
    matchers: ['reporter="destination"'],
    total: connections,
    bad: [{ metric: closedConnections, matchers: failedConnection }],
  },
} as const;

function ownOf({ to, itinerary }: Asked): (typeof ownCounters)[keyof typeof ownCounters] | undefined {
  switch (to) {
    case 'IstioSidecar':
      return ownCounters.sidecar;
    case 'IstioAmbient':
      return itinerary === 'L7' ? ownCounters.waypoint : ownCounters.ztunnel;
    case 'None':
      return undefined; // There is no proxy to ask.
  }
}

/** As the new data plane itself sees it: other events than those of before, so nothing of before compares with them. */
export function failuresByOwn(asked: Asked): readonly GateQuestion[] {
  const own = ownOf(asked);
  if (own === undefined) return [];
  const { label, matchers, total, bad } = own;
  const all = { metric: total, matchers: [...matchers, about(label, asked)] };
  return [
    {
      observer: 'Own',
      ...sharesOf({ by: [label], speaker: label }, asked, all, bad),
      read(labels): Told | undefined {
        const namespace = labels[label] ?? '';
        return isNamed(namespace) && speaksFor(namespace, labels, asked.root)
          ? { namespace, by: namespace }
          : undefined;
      },
    },
  ];
}
