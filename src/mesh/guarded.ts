import type { Finding } from '../api/common.ts';
import type { Surroundings } from './adapter.ts';
import { internalErrorFix, internalErrorId, internalErrorIn } from './internal-error.ts';
import type { Hold } from './others.ts';
import { bounded, isBounded, isEffortExceeded } from '../base/effort.ts';
import { mostSteps } from './effort-limits.ts';

/**
 * Runs what may meet an object of a shape that nobody expected. A fault of ours is told and costs the namespace that is
 * looked at its turn, never the process or another namespace; and so does what takes more steps than a look may.
 * `otherwise` gets a sentence without a word of the object, and is told whether it is only that.
 */
export function guarded<T>(
  surroundings: Surroundings,
  where: string,
  work: () => T,
  otherwise: (message: string, isTooLarge: boolean) => T,
): T {
  if (isBounded()) return attempted(surroundings, where, work, otherwise);
  const done = bounded(mostSteps, () => attempted(surroundings, where, work, otherwise));
  return done.kind === 'Done' ? done.value : otherwise(`${where} takes more steps than one look may take`, true);
}

function attempted<T>(
  surroundings: Surroundings,
  where: string,
  work: () => T,
  otherwise: (message: string, isTooLarge: boolean) => T,
): T {
  try {
    return work();
  } catch (error) {
    if (isEffortExceeded(error)) throw error;
    surroundings.onFault?.(where, error);
    return otherwise(internalErrorIn(where), false);
  }
}

/** A check that failed itself: what was not checked holds. The object that it stumbled over may be anybody's. */
export function faultIn({ namespace }: Surroundings, message: string): Finding {
  return {
    id: internalErrorId,
    severity: 'Critical',
    object: `Namespace ${namespace.name}`,
    message,
    fix: internalErrorFix,
  };
}

/** The same, where it keeps something from being done. */
export function heldByFault(surroundings: Surroundings, message: string): Hold {
  return { finding: faultIn(surroundings, message), others: true };
}
