import type { Surroundings } from '../../adapter.ts';
import { getsWaypoint, onlyRestarts } from './choose.ts';
import { translationOf } from './translation.ts';

/**
 * What of a plan is no finding, because nothing has to be done about it, one sentence each: which features of routes go
 * on.
 */
export function explain(surroundings: Surroundings): readonly string[] {
  if (onlyRestarts(surroundings))
    return [
      'This namespace stays as it is: sidecars that were injected before ambient was enabled are restarted once (spec.restart.hboneNamespaces), and nothing else is changed.',
    ];
  if (!getsWaypoint(surroundings)) return [];
  return translationOf(surroundings).kept.map(({ object, field, sentence }) => `${object} ${field}: ${sentence}`);
}
