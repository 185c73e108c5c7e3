import type { Condition } from '../api/common.ts';
import { timestamp } from '../base/clock.ts';
import type { Scope } from '../plan/scope.ts';

const type = 'ScopeLost';

/** Namespaces that are named; the others are counted. */
const named = 5;

/**
 * One condition for all namespaces that were started and have left the scope since, many or few; none if there never
 * was one.
 */
export function scopeLost(
  scope: Scope,
  previous: readonly Condition[] | undefined,
  generation: number,
  now: number,
): readonly Condition[] {
  const inScope = new Set([...scope.namespaces, ...scope.hbone]);
  const out = scope.changed.filter((name) => !inScope.has(name));
  const before = previous?.find((condition) => condition.type === type);
  if (out.length === 0 && before === undefined) return [];
  const status = out.length > 0 ? 'True' : 'False';
  const more = out.length > named ? ` and ${out.length - named} more` : '';
  const message =
    out.length === 0
      ? 'every namespace that was started is in the scope'
      : `${out.length} started and not in the scope any more: ${out.slice(0, named).join(', ')}${more}. spec.rollback.onScopeLost says what becomes of those under way; what is Migrated stays until it is rolled back or finalized`;
  return [
    {
      type,
      status,
      reason: out.length > 0 ? type : 'InScope',
      message,
      observedGeneration: generation,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(now),
    },
  ];
}
