import { z } from 'zod';
import { PrometheusAnswerError, PrometheusQueryError } from './errors.ts';

/** One member of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * What `/api/v1/query` answers, as far as it is read; `infos` are remarks about the expression and say nothing about
 * the data.
 */
const Answer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('error'), errorType: z.string().default(''), error: z.string().default('') }),
  z.object({
    status: z.literal('success'),
    warnings: z.array(z.string()).optional(),
    data: z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
    }),
  }),
]);

function parsed(text: string): z.infer<typeof Answer> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new PrometheusAnswerError(
      `the answer is not JSON, or is cut off: it begins with ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  const { success, data, error } = Answer.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  throw new PrometheusAnswerError(
    `the answer is no instant vector: ${issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`}`,
  );
}

function shortened(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 200);
}

/**
 * Reads an answer. One with warnings is refused: that is how a server says that some of what it was asked about is
 * missing (a store of Thanos that is away, a limit that was reached).
 */
export function readAnswer(text: string): readonly Sample[] {
  const answer = parsed(text);
  if (answer.status === 'error')
    throw new PrometheusQueryError(`it answers ${shortened(`${answer.errorType}: ${answer.error}`)}`);
  const [warning] = answer.warnings ?? [];
  if (warning !== undefined) throw new PrometheusAnswerError(`the answer may be incomplete: ${shortened(warning)}`);
  return answer.data.result.map(({ metric, value: [, written] }) => {
    const value = Number(written);
    if (!Number.isFinite(value)) throw new PrometheusAnswerError(`a value is ${shortened(written)}`);
    return { labels: metric, value };
  });
}
