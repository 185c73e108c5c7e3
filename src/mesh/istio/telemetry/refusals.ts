import type { Asked, GateQuestion, Heard } from '../../gate-telemetry.ts';
import type { SeriesLabels } from '../../telemetry.ts';
import {
  about,
  byCalled,
  byCallers,
  calledBy,
  callersOf,
  closedConnections,
  connections,
  ofCallers,
  requests,
  workload,
} from './gate-observers.ts';
import { principal } from './sightings.ts';
import { increases, scraped, sharesOf, spoken, type Grouped, type Selected } from './spoken-counts.ts';

/*
 * Who is refused. A policy's 403 looks like that of the application, so nothing is said of it but by the same proxies
 * before and since. What ztunnel refuses it says itself (DENY), and before no proxy counted that: there it has to be
 * enough that somebody was let in before, and never refused.
 */

/** 401 and 403 of RBAC, of tokens, and of the application; gRPC says permission denied and unauthenticated in a 200. */
const refusedRequests: readonly Selected[] = [
  { metric: requests, matchers: ['response_code=~"401|403"'] },
  { metric: requests, matchers: ['response_code="200"', 'grpc_response_status=~"7|16"'] },
];

/** What the server has sent: nothing, as long as all connections of a caller are refused. */
const answered = 'istio_tcp_sent_bytes_total';

function refusedCallers(asked: Asked): GateQuestion {
  const counted = sharesOf(ofCallers, asked, calledBy(asked, requests), refusedRequests);
  return { ...byCallers(asked, counted), each: true };
}

/** By the certificate of who called: what it says nobody makes up. */
const byIdentity: Grouped = { ...byCalled, by: [...byCalled.by, 'source_principal'] };

/** A service account of a namespace, where a certificate says which. */
function identityOf(labels: SeriesLabels, namespace: string): string | undefined {
  const [, of, account = ''] = principal.exec(labels['source_principal'] ?? '') ?? [];
  return of === namespace ? `${of}/${account}` : undefined;
}

/**
 * Each service account by itself: one that calls for the first time, and is refused as it should be, says nothing of
 * those that were let in. Before it is known by its namespace too, because since it may come without a certificate.
 */
function identitiesOf(asked: Asked, which: 'Before' | 'Since'): Heard['read'] {
  const read = callersOf(asked);
  return (labels) => {
    const told = read(labels);
    const identity = told && identityOf(labels, told.by);
    if (told === undefined || identity === undefined) return told;
    return { ...told, by: identity, ...(which === 'Before' && { also: told.by }) };
  };
}

/**
 * Connections that ztunnel refuses, of a caller whose namespace gets no answer at all in that piece of time: of one
 * service account some workloads may have been let in always and others never, and before no metric tells the
 * connections of these apart. An application that tells bytes of its own in the name of others is not asked: they are
 * matched by where they were scraped too.
 */
function refusedConnections(asked: Asked): readonly GateQuestion[] {
  if (asked.to !== 'IstioAmbient') return [];
  const told = (metric: string, more: readonly string[] = []): Selected => ({
    metric,
    matchers: ['reporter="destination"', about(workload, asked), ...more],
  });
  const sums = (...parts: readonly Selected[]): string => increases(byIdentity, asked, parts);
  const denied = told(closedConnections, ['response_flags="DENY"']);
  const opened = told(connections);
  const calls = [told(requests), opened];
  const bytes = increases(byCalled, asked, [told(answered)]);
  const refused = sums(...refusedRequests.map(({ metric, matchers }) => told(metric, matchers)), denied);
  return [
    {
      observer: 'Own',
      each: true,
      total: spoken(byIdentity, asked, [opened], sums(opened)),
      bad: spoken(
        byIdentity,
        asked,
        [opened],
        `(${sums(denied)} unless on (${[...byCalled.by, scraped].join(', ')}) (${bytes} > 0))`,
      ),
      read: identitiesOf(asked, 'Since'),
      admitted: {
        total: spoken(byIdentity, asked, calls, sums(...calls)),
        // Whoever was refused in a piece of time, or opened connections in it and got nothing for them.
        bad: spoken(
          byIdentity,
          asked,
          calls,
          `((${refused} > 0) or (${sums(opened)} unless (${sums(told(answered))} > 0)))`,
        ),
        read: identitiesOf(asked, 'Before'),
      },
    },
  ];
}

/** Who is refused, by the proxies of callers and by the new data plane. */
export function refusals(asked: Asked): readonly GateQuestion[] {
  return [refusedCallers(asked), ...refusedConnections(asked)];
}
