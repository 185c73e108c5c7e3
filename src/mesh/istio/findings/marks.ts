import type { Surroundings } from '../../adapter.ts';
import { isMarked } from '../../seal.ts';
import type { ConfigView } from '../../views.ts';
import { isOurs } from '../policy/translate/names.ts';
import { made } from '../settings/resources.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/**
 * What carries the label that the operator puts on what it makes; anybody can put it on anything, and it is copied with
 * the object.
 */
function marked({ mesh, namespace }: Surroundings): readonly ConfigView[] {
  return made.flatMap(({ kind }) => mesh.configs(kind, namespace.name)).filter(isMarked);
}

function strangers(surroundings: Surroundings): readonly Evidence[] {
  return marked(surroundings)
    .filter((config) => !isOurs(config, surroundings.itinerary !== undefined))
    .map((config) => ({
      object: nameOf(config),
      message:
        'it carries the label meshmigration.dev/managed-by, but it is not what a migration made: it was copied, renamed or changed since. It counts as yours in every check, and no migration deletes it',
    }));
}

/**
 * Without a waypoint nothing is made, so nothing would follow it or take it away: a guard that was left would refuse
 * everybody at the first pod without a sidecar.
 */
function leftovers(surroundings: Surroundings): readonly Evidence[] {
  if (surroundings.itinerary !== undefined || itineraryOf(surroundings) === 'L7') return [];
  return marked(surroundings)
    .filter((config) => isOurs(config))
    .map((config) => ({
      object: nameOf(config),
      severity: 'Critical',
      message:
        'an earlier migration made it and it is still there; this one needs no waypoint, and would neither keep it in step nor take it away',
      fix: 'Delete it, or keep it as yours without its labels and annotations of meshmigration.dev.',
    }));
}

/** Objects that look as if the operator had made them. */
export const markRules: readonly Rule[] = [
  {
    id: 'MM110',
    severity: 'Warning',
    when: 'Always',
    title: 'Only looks like an object of the operator',
    fix: 'If you want it, take its labels and annotations of meshmigration.dev off (in Git too); else delete it.',
    find: (surroundings) => [...strangers(surroundings), ...leftovers(surroundings)],
  },
];
