import type { Surroundings } from '../../../adapter.ts';
import type { Manifest } from '../../../manifest.ts';
import type { ExitRole } from '../../policy/translate/names.ts';
import { translateToSidecarsInTime, type ExitTranslation } from '../../policy/translate/to-sidecar/translate.ts';
import { remembered } from '../memo.ts';
import { manifestsOf, unhindered, why, withheldOf, withoutGuess, type Withholding } from '../translation.ts';
import { exitWorldOf } from './served.ts';

/** What becomes of the policies of the namespace when its Services leave their waypoint. */
export const exitTranslationOf: (surroundings: Surroundings) => ExitTranslation & Withholding = remembered(
  (surroundings) => withoutGuess(translateToSidecarsInTime, exitWorldOf(surroundings), surroundings),
);

/** The objects of some roles, or why they cannot be made: part of them would be worse than none. */
export function exitManifests(surroundings: Surroundings, ...roles: readonly ExitRole[]): readonly Manifest[] | string {
  return manifestsOf(exitTranslationOf(surroundings), ...roles);
}

/** What of some roles can be made while some cannot. */
export function possibleAtExit(surroundings: Surroundings, ...roles: readonly ExitRole[]): readonly Manifest[] {
  return roles.flatMap((role) => unhindered(exitTranslationOf(surroundings), role));
}

/** The Services to take from their waypoint, or why they cannot be. */
export function servicesToUnbind(surroundings: Surroundings): readonly string[] | string {
  const { served, problems } = exitTranslationOf(surroundings);
  return why(problems) ?? served.map(({ service }) => service.name);
}

/** What of some roles is not there and is not made now, because nobody knows what it would have to be. */
export function withheldAtExit(surroundings: Surroundings, ...roles: readonly ExitRole[]): readonly string[] {
  return withheldOf(exitTranslationOf(surroundings), ...roles);
}
