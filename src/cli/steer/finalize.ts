import { counted } from '../../base/counted.ts';
import { wantedOf } from '../../engine/decide-migration.ts';
import {
  already,
  phaseOf,
  refuse,
  setAction,
  type Decision,
  type MigrationPicture,
  type Steering,
  type Typed,
} from './steering.ts';

function ofMigration({ object }: MigrationPicture, typed: Typed): Decision {
  const phase = phaseOf(object);
  const { migrated = 0 } = object.status?.namespaces ?? {};
  if (object.spec.action === 'Finalize')
    return already(phase === 'Finalized' ? 'is Finalized already' : `was told to already: it is ${phase}`);
  // A command ends as soon as spec.action is another one: whoever paused it would be overruled without a word.
  if (wantedOf(object) === 'Pause')
    return refuse(`it is paused. First: ${typed('resume', { name: object.metadata.name })}`);
  if (wantedOf(object) === 'Rollback')
    return refuse(`it was told to go back, and is ${phase}: nothing stays to be sealed`);
  if (migrated === 0) return refuse(`it is ${phase}, and no namespace of it is migrated: there is nothing to seal`);
  return setAction('Finalize', `seals ${counted(migrated, 'migrated namespace')}, for good`);
}

/** `mesh-migration finalize`. */
export const finalize: Steering = {
  name: 'finalize',
  summary: 'Seal what is migrated: there is no rollback after that',
  details:
    'Namespaces that are under way are finished first; those that were never started stay as they are. It is spec.action: set it in Git too, where the MeshMigration is in Git.',
  examples: ['finalize shop --dry-run', 'finalize shop'],
  alone: 'is refused: only a migration as a whole is finalized',
  needsChildren: () => false,
  ofMigration,
  ofNamespace: ({ record }, typed) =>
    refuse(`only a migration as a whole is finalized: ${typed('finalize', { name: record.spec.migration })}`),
};
