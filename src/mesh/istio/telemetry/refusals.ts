import type { Asked, GateQuestion } from '../../gate-telemetry.ts';
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
import { increases, sharesOf, spoken, type Selected } from './spoken-counts.ts';

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

/**
 * Connections that ztunnel refuses, of a caller who gets no answer at all in that piece of time: in one namespace some
 * may have been let in always and others never, and before no metric tells the connections of these apart. An
 * application that tells bytes of its own in the name of others is not asked: they are matched by where they were
 * scraped too.
 */
function refusedConnections(asked: Asked): readonly GateQuestion[] {
  if (asked.to !== 'IstioAmbient') return [];
  const told = (metric: string, more: readonly string[] = []): Selected => ({
    metric,
    matchers: ['reporter="destination"', about(workload, asked), ...more],
  });
  const sums = (...parts: readonly Selected[]): string => increases(byCalled, asked, parts);
  const unanswered = (what: string): string => `(${what} unless (${sums(told(answered))} > 0))`;
  const denied = told(closedConnections, ['response_flags="DENY"']);
  const opened = told(connections);
  const calls = [told(requests), opened];
  const refused = sums(...refusedRequests.map(({ metric, matchers }) => told(metric, matchers)), denied);
  return [
    {
      observer: 'Own',
      each: true,
      total: spoken(byCalled, asked, [opened], sums(opened)),
      bad: spoken(byCalled, asked, [opened], unanswered(sums(denied))),
      read: callersOf(asked),
      admitted: {
        total: spoken(byCalled, asked, calls, sums(...calls)),
        // Whoever was refused in a piece of time, or opened connections in it and got nothing for them.
        bad: spoken(byCalled, asked, calls, `((${refused} > 0) or ${unanswered(sums(opened))})`),
        read: callersOf(asked),
      },
    },
  ];
}

/** Who is refused, by the proxies of callers and by the new data plane. */
export function refusals(asked: Asked): readonly GateQuestion[] {
  return [refusedCallers(asked), ...refusedConnections(asked)];
}
