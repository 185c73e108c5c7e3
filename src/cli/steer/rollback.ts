import { wantedOf } from '../../engine/decide-migration.ts';
import { nothingToRollBack, whyNotCommanded, withoutItsJournal } from '../../engine/objections.ts';
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

function goesBack(): Decision {
  return setPhase('RollingBack', 'goes back');
}

function ofMigration({ object, children }: MigrationPicture): Decision {
  if (wantedOf(object) === 'Rollback') return already(`was told to go back already: it is ${phaseOf(object)}`);
  // Who may not list the records cannot know whether anything was started; the operator does.
  const isUnknown = object.spec.action === 'Plan' && children === undefined;
  const why = isUnknown ? undefined : whyNotCommanded('Rollback', object, children ?? []);
  return why === undefined ? goesBack() : refuse(why);
}

function ofNamespace({ record }: NamespacePicture): Decision {
  const phase = phaseOf(record);
  const { direction } = record.status ?? {};
  if (direction === 'Backward') return already(`goes back already: it is ${phase}`);
  if (direction !== undefined) return goesBack();
  const lost = withoutItsJournal(record, phase);
  if (lost !== undefined) return refuse(lost);
  return phase === 'RolledBack' ? already('is back already') : refuse(nothingToRollBack(phase));
}

/** `mesh-migration rollback`. */
export const rollback: Steering = {
  name: 'rollback',
  summary: 'Bring a migration, or one namespace of it, back as it was',
  details:
    'Every label as it was, every pod in the old data plane. It is commanded by the status, so that a sync from Git does not undo it. Where a namespace behind a waypoint would refuse the calls of the one that is brought back alone, the operator asks first: give the command once more within ten minutes to do it all the same.',
  examples: [
    'rollback shop',
    'rollback shop -n shop-api',
    'rollback shop -n shop-api --reason INC-4711',
    'rollback shop --dry-run',
  ],
  isRecorded: true,
  needsChildren: ({ spec }) => spec.action === 'Plan',
  ofMigration,
  ofNamespace,
};
