import type { Asked, GateQuestion, GateTelemetry, Preset, Told } from '../../gate-telemetry.ts';
import type { SeriesLabels } from '../../telemetry.ts';

/** Prometheus writes where it scraped a series; what a pod says of that becomes `exported_namespace`. */
const scraped = 'namespace';

const namespaceForm = /^[-a-z0-9]{1,63}$/;

/** What fails at the server, or never gets an answer (`0`); not what its caller gives up (DC, downstream cancelled). */
const failedHttp = ['response_code=~"5..|0"', 'response_flags!~"DC.*"'];

/** Unknown, deadline exceeded, internal, unavailable and data loss: gRPC says so inside of a 200. */
const failedGrpc = ['response_code="200"', 'grpc_response_status=~"2|4|13|14|15"'];

/** What ztunnel does not get to the pod; DENY is a policy's word and no failure (ztunnel, src/proxy/metrics.rs). */
const failedConnection = ['response_flags=~"CONNECT|TLS_FAILURE|H2_HANDSHAKE_FAILURE|IDENTITY_ERROR|NETWORK_POLICY"'];

interface Counters {
  readonly by: readonly string[];
  readonly matchers: readonly string[];
  readonly total: string;
  /** Each has its own matchers, and no series is in two of them. */
  readonly bad: readonly { readonly metric: string; readonly matchers: readonly string[] }[];
}

/** `sum(increase())`, never `increase(sum())`: a counter begins anew with each pod. */
function increases(
  by: readonly string[],
  seconds: number,
  parts: readonly { readonly metric: string; readonly matchers: readonly string[] }[],
): string {
  const each = parts.map(({ metric, matchers }) => `increase(${metric}{${matchers.join(',')}}[${seconds}s])`);
  return `sum by (${[...by, scraped].join(', ')}) (${each.join(' or ')})`;
}

function expressions(
  { by, matchers, total, bad }: Counters,
  seconds: number,
): { readonly total: string; readonly bad: string } {
  return {
    total: increases(by, seconds, [{ metric: total, matchers }]),
    bad: increases(
      by,
      seconds,
      bad.map((part) => ({ metric: part.metric, matchers: [...matchers, ...part.matchers] })),
    ),
  };
}

const requests = 'istio_requests_total';
const failedRequests = [failedHttp, failedGrpc].map((matchers) => ({ metric: requests, matchers }));

/** Who may speak for a namespace: what was scraped there, or where the mesh itself runs, or where nothing says so. */
function speaksFor(name: string, labels: SeriesLabels, root: string): boolean {
  const where = labels[scraped] ?? '';
  return where === '' || where === root || where === name;
}

/**
 * As a caller's proxy or a gateway sees it, whatever stands before the pods: the Service that was called names the
 * namespace, because a waypoint in between has its own workload. The namespace's own pods do not count: they change
 * with it.
 */
function byCallers({ namespaces, seconds }: Asked): GateQuestion {
  return {
    observer: 'Callers',
    ...expressions(
      {
        by: ['destination_service_namespace', 'source_workload_namespace'],
        matchers: ['reporter="source"', `destination_service_namespace=~"${namespaces.join('|')}"`],
        total: requests,
        bad: failedRequests,
      },
      seconds,
    ),
    read(labels, root): Told | undefined {
      const { destination_service_namespace: namespace = '', source_workload_namespace: by = '' } = labels;
      const isOutside = namespaceForm.test(by) && by !== 'unknown' && by !== namespace;
      return isOutside && speaksFor(by, labels, root) ? { namespace, by } : undefined;
    },
  };
}

/** What the proxies of each data plane count, and the label by which they say of whom. */
const ownCounters = {
  sidecar: {
    label: 'destination_workload_namespace',
    matchers: ['reporter="destination"'],
    total: requests,
    bad: failedRequests,
  },
  waypoint: {
    label: 'destination_service_namespace',
    matchers: ['reporter="waypoint"'],
    total: requests,
    bad: failedRequests,
  },
  // `istio_tcp_connections_failed_total` exists since 1.29 only; what was closed with a flag is counted by all.
  ztunnel: {
    label: 'destination_workload_namespace',
    matchers: ['reporter="destination"'],
    total: 'istio_tcp_connections_opened_total',
    bad: [{ metric: 'istio_tcp_connections_closed_total', matchers: failedConnection }],
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
function byOwn(asked: Asked): readonly GateQuestion[] {
  const own = ownOf(asked);
  if (own === undefined) return [];
  const { label, matchers, total, bad } = own;
  return [
    {
      observer: 'Own',
      ...expressions(
        { by: [label], matchers: [...matchers, `${label}=~"${asked.namespaces.join('|')}"`], total, bad },
        asked.seconds,
      ),
      read(labels, root): Told | undefined {
        const namespace = labels[label] ?? '';
        return namespaceForm.test(namespace) && speaksFor(namespace, labels, root)
          ? { namespace, by: namespace }
          : undefined;
      },
    },
  ];
}

const presets: Readonly<Record<Preset, (asked: Asked) => readonly GateQuestion[]>> = {
  ErrorRate: (asked) => [byCallers(asked), ...byOwn(asked)],
};

/** The standard metrics of Istio. */
export const gateTelemetry: GateTelemetry = {
  questions: (preset, asked) => presets[preset](asked),
};
