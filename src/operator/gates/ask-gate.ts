import type { Gate } from '../../api/gates.ts';
import { piecesOf, readingOf, type Observed, type Pieces, type Series } from '../../gates/pieces.ts';
import type { Reading } from '../../gates/judge.ts';
import { durationMs } from '../../base/duration.ts';
import type { GateQuestion } from '../../mesh/gate-telemetry.ts';
import type { Course } from '../../prometheus/answer.ts';
import type { PrometheusClient, Times } from '../../prometheus/client.ts';
import { PrometheusAnswerError } from '../../prometheus/errors.ts';
import { before, since, stepOf } from './pieces-of-time.ts';
import type { Want } from './want.ts';

/** Whom to ask. */
export interface AskedServer {
  readonly client: PrometheusClient;
  /** The mesh's own namespace, which speaks for all. */
  readonly rootNamespace: string;
}

/** What was read so far: no piece of time is asked about twice. */
export class Known {
  /** Of the time before. */
  readonly before = new Map<string, Pieces>();
  /** Of the time since, and until when that was asked about. */
  readonly since = new Map<string, { readonly until: number; readonly pieces: Pieces }>();
}

/** Namespaces of which the same is asked, for one answer. */
export interface Inquiry {
  readonly gate: Gate;
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

/** PromQL of a user, which is about one namespace. */
function ownQuestion({ query = '', total = '', interval }: Gate['prometheus'], want: Want): Question {
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
    read: () => ({ namespace, by: '' }),
  };
}

/** Those of one inquiry go the same way. */
function questionsOf({ gate: { prometheus }, wants }: Inquiry): readonly Question[] {
  const { preset, interval } = prometheus;
  const [first] = wants;
  if (first === undefined) return [];
  if (preset === undefined) return wants.map((want) => ownQuestion(prometheus, want));
  const { to, itinerary } = first;
  const namespaces = wants.map(({ namespace }) => namespace);
  return first.telemetry
    .questions(preset, { namespaces, seconds: stepOf(interval) / 1000, to, itinerary })
    .map((question) => ({ ...question, wants, comparable: question.observer === 'Callers', single: false }));
}

function seriesOf(
  courses: readonly Course[],
  question: Question,
  root: string,
): ReadonlyMap<string, readonly Series[]> {
  if (question.single && courses.length > 1)
    throw new PrometheusAnswerError(
      `a query of a gate gives ${courses.length} series where one number is needed: put sum() around it`,
    );
  const told = courses.flatMap(({ labels, points }) => {
    const by = question.read(labels, root);
    return by === undefined ? [] : [{ namespace: by.namespace, series: { by: by.by, points } }];
  });
  return new Map(
    [...Map.groupBy(told, ({ namespace }) => namespace)].map(([namespace, all]) => [
      namespace,
      all.map(({ series }) => series),
    ]),
  );
}

/** What one question says of each namespace about some time. */
async function ask(
  { client, rootNamespace }: AskedServer,
  question: Question,
  times: Times,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Pieces>> {
  const total = seriesOf(await client.courses(question.total, times, signal), question, rootNamespace);
  const bad =
    total.size === 0
      ? new Map<string, readonly Series[]>()
      : seriesOf(await client.courses(question.bad, times, signal), question, rootNamespace);
  return new Map([...total].map(([namespace, series]) => [namespace, piecesOf(series, bad.get(namespace) ?? [])]));
}

function cut(pieces: Pieces | undefined, times: Times | undefined): Pieces {
  if (pieces === undefined || times === undefined) return new Map();
  return new Map(
    [...pieces].flatMap(([by, blocks]) => {
      const within = blocks.filter(({ at }) => at >= times.from && at <= times.to);
      return within.length === 0 ? [] : [[by, within] as const];
    }),
  );
}

/** The time in which all of these lie. */
function span(all: readonly (Times | undefined)[]): Times | undefined {
  const there = all.filter((times) => times !== undefined);
  const [first] = there;
  return (
    first && {
      from: Math.min(...there.map(({ from }) => from)),
      to: Math.max(...there.map(({ to }) => to)),
      stepMs: first.stepMs,
    }
  );
}

/** By what is known again what was read of a time that begins, or ends, there. */
function keyOf({ namespace }: Want, { observer }: Question, at: number): string {
  return JSON.stringify([namespace, at, observer]);
}

function joined(one: Pieces, other: Pieces): Pieces {
  return new Map(
    [...new Set([...one.keys(), ...other.keys()])].map((by) => [
      by,
      [...(one.get(by) ?? []), ...(other.get(by) ?? [])],
    ]),
  );
}

/** Asks about the time before of those of whom it is not known yet, together. */
async function learnBefore(
  server: AskedServer,
  { interval, windowMs }: { readonly interval: string; readonly windowMs: number },
  question: Question,
  known: Map<string, Pieces>,
  signal: AbortSignal,
): Promise<void> {
  const stepMs = stepOf(interval);
  for (;;) {
    const missing = question.wants.filter((want) => !known.has(keyOf(want, question, want.before)));
    if (missing.length === 0) return;
    // Of those that began far from each other a time would be asked about that is none of theirs.
    const earliest = Math.min(...missing.map((want) => want.before));
    const near = missing.filter((want) => want.before <= earliest + windowMs);
    const times = span(near.map((want) => before(want, windowMs, stepMs)));
    const told = times === undefined ? new Map<string, Pieces>() : await ask(server, question, times, signal);
    for (const want of near)
      known.set(keyOf(want, question, want.before), cut(told.get(want.namespace), before(want, windowMs, stepMs)));
  }
}

/** Asks about the pieces of time since of which nobody has asked yet, together. */
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
    const from = (known.get(keyOf(want, question, want.since))?.until ?? -Infinity) + stepMs;
    return times === undefined || from > times.to
      ? []
      : [{ want, times: { ...times, from: Math.max(from, times.from) } }];
  });
  const all = span(due.map(({ times }) => times));
  if (all === undefined) return;
  const told = await ask(server, question, all, signal);
  for (const { want, times } of due) {
    const key = keyOf(want, question, want.since);
    const pieces = joined(known.get(key)?.pieces ?? new Map(), cut(told.get(want.namespace), times));
    known.set(key, { until: times.to, pieces });
  }
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
  const { interval } = gate.prometheus;
  const stepMs = stepOf(interval);
  const windowMs = durationMs(gate.baseline.window);
  const observed = new Map<string, Observed[]>(wants.map(({ key }) => [key, []]));
  for (const question of questionsOf(inquiry)) {
    const { observer, comparable } = question;
    if (comparable) await learnBefore(server, { interval, windowMs }, question, known.before, signal);
    await learnSince(server, stepMs, question, known.since, now, signal);
    for (const want of question.wants)
      observed.get(want.key)?.push({
        observer,
        comparable,
        before: known.before.get(keyOf(want, question, want.before)) ?? new Map(),
        since: known.since.get(keyOf(want, question, want.since))?.pieces ?? new Map(),
      });
  }
  return new Map([...observed].map(([key, all]) => [key, readingOf(all, stepMs)]));
}
