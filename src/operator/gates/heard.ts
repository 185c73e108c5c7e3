import { greatest } from '../../base/lists.ts';
import type { Pieces } from '../../gates/pieces.ts';
import type { GateQuestion } from '../../mesh/gate-telemetry.ts';
import type { AskedServer } from './ask-gate.ts';
import { keyOf, type Known } from './known.ts';
import { since, span } from './pieces-of-time.ts';
import type { Want } from './want.ts';

/** What is longer ago does not matter to what is quiet by now. */
const mostPieces = 1000;

/** Whether all of those who tell, and have told of late, tell that nothing happens. */
function isQuiet(pieces: Pieces): boolean {
  const last = [...pieces.values()].flatMap((blocks) => blocks.slice(-1));
  const at = greatest([0, ...last.map((block) => block.at)]);
  return last.length > 0 && last.every((block) => block.at < at || block.total === 0);
}

/**
 * When namespaces were called, as they say themselves, of those whose callers tell that they do not call any more, though
 * they did: one who has moved, and has left a pod in its sidecar behind that does not call, tells the same. Throws a
 * `PrometheusError`, or the reason of `signal`.
 */
export async function heardOf(
  { client }: Pick<AskedServer, 'client'>,
  question: Pick<GateQuestion, 'seen'> & { readonly observer: string; readonly wants: readonly Want[] },
  known: Known,
  { now, stepMs }: { readonly now: number; readonly stepMs: number },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const heard = new Map<string, Set<number>>();
  const { seen, wants } = question;
  const quiet = wants.filter(
    (want) =>
      known.before.has(keyOf(want, question, want.before)) &&
      isQuiet(known.since.get(keyOf(want, question, want.since))?.pieces ?? new Map()),
  );
  const times = span(quiet.map((want) => since(want, now, stepMs)));
  if (seen === undefined || times === undefined) return heard;
  const from = Math.max(times.from, times.to - mostPieces * stepMs);
  for (const { labels, points } of await client.courses(seen.expression, { ...times, from }, signal)) {
    const namespace = seen.read(labels)?.namespace;
    if (namespace === undefined) continue;
    const all = heard.get(namespace) ?? new Set();
    heard.set(namespace, all);
    for (const { at, value } of points) if (value > 0) all.add(at);
  }
  return heard;
}
