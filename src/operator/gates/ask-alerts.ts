import type { Gate } from '../../api/gates.ts';
import { durationMs } from '../../base/duration.ts';
import type { Reading } from '../../gates/judge.ts';
import type { FiringAlert } from '../../prometheus/answer.ts';
import { PrometheusError } from '../../prometheus/errors.ts';
import { quoted } from '../../prometheus/promql.ts';
import type { AskedServer } from './ask-gate.ts';
import { startBy } from './clocks.ts';
import { beforeKeyOf, type Known } from './known.ts';
import { forgotten, forgottenOf } from './reach.ts';
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

/** By what an alert is known again. */
function identityOf(labels: Labels): string {
  const own = Object.entries(labels).filter(([label]) => !ofInstances.has(label));
  return JSON.stringify(own.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** For people: who reads it knows the rule by its name. */
function named({ alertname = '?', namespace }: Labels): string {
  return namespace === undefined ? alertname : `${alertname} of ${namespace}`;
}

/** An alert that fires; what is worked out of it is, once, however many namespaces it is about. */
class Fire {
  readonly alert: FiringAlert;
  readonly name: string;
  #identity: string | undefined;

  constructor(alert: FiringAlert) {
    this.alert = alert;
    this.name = named(alert.labels);
  }

  get identity(): string {
    return (this.#identity ??= identityOf(this.alert.labels));
  }
}

const ownName = '$namespace';

function valueFor(value: string, { namespace }: Pick<Want, 'namespace'>): string {
  // A function: in a replacement text `$` would mean something.
  return value.replaceAll(ownName, () => namespace);
}

/** Labels that whoever is scraped has from that: an alert's own, if it has any, are of another job, or namespace. */
const ofScrapes = ['alertname', 'job', 'namespace'] as const;

/** Of more values one question is not made. */
const mostValues = 20;

/** A label that is one of the values that it has in what fires now; what is absent is empty. */
function among(label: string, fires: readonly Labels[]): readonly string[] {
  const values = new Set(fires.map((labels) => labels[label] ?? ''));
  if (values.size > mostValues) return [];
  const escaped = [...values].sort().map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return [`${label}=~${quoted(escaped.join('|'))}`];
}

/** Where those that fire are from, as the gate does not say it itself. */
export function originsOf({ alerts }: Gate, fires: readonly Labels[]): readonly string[] {
  const given = new Set((alerts?.matchers ?? []).map(({ label }) => label));
  return ofScrapes.filter((label) => !given.has(label)).flatMap((label) => among(label, fires));
}

/** Those that are about the same namespaces. */
class Meant {
  readonly fires: readonly Fire[];
  readonly #gate: Gate;
  #origins: readonly string[] | undefined;

  constructor(gate: Gate, fires: readonly Fire[]) {
    this.#gate = gate;
    this.fires = fires;
  }

  get origins(): readonly string[] {
    return (this.#origins ??= originsOf(
      this.#gate,
      this.fires.map(({ alert: { labels } }) => labels),
    ));
  }
}

/** Those that a gate means, found by the namespace that they are about. */
function meantBy(gate: Gate, all: readonly FiringAlert[]): (want: Want) => Meant {
  const { own = [], common = [] } = Object.groupBy(gate.alerts?.matchers ?? [], ({ value }) =>
    value.includes(ownName) ? 'own' : 'common',
  );
  const fires = all
    .filter(({ labels }) => common.every(({ label, value }) => labels[label] === value))
    .map((alert) => new Fire(alert));
  const found = Map.groupBy(fires, ({ alert: { labels } }) => JSON.stringify(own.map(({ label }) => labels[label])));
  const meant = new Map([...found].map(([about, some]) => [about, new Meant(gate, some)]));
  return (want) => meant.get(JSON.stringify(own.map(({ value }) => valueFor(value, want)))) ?? new Meant(gate, []);
}

/**
 * PromQL for what had fired, or was about to, asked at the start. Whoever is scraped can serve `ALERTS` too: `group`,
 * because of a number that is none nothing would be known, and what is of another job than the alerts is not read.
 */
export function alertsBefore(gate: Gate, want: Pick<Want, 'namespace'>, origins: readonly string[]): string {
  const matchers = [
    ...(gate.alerts?.matchers ?? []).map(({ label, value }) => `${label}=${quoted(valueFor(value, want))}`),
    ...origins,
  ].join(',');
  const seconds = durationMs(gate.baseline.window) / 1000;
  const fired = `last_over_time(ALERTS{alertstate="firing",${matchers}}[${seconds}s])`;
  return `group without (${[...ofInstances].join(', ')}) (${fired} or ALERTS{alertstate="pending",${matchers}})`;
}

/** What was there before the start, or undefined where the server has lost it. */
async function knownBefore(
  server: AskedServer,
  question: string,
  want: Want,
  known: Known,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  const key = beforeKeyOf(want);
  const before = known.alerts.get(key);
  if (before?.question === question) return before.found;
  const found = new Set(
    (await server.client.query(question, want.before, signal)).map(({ labels }) => identityOf(labels)),
  );
  if (found.size === 0 && (await forgottenOf(server, [want], known, signal)).size > 0) return undefined;
  known.alerts.set(key, { question, found });
  return found;
}

/** What fires for one namespace. That nobody knows what was before is no news for the others. */
async function readingFor(
  server: AskedServer,
  gate: Gate,
  want: Want,
  { all, known }: { readonly all: Meant; readonly known: Known },
  signal: AbortSignal,
): Promise<Reading> {
  // What became active in the same second was there before.
  const start = startBy(server.client.apartMs, want.before);
  const meant = all.fires.filter(({ alert }) => alert.activeAt >= start);
  // Nobody has to be asked what was before of what is not there now.
  if (meant.length === 0) return { kind: 'Alerts', firing: [] };
  try {
    const question = alertsBefore(gate, want, all.origins);
    const before = await knownBefore(server, question, want, known, signal);
    if (before === undefined) return forgotten;
    const fresh = meant.filter(({ identity }) => !before.has(identity));
    return { kind: 'Alerts', firing: [...new Set(fresh.map(({ name }) => name))].sort() };
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
  const meant = meantBy(gate, await server.client.alerts(signal));
  const readings = new Map<string, Reading>();
  for (const want of wants)
    readings.set(want.key, await readingFor(server, gate, want, { all: meant(want), known }, signal));
  return readings;
}
