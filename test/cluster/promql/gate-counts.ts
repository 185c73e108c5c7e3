import type { GatePreset } from '../../../src/api/gates.ts';
import type { Asked } from '../../../src/mesh/gate-telemetry.ts';
import { gateTelemetry } from '../../../src/mesh/istio/telemetry/gate-queries.ts';
import { readAnswer } from '../../../src/prometheus/answer.ts';
import { runCommand } from '../command.ts';
import { now, pieceSeconds, type WrittenSeries } from './series.ts';

/** What one expression says of whom, and of how many it says what nobody may say. */
export interface GateCounts {
  readonly counts: readonly string[];
  readonly others: number;
}

/** What the engine of Prometheus makes of what a preset asks of the namespace `shop`, in one piece of time. */
export async function countsOf(
  program: string,
  series: readonly WrittenSeries[],
  preset: GatePreset,
  more: Partial<Asked>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, GateCounts>>> {
  const questions = gateTelemetry.questions(preset, {
    namespaces: ['shop'],
    seconds: pieceSeconds,
    root: 'istio-system',
    to: 'IstioAmbient',
    itinerary: 'L4',
    extraMatchers: [],
    ...more,
  });
  const asks = questions.flatMap((question) => [
    { name: `${question.observer} total`, expression: question.total, read: question.read },
    { name: `${question.observer} bad`, expression: question.bad, read: question.read },
    ...(question.seen === undefined ? [] : [{ name: `${question.observer} seen`, ...question.seen }]),
    ...(question.admitted === undefined
      ? []
      : (['total', 'bad'] as const).map((which) => ({
          name: `${question.observer} before ${which}`,
          expression: question.admitted?.[which] ?? '',
          read: question.admitted?.read ?? question.read,
        }))),
  ]);
  const queries = asks.map(({ expression }) => ({ expression, at: now }));
  const printed = await runCommand(program, [], { input: JSON.stringify({ series, queries }), signal });
  const answers = JSON.parse(printed) as readonly unknown[];
  return Object.fromEntries(
    asks.map(({ name, read }, at) => {
      const answer = readAnswer(JSON.stringify(answers[at]));
      const counts = answer.flatMap(({ labels, value }) => {
        const told = read(labels);
        return told === undefined ? [] : [`${told.namespace} ${told.by} ${Math.round(value)}`];
      });
      // Of what nobody may say there is nothing in the answer, or it could be made too large.
      return [name, { counts: counts.sort(), others: answer.length - counts.length }];
    }),
  );
}
