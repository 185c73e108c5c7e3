import type { Finding } from '../../../api/common.ts';
import { bounded, isBounded } from '../../../base/effort.ts';
import type { Surroundings } from '../../adapter.ts';
import { mostSteps } from '../../effort-limits.ts';
import { faultIn, guarded } from '../../guarded.ts';
import { largestAmong, makeSmaller, type Standing } from '../policy/translate/size.ts';
import { watched } from '../settings/resources.ts';
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

/** What may be about the namespace, whatever a rule was about when its steps were taken. */
function standingIn({ mesh, namespace, services, workloads }: Surroundings): Standing {
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  const objects = watched.flatMap(({ kind }) => homes.flatMap((home) => mesh.configs(kind, home)));
  return { namespace: namespace.name, objects, services, workloads };
}

/** It blocks as a fault of ours does, and is none: who wrote so much is told what it is, and can make it less. */
function tooMuch(surroundings: Surroundings, message: string): Finding {
  const { object, sentence } = largestAmong(standingIn(surroundings));
  return { ...faultIn(surroundings, `${message}; ${sentence}`), object, fix: makeSmaller };
}

function foundOrFault(rule: Rule, surroundings: Surroundings): readonly Found[] {
  return guarded<readonly Found[]>(
    surroundings,
    `rule ${rule.id}`,
    () => found(rule, surroundings),
    (message, isTooLarge) => [
      { finding: isTooLarge ? tooMuch(surroundings, message) : faultIn(surroundings, message), others: 'Protects' },
    ],
  );
}
