import { least } from '../../base/lists.ts';
import type { CountingGate } from '../../api/gates.ts';
import { piecesOf, readingOf, type Observed, type Pieces, type Series } from '../../gates/pieces.ts';
import type { Reading } from '../../gates/judge.ts';
import { durationMs } from '../../base/duration.ts';
import type { Counted, GateQuestion } from '../../mesh/gate-telemetry.ts';
import type { Course } from '../../prometheus/answer.ts';
import type { PrometheusClient, Times } from '../../prometheus/client.ts';
import { PrometheusAnswerError } from '../../prometheus/errors.ts';
import { cut, joined, keyOf, type Known } from './known.ts';
import { before, firstToAsk, mostApartMs, since, span, stepOf } from './pieces-of-time.ts';
import { heardOf } from './heard.ts';
import { forgotten, forgottenOf } from './reach.ts';
import type { Want } from './want.ts';

/** Whom to ask. */
export interface AskedServer {
  readonly client: Pick<PrometheusClient, 'courses' | 'query' | 'alerts' | 'server' | 'apartMs'>;
  /** The mesh's own namespace, which speaks for all. */
  readonly rootNamespace: string;
}

/** Namespaces of which the same is asked, for one answer. */
export interface Inquiry {
  readonly gate: CountingGate;
  readonly wants: readonly Want[];
}

/** A question about some of them. */
interface Question extends Omit<GateQuestion, 'observer'> {
  readonly observer: string;
  readonly wants: readonly Want[];
  /** Whether what is seen now can be compared with what was seen before. */
  readonly comparable: boolean;
  /** One number is what the user was asked for. */
  readonly single: boolean;
}

/** Who tells what a query of a user counts. */
const onlyOne = '';

/** PromQL of a user, which is about one namespace. */
function ownQuestion({ query = '', total = '', interval }: CountingGate['prometheus'], want: Want): Question {
  const { namespace } = want;
  // A function: in a replacement text `$` would mean something.
  const about = (text: string): string =>
    text.replaceAll('$namespace', () => namespace).replaceAll('$range', () => `${stepOf(interval) / 1000}s`);
  return {
    observer: 'Query',
    wants: [want],
    comparable: true,
    single: true,
    total: about(total),
    bad: about(query),
    read: () => ({ namespace, by: onlyOne }),
  };
}

/** Of a time in milliseconds or seconds. */
function millisecondsOf(written: string): number {
  return written.endsWith('ms') ? Number(written.slice(0, -2)) : 1000 * Number(written.slice(0, -1));
}

/** Those of one inquiry go the same way. */
function questionsOf({ gate: { prometheus }, wants }: Inquiry, root: string): readonly Question[] {
  const { preset, interval, extraMatchers = [], slowerThan } = prometheus;
  const [first] = wants;
  if (first === undefined) return [];
  if (preset === undefined) return wants.map((want) => ownQuestion(prometheus, want));
  const { to, itinerary } = first;
  const namespaces = wants.map(({ namespace }) => namespace);
  const slowerThanMs = slowerThan === undefined ? undefined : millisecondsOf(slowerThan);
  const asked = { namespaces, seconds: stepOf(interval) / 1000, root, to, itinerary, extraMatchers };
  return first.telemetry
    .questions(preset, { ...asked, ...(slowerThanMs !== undefined && { slowerThanMs }) })
    .map((question) => ({ ...question, wants, comparable: question.observer === 'Callers', single: false }));
}

function seriesOf(courses: readonly Course[], question: Asked): ReadonlyMap<string, readonly Series[]> {
  if (question.single && courses.length > 1)
    throw new PrometheusAnswerError(
      `a query of a gate gives ${courses.length} series where one number is needed: put sum() around it`,
    );
  const told = courses.flatMap(({ labels, points }) => {
    const { namespace = '', by, also } = question.read(labels) ?? {};
    return [by, also].flatMap((name) => (name === undefined ? [] : [{ namespace, series: { by: name, points } }]));
  });
  return new Map(
    [...Map.groupBy(told, ({ namespace }) => namespace)].map(([namespace, all]) => [
      namespace,
      all.map(({ series }) => series),
    ]),
  );
}

/** What is asked about some time. */
type Asked = Counted & Pick<Question, 'single'>;

/** What one question says of each namespace about some time. */
async function ask(
  { client }: AskedServer,
  question: Asked,
  times: Times,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Pieces>> {
  const total = seriesOf(await client.courses(question.total, times, signal), question);
  const bad =
    total.size === 0
      ? new Map<string, readonly Series[]>()
      : seriesOf(await client.courses(question.bad, times, signal), question);
  return new Map([...total].map(([namespace, series]) => [namespace, piecesOf(series, bad.get(namespace) ?? [])]));
}

/**
 * Without those of whose calls the called know nothing: they are made up. Where the called say nothing of anybody,
 * nobody is left out.
 */
async function askBefore(
  server: AskedServer,
  question: Question,
  times: Times,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Pieces>> {
  const { seen, admitted = {} } = question;
  const told = await ask(server, { ...question, ...admitted }, times, signal);
  if (seen === undefined || told.size === 0) return told;
  const courses = await server.client.courses(seen.expression, times, signal);
  const calls = courses.flatMap(({ labels, points }) =>
    points.some(({ value }) => value > 0) ? (seen.read(labels) ?? []) : [],
  );
  const callers = Map.groupBy(calls, ({ namespace }) => namespace);
  return new Map(
    [...told].map(([namespace, pieces]) => {
      const known = new Set(callers.get(namespace)?.map(({ by }) => by));
      return [namespace, known.size === 0 ? pieces : new Map([...pieces].filter(([by]) => known.has(by)))];
    }),
  );
}

/**
 * Asks about the time before of those of whom nothing is known of it yet, together. An answer without anything may be
 * that of a server that has just begun: it is asked again when there is something new.
 */
async function learnBefore(
  server: AskedServer,
  { interval, windowMs }: { readonly interval: string; readonly windowMs: number },
  question: Question,
  known: Map<string, Pieces>,
  signal: AbortSignal,
): Promise<void> {
  const stepMs = stepOf(interval);
  let missing = question.wants.filter((want) => !known.has(keyOf(want, question, want.before)));
  while (missing.length > 0) {
    // Of those that began far from each other a time would be asked about that is none of theirs.
    const last = least(missing.map((want) => want.before)) + mostApartMs(windowMs, stepMs);
    const near = missing.filter((want) => want.before <= last);
    missing = missing.filter((want) => want.before > last);
    const times = span(near.map((want) => before(want, windowMs, stepMs)));
    const told = times === undefined ? new Map<string, Pieces>() : await askBefore(server, question, times, signal);
    for (const want of near) {
      const pieces = cut(told.get(want.namespace), before(want, windowMs, stepMs));
      if (pieces.size > 0) known.set(keyOf(want, question, want.before), pieces);
    }
  }
}

/** Asks about the pieces of time since of which not all may be known, together, where there is a new one. */
async function learnSince(
  server: AskedServer,
  stepMs: number,
  question: Question,
  known: Known['since'],
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const due = question.wants.flatMap((want) => {
    const times = since(want, now, stepMs);
    const until = known.get(keyOf(want, question, want.since))?.until ?? -Infinity;
    return times === undefined || until >= times.to
      ? []
      : [{ want, times: { ...times, from: Math.max(firstToAsk(until, stepMs), times.from) } }];
  });
  const all = span(due.map(({ times }) => times));
  if (all === undefined) return;
  const told = await ask(server, question, all, signal);
  for (const { want, times } of due) {
    const key = keyOf(want, question, want.since);
    const pieces = joined(known.get(key)?.pieces ?? new Map(), cut(told.get(want.namespace), times), times.from);
    known.set(key, { until: times.to, pieces });
  }
}

/** What one question has told of one namespace. */
function observedBy(question: Question, want: Want, known: Known, heard: ReadonlySet<number> | undefined): Observed {
  const { observer, comparable, each, single } = question;
  const before: Pieces = known.before.get(keyOf(want, question, want.before)) ?? new Map();
  return {
    observer,
    // A query of a user is about one who tells: where it has told nothing before, there is nothing to compare with.
    comparable: comparable && (!single || before.size > 0),
    ...(each === true && { each }),
    ...(heard !== undefined && { heard }),
    before,
    since: known.since.get(keyOf(want, question, want.since))?.pieces ?? new Map(),
  };
}

/**
 * What one gate reads of some namespaces, by the key of each: one question about all of them for each observer. Throws a
 * `PrometheusError`, or the reason of `signal`.
 */
export async function askGate(
  server: AskedServer,
  inquiry: Inquiry,
  known: Known,
  now: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Reading>> {
  const { gate, wants } = inquiry;
  const { preset, interval } = gate.prometheus;
  const stepMs = stepOf(interval);
  const windowMs = durationMs(gate.baseline.window);
  const observed = new Map<string, Observed[]>(wants.map(({ key }) => [key, []]));
  for (const question of questionsOf(inquiry, server.rootNamespace)) {
    if (question.comparable || question.admitted !== undefined)
      await learnBefore(server, { interval, windowMs }, question, known.before, signal);
    await learnSince(server, stepMs, question, known.since, now, signal);
    const heard = preset === 'ErrorRate' ? await heardOf(server, question, known, { now, stepMs }, signal) : undefined;
    for (const want of question.wants)
      observed.get(want.key)?.push(observedBy(question, want, known, heard?.get(want.namespace)));
  }
  const ready = wants.filter((want) => since(want, now, stepMs) !== undefined);
  const told = new Map(ready.map(({ key }) => [key, observed.get(key) ?? []]));
  const silent = ready.filter(({ key }) => told.get(key)?.every((each) => each.before.size === 0));
  // What was before is not `max`, and its callers are not strangers, because a server has lost it.
  const lost = await forgottenOf(server, silent, known, signal);
  return new Map(
    wants.map(({ key }): [string, Reading] => {
      const all = told.get(key);
      if (all === undefined) return [key, { kind: 'Early' }];
      return [key, lost.has(key) ? forgotten : readingOf(all, stepMs)];
    }),
  );
}
