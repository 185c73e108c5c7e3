import { bounded, isBounded } from '../../../base/effort.ts';
import type { Surroundings } from '../../adapter.ts';
import { mostSteps } from '../../effort-limits.ts';
import { faultIn, guarded } from '../../guarded.ts';
import { found, type Found, type Rule } from './rule.ts';

/** A rule that never says more than a warning, and has taken all steps that a look may: nobody is held by that. */
function notJudged(rule: Rule, surroundings: Surroundings): readonly Found[] {
  const object = `Namespace ${surroundings.namespace.name}`;
  const message = `not judged: rule ${rule.id} takes more steps than one look may take`;
  return found({ ...rule, find: () => [{ object, message }] }, surroundings);
}

/**
 * The findings of a rule; if it fails, that: what was not checked blocks. The object that it stumbled over may be
 * anybody's, so it counts as one of others: once a namespace is started it holds it where it is, and takes it nowhere.
 */
export function foundGuarded(rule: Rule, surroundings: Surroundings): readonly Found[] {
  if (rule.severity === 'Critical' || isBounded()) return foundOrFault(rule, surroundings);
  const done = bounded(mostSteps, () => foundOrFault(rule, surroundings));
  return done.kind === 'Done' ? done.value : notJudged(rule, surroundings);
}

function foundOrFault(rule: Rule, surroundings: Surroundings): readonly Found[] {
  return guarded<readonly Found[]>(
    surroundings,
    `rule ${rule.id}`,
    () => found(rule, surroundings),
    (message) => [{ finding: faultIn(surroundings, message), others: 'Protects' }],
  );
}
