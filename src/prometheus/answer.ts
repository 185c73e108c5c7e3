import { z } from 'zod';
import { PrometheusAnswerError, PrometheusQueryError } from './errors.ts';

/** One member of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A series over time: what is no number, or infinite, is no point of it. */
export interface Course {
  readonly labels: Readonly<Record<string, string>>;
  /** In order; milliseconds since the epoch. */
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

const Labels = z.record(z.string(), z.string());
const Point = z.tuple([z.number(), z.string()]);

const Failed = z.object({
  status: z.literal('error'),
  errorType: z.string().default(''),
  error: z.string().default(''),
});

/** An alert that fires. */
export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  /** Since when its condition holds, in milliseconds since the epoch; it may have fired later (`for`). */
  readonly activeAt: number;
}

/** What every answer has that is one. */
const answered = { status: z.literal('success'), warnings: z.array(z.string()).optional() };

/**
 * What the questions answer, as far as it is read; `infos` are remarks about the expression and say nothing about
 * the data.
 */
const answers = {
  vector: z.discriminatedUnion('status', [
    Failed,
    z.object({
      ...answered,
      data: z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ metric: Labels, value: Point })),
      }),
    }),
  ]),
  matrix: z.discriminatedUnion('status', [
    Failed,
    z.object({
      ...answered,
      data: z.object({
        resultType: z.literal('matrix'),
        result: z.array(z.object({ metric: Labels, values: z.array(Point) })),
      }),
    }),
  ]),
  alerts: z.discriminatedUnion('status', [
    Failed,
    z.object({
      ...answered,
      data: z.object({
        alerts: z.array(z.object({ labels: Labels, state: z.string(), activeAt: z.string().nullish() })),
      }),
    }),
  ]),
} as const;

const names = { vector: 'instant vector', matrix: 'matrix', alerts: 'list of alerts' } as const;

function parsed<K extends keyof typeof answers>(text: string, kind: K): z.infer<(typeof answers)[K]> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new PrometheusAnswerError(
      `the answer is not JSON, or is cut off: it begins with ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  const { success, data, error } = answers[kind].safeParse(json);
  if (success) return data as z.infer<(typeof answers)[K]>;
  const [issue] = error.issues;
  throw new PrometheusAnswerError(
    `the answer is no ${names[kind]}: ${issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`}`,
  );
}

function shortened(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 200);
}

/**
 * The data of an answer. One with warnings is refused: that is how a server says that some of what it was asked about is
 * missing (a store of Thanos that is away, a limit that was reached).
 */
function complete<K extends keyof typeof answers>(
  text: string,
  kind: K,
): Extract<z.infer<(typeof answers)[K]>, { status: 'success' }>['data'] {
  const answer = parsed(text, kind);
  if (answer.status === 'error')
    throw new PrometheusQueryError(`it answers ${shortened(`${answer.errorType}: ${answer.error}`)}`);
  const [warning] = answer.warnings ?? [];
  if (warning !== undefined) throw new PrometheusAnswerError(`the answer may be incomplete: ${shortened(warning)}`);
  return answer.data;
}

/** Reads the answer to what is so at one time. */
export function readAnswer(text: string): readonly Sample[] {
  return complete(text, 'vector').result.map(({ metric, value: [, written] }) => {
    const value = Number(written);
    if (!Number.isFinite(value)) throw new PrometheusAnswerError(`a value is ${shortened(written)}`);
    return { labels: metric, value };
  });
}

/** Reads the answer to what was so at each of some times. */
export function readCourses(text: string): readonly Course[] {
  return complete(text, 'matrix').result.map(({ metric, values }) => ({
    labels: metric,
    points: values
      .map(([seconds, written]) => ({ at: Math.round(seconds * 1000), value: Number(written) }))
      .filter(({ value }) => Number.isFinite(value)),
  }));
}

/** Reads which alerts fire: of the rules of the server, and so of nobody whom it only scrapes. */
export function readAlerts(text: string): readonly FiringAlert[] {
  return complete(text, 'alerts')
    .alerts.filter(({ state }) => state === 'firing')
    .map(({ labels, activeAt }) => {
      const at = Date.parse(activeAt ?? '');
      if (Number.isNaN(at)) throw new PrometheusAnswerError('an alert does not say since when it is active');
      return { labels, activeAt: at };
    });
}
