import type { Asked, GateQuestion } from '../../gate-telemetry.ts';
import { about, byCalled, callersOf, connections, requests, workload } from './gate-observers.ts';
import { increases, spoken, type Selected } from './spoken-counts.ts';

/** A Telemetry may have removed the label: of these series nothing is known, neither that it was encrypted nor not. */
const known = 'connection_security_policy!=""';

/** Sidecars say `none` of what came to them in plaintext, ztunnel `unknown` (src/proxy/metrics.rs). */
const plaintext = 'connection_security_policy=~"none|unknown"';

/** What the proxies of each side count: sidecars read HTTP, ztunnel counts connections alone. */
const counted = {
  IstioAmbient: [connections],
  IstioSidecar: [requests, connections],
  None: undefined, // There is no proxy to ask.
} as const;

/**
 * What comes in plaintext, by who sends it. Requests before and connections since are not the same things, so only of
 * those of whom all came by mutual TLS before can it be told. A caller whose sidecar does not know that the called has
 * moved, because it has no tunnel, sends in plaintext what it encrypted before.
 */
export function plaintextOf(asked: Asked): readonly GateQuestion[] {
  const metrics = counted[asked.to];
  if (metrics === undefined) return [];
  const told = (names: readonly string[], security: string): readonly Selected[] =>
    names.map((metric) => ({ metric, matchers: ['reporter="destination"', about(workload, asked), security] }));
  const sums = (names: readonly string[], security: string): string =>
    spoken(byCalled, asked, told(names, known), increases(byCalled, asked, told(names, security)));
  const both = [requests, connections];
  const read = callersOf(asked);
  return [
    {
      observer: 'Own',
      each: true,
      total: sums(metrics, known),
      bad: sums(metrics, plaintext),
      read,
      admitted: { total: sums(both, known), bad: sums(both, plaintext), read },
    },
  ];
}
