import type { Reading } from '../../gates/judge.ts';
import type { AskedServer } from './ask-gate.ts';
import { beforeKeyOf, type Known } from './known.ts';
import type { Want } from './want.ts';

/**
 * Something for whatever is scraped at all, also where some of it is not kept. From a while before the start: of a server that began right before it nobody
 * knows what else it would have told.
 */
export const keptQuestion = 'group(last_over_time({__name__=~"up|process_start_time_seconds|ALERTS"}[45m] offset 15m))';

/** What is known of who cannot be compared with what was before, because nobody knows that any more. */
export const forgotten: Reading = {
  kind: 'Unreachable',
  why: 'it keeps nothing from before the start, so that nobody knows what was then',
};

/**
 * Of which of these namespaces, of which nothing is told from before, that is because the server has lost it: one that
 * is made anew without its disk, or keeps less. That nothing was there is something else, and what is known once stays
 * so. Throws a `PrometheusError`, or the reason of `signal`.
 */
export async function forgottenOf(
  { client }: Pick<AskedServer, 'client'>,
  wants: readonly Want[],
  known: Known,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const open = wants.filter((want) => !known.nothing.has(beforeKeyOf(want)));
  const starts = [...new Set(open.map((want) => want.before))].sort((one, other) => other - one);
  const isLost = async (start: number): Promise<boolean> =>
    (await client.query(keptQuestion, start, signal)).length === 0;
  // What is older than what is lost is lost too: where the oldest is kept nobody asks about the others.
  const oldest = starts.pop();
  let lost = oldest !== undefined && (await isLost(oldest)) ? oldest : -Infinity;
  for (const start of lost === oldest ? starts : []) {
    if (!(await isLost(start))) continue;
    lost = start;
    break;
  }
  for (const want of open) if (want.before > lost) known.nothing.add(beforeKeyOf(want));
  return new Set(open.filter((want) => want.before <= lost).map(({ key }) => key));
}
