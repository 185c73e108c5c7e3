import { migrationLabel } from '../api/resources.ts';
import { arrivedAlone } from './arrived.ts';
import { isOf, journalOn } from '../plan/journal.ts';
import { isOfThis, ownObjects } from './own-objects.ts';
import type { Situation } from './situation.ts';

/**
 * Who has moved a namespace that this migration has brought back: a journal says it of one that holds it, what it has made of one that is finalized,
 * and else the labels. Undefined where nobody has.
 */
export function movedSince(situation: Situation): string | undefined {
  const { adapter, spec: { from, to }, surroundings: { namespace }, object: { spec } } = situation;
  const journal = journalOn(namespace);
  const isOwn: boolean = isOf(journal, spec.migration, spec);
  if (journal !== undefined && !isOwn) {
    return `MeshMigration ${journal.migration} from ${journal.route.from} to ${journal.route.to} has started it since and has not let go of it`;
  }
  if (!arrivedAlone(adapter, { from, to }, namespace.labels)) return undefined;
  const others = ownObjects(situation).find((object) => !isOfThis(situation, object))?.labels[migrationLabel];
  return `${others === undefined ? 'somebody' : `MeshMigration ${others}`} has moved it to ${to} since`;
}
