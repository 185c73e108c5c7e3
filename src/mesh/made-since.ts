import type { Surroundings } from './adapter.ts';
import type { ConfigView } from './views.ts';

/** The API server says when something was made in whole seconds. */
const secondMs = 1000;

/** By how much two clocks may differ that tell when something was made and when a migration began. */
export const clocksMs = 60_000;

/** Whether an object was made after an instant; when nobody knows, it was not. */
export function isMadeSince(
  { createdAt }: Pick<ConfigView, 'createdAt'>,
  instant: string | undefined,
  toleranceMs = secondMs,
): boolean {
  return createdAt !== undefined && instant !== undefined && createdAt + toleranceMs > Date.parse(instant);
}

/** Whether something stood there before the start, which a rollback leads back to; what nobody knows of is new. */
export function stoodBefore(createdAt: number | undefined, { since }: Pick<Surroundings, 'since'>): boolean {
  return createdAt !== undefined && since !== undefined && createdAt + secondMs <= since;
}
