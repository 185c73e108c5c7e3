import { wantedOf } from '../../engine/decide-migration.ts';
import { whyNotCommanded } from '../../engine/objections.ts';
import {
  already,
  phaseOf,
  refuse,
  setPhase,
  type Decision,
  type MigrationPicture,
  type NamespacePicture,
  type Steering,
} from './steering.ts';

/** At these a namespace has nothing under way that could be paused. */
const atTheEnd: readonly string[] = ['Migrated', 'Incomplete', 'Finalized'];

/** What is Paused already for another reason takes another word: an edit that changes nothing leaves no trace. */
function pausing(phase: string): Decision {
  return setPhase(phase === 'Paused' ? 'Pause' : 'Paused', 'is paused');
}

function ofMigration({ object, children }: MigrationPicture): Decision {
  if (wantedOf(object) === 'Pause')
    return already(object.spec.action === 'Pause' ? 'is paused already: spec.action is Pause' : 'is paused already');
  const why = whyNotCommanded('Pause', object, children ?? []);
  return why === undefined ? pausing(phaseOf(object)) : refuse(why);
}

function ofNamespace({ record }: NamespacePicture): Decision {
  const { command, direction } = record.status ?? {};
  const phase = phaseOf(record);
  if (command?.action === 'Pause') return already('is paused already');
  if (direction === 'Backward') return refuse(`it is ${phase}, and a rollback is never paused: it goes on to its end`);
  return atTheEnd.includes(phase) ? refuse(`it is ${phase}: nothing is under way`) : pausing(phase);
}

/** `mesh-migration pause`. */
export const pause: Steering = {
  name: 'pause',
  summary: 'Stop a migration, or one namespace of it, where it is',
  details:
    'No namespace is started, and none goes further, until it is resumed; every pod keeps its mesh meanwhile. A rollout that has begun goes on, and a rollback is never paused. A namespace that is paused by its own command stays when the others go on.',
  examples: ['pause shop', 'pause shop -n shop-api', 'pause shop --dry-run'],
  isRecorded: true,
  needsChildren: () => false,
  ofMigration,
  ofNamespace,
};
