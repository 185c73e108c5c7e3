/** A series as a Prometheus has it. */
export interface WrittenSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Time (milliseconds since the epoch) and value. */
  readonly samples: readonly (readonly [number, number])[];
  /** When its pod was gone. */
  readonly endsAt?: number;
}

/** How often counters of gates are scraped, and how many scrapes a piece of time of two minutes has. */
const gateScrapeMs = 15_000;
export const scrapes = 8;

/** The seconds of such a piece. */
export const pieceSeconds = (scrapes * gateScrapeMs) / 1000;

/** A counter that rises by so much from one scrape to the next, for five pieces up to `now`. */
export function rising(labels: WrittenSeries['labels'], by: number): WrittenSeries {
  const samples = Array.from(
    { length: 5 * scrapes + 1 },
    (_each, n) => [now - (5 * scrapes - n) * gateScrapeMs, 100 + n * by] as const,
  );
  return { labels, samples };
}

const minute = 60_000;
const day = 1440 * minute;

/** The time of the questions. */
export const now = Date.UTC(2030, 0, 15, 12, 34, 56);

/** How often it was scraped: the fewer samples, the sooner a gap would show. */
const scrapeMs = 5 * minute;

function from(daysAgo: number, to: number, valueAt: (index: number) => number): WrittenSeries['samples'] {
  const [start, end] = [now - daysAgo * day, now - to * day];
  return Array.from(
    { length: Math.floor((end - start) / scrapeMs) + 1 },
    (_each, index) => [start + index * scrapeMs, valueAt(index)] as const,
  );
}

function once(daysAgo: number): WrittenSeries['samples'] {
  return [[now - daysAgo * day, 1]];
}

const threeMore = (index: number): number => index * 3;
const still = (): number => 1;

const calledHttp = {
  __name__: 'istio_requests_total',
  request_protocol: 'http',
  response_code: '200',
  response_flags: '-',
  grpc_response_status: '',
  job: 'kubernetes-pods',
};
const calledTcp = {
  __name__: 'istio_tcp_connections_opened_total',
  request_protocol: 'tcp',
  response_flags: '-',
  job: 'kubernetes-pods',
};
const mutual = { connection_security_policy: 'mutual_tls' };

/** Labels of the side that is called, as its own sidecar writes them (istio/proxy, istio_stats.cc). */
export function to(namespace: string, workload: string, pod = `${workload}-1`): Readonly<Record<string, string>> {
  return {
    destination_workload: workload,
    destination_workload_namespace: namespace,
    destination_principal: `spiffe://cluster.local/ns/${namespace}/sa/${workload}`,
    destination_app: workload,
    destination_version: 'v1',
    destination_service: `${workload}.${namespace}.svc.cluster.local`,
    destination_service_name: workload,
    destination_service_namespace: namespace,
    destination_canonical_service: workload,
    destination_canonical_revision: 'v1',
    destination_cluster: 'Kubernetes',
    namespace,
    pod,
    instance: `10.0.0.1:15020/${pod}`,
  };
}

/** Labels of the side that calls. */
export function by(namespace: string, account: string, workload = account): Readonly<Record<string, string>> {
  return {
    source_workload: workload,
    source_workload_namespace: namespace,
    source_principal: `spiffe://cluster.local/ns/${namespace}/sa/${account}`,
    source_app: workload,
    source_version: 'v1',
    source_canonical_service: workload,
    source_canonical_revision: 'v1',
    source_cluster: 'Kubernetes',
  };
}

const nobody = {
  source_workload: 'unknown',
  source_workload_namespace: 'unknown',
  source_principal: 'unknown',
  source_app: 'unknown',
  source_version: 'unknown',
  source_canonical_service: 'unknown',
  source_canonical_revision: 'latest',
  source_cluster: 'unknown',
};
const nowhere = {
  destination_workload: 'unknown',
  destination_workload_namespace: 'unknown',
  destination_principal: 'unknown',
  destination_service: 'api.example.org',
  destination_service_name: 'PassthroughCluster',
  destination_service_namespace: 'unknown',
};

/** Labels of HTTP with mTLS, reported by the side that is called. */
export const inbound = { reporter: 'destination', ...calledHttp, ...mutual };

/** What was scraped in a cluster in the last ten days. */
export const series: readonly WrittenSeries[] = [
  { labels: { ...inbound, ...to('shop', 'cart', 'cart-1'), ...by('web', 'front') }, samples: from(10, 0, threeMore) },
  { labels: { ...inbound, ...to('shop', 'cart', 'cart-2'), ...by('web', 'front') }, samples: from(10, 0, threeMore) },
  {
    labels: { ...inbound, ...to('shop', 'cart', 'cart-2'), ...by('web', 'front'), response_code: '503' },
    samples: from(10, 0, threeMore),
  },
  // Called once: its counter is 1 from its first sample on, and never increases.
  { labels: { ...inbound, ...to('shop', 'cart'), ...by('night', 'report') }, samples: from(5, 0, still) },
  // Scraped once in the window, six days ago, and its pod was gone.
  {
    labels: { ...inbound, ...to('shop', 'cart', 'cart-0'), ...by('batch', 'weekly') },
    samples: once(6),
    endsAt: now - 6 * day + minute,
  },
  // Gone eight days ago; the mark of its end is the last of it.
  {
    labels: { ...inbound, ...to('shop', 'cart', 'cart-old'), ...by('past', 'gone') },
    samples: from(10, 8, threeMore),
    endsAt: now - 8 * day + minute,
  },
  // Its last sample is from before the window, and the mark of its end is within.
  {
    labels: { ...inbound, ...to('shop', 'cart', 'cart-older'), ...by('past', 'marked') },
    samples: once(7.001),
    endsAt: now - 6.99 * day,
  },
  {
    labels: { ...inbound, ...to('shop', 'cart'), ...by('shop', 'default', 'checkout') },
    samples: from(10, 0, threeMore),
  },
  {
    labels: { ...inbound, ...to('shop', 'pay'), ...nobody, connection_security_policy: 'none' },
    samples: from(1, 0, threeMore),
  },
  // A Telemetry has taken the principal out.
  {
    labels: Object.fromEntries(
      Object.entries({ ...inbound, ...to('shop', 'mail'), ...by('web', 'front') }).filter(
        ([name]) => name !== 'source_principal',
      ),
    ),
    samples: from(1, 0, threeMore),
  },
  {
    labels: {
      reporter: 'source',
      ...calledHttp,
      connection_security_policy: 'unknown',
      ...by('shop', 'worker'),
      ...nowhere,
      namespace: 'shop',
      pod: 'worker-1',
    },
    samples: from(10, 0, threeMore),
  },
  {
    labels: {
      reporter: 'source',
      ...calledHttp,
      connection_security_policy: 'unknown',
      ...by('tools', 'probe'),
      ...to('shop', 'cart'),
      namespace: 'tools',
      pod: 'probe-1',
    },
    samples: from(2, 0, threeMore),
  },
  {
    labels: {
      reporter: 'waypoint',
      ...calledHttp,
      ...mutual,
      ...by('mobile', 'gateway'),
      ...to('shop', 'cart'),
      pod: 'waypoint-1',
    },
    samples: from(4, 3, threeMore),
    endsAt: now - 3 * day + minute,
  },
  // As ztunnel writes it (src/proxy/metrics.rs).
  {
    labels: {
      reporter: 'destination',
      ...calledTcp,
      ...mutual,
      ...by('web', 'front'),
      ...to('data', 'db'),
      namespace: 'istio-system',
      pod: 'ztunnel-1',
    },
    samples: from(10, 0, threeMore),
  },
  // Of the same call as HTTP: a TCP connection of another caller.
  {
    labels: { reporter: 'destination', ...calledTcp, ...mutual, ...by('data', 'backup'), ...to('data', 'db', 'db-1') },
    samples: from(10, 0, threeMore),
  },
  // An application serves what its namespace has no say in.
  {
    labels: { ...inbound, ...to('shop', 'cart'), ...by('forged', 'caller'), namespace: 'mallory' },
    samples: from(10, 0, threeMore),
  },
  {
    labels: { reporter: 'source', ...calledHttp, ...by('shop', 'forged'), ...nowhere, namespace: 'mallory' },
    samples: from(10, 0, threeMore),
  },
  {
    labels: {
      __name__: 'istio_response_bytes_count',
      reporter: 'destination',
      ...by('other', 'metric'),
      ...to('shop', 'cart'),
    },
    samples: from(10, 0, threeMore),
  },
];
