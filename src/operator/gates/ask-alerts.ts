import type { Gate, Matcher } from '../../api/gates.ts';
import { durationMs } from '../../base/duration.ts';
import type { Reading } from '../../gates/judge.ts';
import type { FiringAlert } from '../../prometheus/answer.ts';
import { PrometheusError } from '../../prometheus/errors.ts';
import { quoted } from '../../prometheus/promql.ts';
import type { AskedServer } from './ask-gate.ts';
import { beforeKeyOf, type Known } from './known.ts';
import type { Want } from './want.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Labels of the pod, or the server, that an alert is about. The alert of a workload that was in trouble all the time
 * has another one of these after each restart, and is the same all the same.
 */
const ofInstances: ReadonlySet<string> = new Set([
  'alertstate',
  'container',
  'endpoint',
  'instance',
  'node',
  'pod',
  'pod_ip',
  'prometheus',
  'prometheus_replica',
  'replica',
  'uid',
  '__name__',
]);

/** The start is written in whole seconds: what became active in the same one was there before. */
const secondMs = 1000;

/** By what an alert is known again. */
function identityOf(labels: Labels): string {
  const own = Object.entries(labels).filter(([label]) => !ofInstances.has(label));
  return JSON.stringify(own.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function matchersFor({ alerts }: Gate, { namespace }: Pick<Want, 'namespace'>): readonly Matcher[] {
  // A function: in a replacement text `$` would mean something.
  return (alerts?.matchers ?? []).map(({ label, value }) => ({
    label,
    value: value.replaceAll('$namespace', () => namespace),
  }));
}

/** PromQL for what had fired, asked at the start. */
export function alertsBefore(gate: Gate, want: Pick<Want, 'namespace'>): string {
  const matchers = matchersFor(gate, want).map(({ label, value }) => `,${label}=${quoted(value)}`);
  const seconds = durationMs(gate.baseline.window) / 1000;
  return `last_over_time(ALERTS{alertstate="firing"${matchers.join('')}}[${seconds}s])`;
}

/**
 * What had fired before the start. Prometheus writes it as a series of its own, which an application that is scraped can
 * serve too: whoever does that has an alert known that was not there, and no other one fire.
 */
async function knownBefore(
  { client }: AskedServer,
  gate: Gate,
  want: Want,
  known: Known,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const key = beforeKeyOf(want);
  const before = known.alerts.get(key);
  if (before !== undefined) return before;
  const found = new Set(
    (await client.query(alertsBefore(gate, want), want.before, signal)).map(({ labels }) => identityOf(labels)),
  );
  known.alerts.set(key, found);
  return found;
}

/** For people: who reads it knows the rule by its name. */
function named({ alertname = '?', namespace }: Labels): string {
  return namespace === undefined ? alertname : `${alertname} of ${namespace}`;
}

/** What fires for one namespace. That nobody knows what was before is no news for the others. */
async function readingFor(
  server: AskedServer,
  gate: Gate,
  want: Want,
  { all, known }: { readonly all: readonly FiringAlert[]; readonly known: Known },
  signal: AbortSignal,
): Promise<Reading> {
  const matchers = matchersFor(gate, want);
  const meant = all.filter(
    ({ labels, activeAt }) =>
      activeAt >= want.before + secondMs && matchers.every(({ label, value }) => labels[label] === value),
  );
  // Nobody has to be asked what was before of what is not there now.
  if (meant.length === 0) return { kind: 'Alerts', firing: [] };
  try {
    const before = await knownBefore(server, gate, want, known, signal);
    const fresh = meant.filter(({ labels }) => !before.has(identityOf(labels)));
    return { kind: 'Alerts', firing: [...new Set(fresh.map(({ labels }) => named(labels)))].sort() };
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    return { kind: 'Unreachable', why: error.message };
  }
}

/**
 * Which alerts of the rules of Prometheus fire for each of some namespaces, by its key. One whose condition held before
 * the start does not count, nor does one that had fired then: a server that is restarted says of all that they have just
 * begun. Throws a `PrometheusError`, or the reason of `signal`.
 */
export async function askAlerts(
  server: AskedServer,
  gate: Gate,
  wants: readonly Want[],
  known: Known,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Reading>> {
  const all = await server.client.alerts(signal);
  const readings = new Map<string, Reading>();
  for (const want of wants) readings.set(want.key, await readingFor(server, gate, want, { all, known }, signal));
  return readings;
}
