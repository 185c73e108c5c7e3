import type { Surroundings } from '../../adapter.ts';
import { getsWaypoint } from './choose.ts';
import { translationOf } from './translation.ts';

/** What of a plan is no finding, because nothing has to be done about it, one sentence each: which features of routes go on. */
export function explain(surroundings: Surroundings): readonly string[] {
  if (!getsWaypoint(surroundings)) return [];
  return translationOf(surroundings).kept.map(({ object, field, sentence }) => `${object} ${field}: ${sentence}`);
}
