import { RequestSpaceTooLarge } from '../../../requests/boxes.ts';
import type { Clause, Condition, Effect, Literal } from '../../../requests/semantics.ts';
import { difference } from '../../../requests/space.ts';
import type { Action } from './types.ts';

const isHttp: Literal = { anyOf: [{ of: 'method', match: { kind: 'Present' } }], negated: false };

/**
 * How a data plane that matches `plane` relates to an author who wanted `intent` to match. Compared over HTTP requests,
 * as fields about HTTP mean nothing on others. What is too large to compare counts as the worst.
 */
export function effectOf(action: Action, plane: Condition, intent: Condition): Effect {
  if (JSON.stringify(plane) === JSON.stringify(intent)) return 'Exact';
  // An ALLOW that matches more lets more pass; a DENY or CUSTOM that matches less does.
  const [passing, wanted] = action === 'ALLOW' ? [plane, intent] : [intent, plane];
  try {
    if (difference(onHttp(passing), wanted) !== undefined) return 'FailsOpen';
    return difference(onHttp(wanted), passing) === undefined ? 'Exact' : 'FailsClosed';
  } catch (error) {
    if (error instanceof RequestSpaceTooLarge) return 'FailsOpen';
    throw error;
  }
}

function onHttp(condition: Condition): Condition {
  return condition.map((clause): Clause => [...clause, isHttp]);
}
