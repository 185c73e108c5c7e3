import { PrometheusAnswerError } from '../../prometheus/errors.ts';

/** By how much a clock may be another one: pieces of time are longer by far. */
const mostApartMs = 10_000;

/**
 * The start, and the end of the restarts, are written by the clock of the operator. By another one what was before would
 * be taken for what came since, or the other way round. Throws a `PrometheusAnswerError`.
 */
export function sameTime(apartMs: number): void {
  if (Math.abs(apartMs) <= mostApartMs) return;
  const seconds = Math.round(Math.abs(apartMs) / 1000);
  throw new PrometheusAnswerError(
    `its clock is ${seconds} s ${apartMs > 0 ? 'ahead of' : 'behind'} the operator's, so that nobody knows what came before the start`,
  );
}

/** The start is written in whole seconds, and so is by how much a clock is ahead. */
const secondMs = 1000;

/** Until when the server may say of something that it was there before the start. */
export function startBy(apartMs: number, start: number): number {
  return start + secondMs + (apartMs > 0 ? apartMs + secondMs : apartMs);
}
