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

/** Series of one metric. */
interface Selected {
  readonly metric: string;
  readonly matchers: readonly string[];
}

interface Counters {
  readonly by: readonly string[];
  /** The label of who tells: he speaks for himself. */
  readonly speaker: string;
  readonly matchers: readonly string[];
  readonly total: string;
  /** Each has its own matchers, and no series is in two of them. */
  readonly bad: readonly Selected[];
}

/** Where and for how long it is looked. */
type Span = Pick<Asked, 'seconds' | 'root'>;

/** `sum(increase())`, never `increase(sum())`: a counter begins anew with each pod. */
function increases(by: readonly string[], seconds: number, parts: readonly Selected[]): string {
  const each = parts.map(({ metric, matchers }) => `increase(${metric}{${matchers.join(',')}}[${seconds}s])`);
  return `sum by (${[...by, scraped].join(', ')}) (${each.join(' or ')})`;
}

/**
 * Who is told of where he was scraped, or where everybody may speak for him. Names of others are anybody's to make up,
 * by the thousand, and each would be in the answer.
 */
function speakers(speaker: string, { seconds, root }: Span, parts: readonly Selected[]): string {
  const there = (...more: readonly string[]): string =>
    parts
      .map(({ metric, matchers }) => `last_over_time(${metric}{${[...matchers, ...more].join(',')}}[${seconds}s])`)
      .join(' or ');
  const themselves = `label_replace(group by (${scraped}) (${there()}), "${speaker}", "$1", "${scraped}", "(.+)")`;
  return `(${themselves} or group by (${speaker}, ${scraped}) (${there(`${scraped}=~"|${root}"`)}))`;
}

/** What each says who is among `all`, and speaks for himself. */
function spoken(
  { by, speaker }: Pick<Counters, 'by' | 'speaker'>,
  span: Span,
  parts: readonly Selected[],
  all: readonly Selected[] = parts,
): string {
  return `${increases(by, span.seconds, parts)} and on (${speaker}, ${scraped}) ${speakers(speaker, span, all)}`;
}

function expressions(
  { matchers, total, bad, ...grouped }: Counters,
  span: Span,
): { readonly total: string; readonly bad: string } {
  const all = [{ metric: total, matchers }];
  const failed = bad.map((part) => ({ metric: part.metric, matchers: [...matchers, ...part.matchers] }));
  return { total: spoken(grouped, span, all), bad: spoken(grouped, span, failed, all) };
}

const requests = 'istio_requests_total';
const connections = 'istio_tcp_connections_opened_total';
const failedRequests = [failedHttp, failedGrpc].map((matchers) => ({ metric: requests, matchers }));

/** Who may speak for a namespace: what was scraped there, or where the mesh itself runs, or where nothing says so. */
function speaksFor(name: string, labels: SeriesLabels, root: string): boolean {
  const where = labels[scraped] ?? '';
  return where === '' || where === root || where === name;
}

function isOutside(by: string, namespace: string): boolean {
  return namespaceForm.test(by) && by !== 'unknown' && by !== namespace;
}

/**
 * As a caller's proxy or a gateway sees it, whatever stands before the pods: the Service that was called names the
 * namespace, because a waypoint in between has its own workload. The namespace's own pods do not count: they change
 * with it.
 */
function byCallers(asked: Asked): GateQuestion {
  const { namespaces, root } = asked;
  return {
    observer: 'Callers',
    seen: seenBy(asked),
    ...expressions(
      {
        by: ['destination_service_namespace', 'source_workload_namespace'],
        speaker: 'source_workload_namespace',
        matchers: ['reporter="source"', `destination_service_namespace=~"${namespaces.join('|')}"`],
        total: requests,
        bad: failedRequests,
      },
      asked,
    ),
    read(labels): Told | undefined {
      const { destination_service_namespace: namespace = '', source_workload_namespace: by = '' } = labels;
      return isOutside(by, namespace) && speaksFor(by, labels, root) ? { namespace, by } : undefined;
    },
  };
}

/** As proxies of the called saw it, of each data plane; a waypoint, which hides callers from these, by the Service. */
function seenBy(asked: Asked): NonNullable<GateQuestion['seen']> {
  const names = asked.namespaces.join('|');
  const each = (called: string, reporter: string, metrics: readonly string[]): string =>
    spoken(
      { by: [called, 'source_workload_namespace'], speaker: called },
      asked,
      metrics.map((metric) => ({ metric, matchers: [`reporter="${reporter}"`, `${called}=~"${names}"`] })),
    );
  const [workload, service] = ['destination_workload_namespace', 'destination_service_namespace'];
  return {
    expression: `(${each(workload, 'destination', [requests, connections])}) or (${each(service, 'waypoint', [requests])})`,
    read(labels): Told | undefined {
      const by = labels['source_workload_namespace'] ?? '';
      const namespace = labels[workload] ?? labels[service] ?? '';
      return isOutside(by, namespace) && speaksFor(namespace, labels, asked.root) ? { namespace, by } : undefined;
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
    total: connections,
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
        {
          by: [label],
          speaker: label,
          matchers: [...matchers, `${label}=~"${asked.namespaces.join('|')}"`],
          total,
          bad,
        },
        asked,
      ),
      read(labels): Told | undefined {
        const namespace = labels[label] ?? '';
        return namespaceForm.test(namespace) && speaksFor(namespace, labels, asked.root)
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
