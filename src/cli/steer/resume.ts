import { stalledBy } from '../../api/common.ts';
import { commandLine } from '../../engine/command-lines.ts';
import { wantedOf } from '../../engine/decide-migration.ts';
import {
  already,
  phaseOf,
  refuse,
  setAction,
  setPhase,
  type Decision,
  type MigrationPicture,
  type NamespacePicture,
  type Steering,
  type Typed,
} from './steering.ts';

const goesOn = 'goes on';

function ofMigration({ object }: MigrationPicture, typed: Typed): Decision {
  const { metadata, spec } = object;
  const wanted = wantedOf(object);
  if (spec.action === 'Pause') return setAction('Migrate', goesOn);
  if (wanted === 'Pause') return setPhase('Migrating', goesOn);
  if (wanted === 'Rollback')
    return refuse(`it was told to go back. To start it again: ${typed('retry', { name: metadata.name })}`);
  if (wanted !== 'Plan') return already(`is not paused: it is ${phaseOf(object)}`);
  // Namespaces under way are held by Plan too, and what lets them go on is what approves the others.
  return phaseOf(object) === 'Paused'
    ? setAction('Migrate', goesOn)
    : refuse(`spec.action is Plan: nothing is under way. To begin: ${commandLine('SetMigrate', metadata)}`);
}

/** What is said of the phases at which there is nothing to go on with; the operator judges all others. */
const otherwise: Readonly<Record<string, (typed: string) => Decision>> = {
  Failed: (retry) => refuse(`it is Failed. To start it again: ${retry}`),
  RolledBack: (retry) => refuse(`it is RolledBack. To start it again: ${retry}`),
  Blocked: () => refuse('it is Blocked: do what its findings say, and it goes on by itself'),
  Finalized: () => refuse('it is Finalized: there is nothing to go on with'),
  Pending: () => already('is not paused: it is Pending, and starts in its turn'),
  Planned: () => already('is not paused: it is Planned'),
  Migrating: () => already('is not paused: it is Migrating'),
};

function ofNamespace({ record }: NamespacePicture, typed: Typed): Decision {
  const phase = phaseOf(record);
  const { spec, metadata, status } = record;
  const other = Object.hasOwn(otherwise, phase) ? otherwise[phase] : undefined;
  if (other !== undefined) return other(typed('retry', { name: spec.migration, namespace: metadata.namespace }));
  const rests = phase === 'Migrated' || phase === 'Incomplete';
  if (rests && stalledBy(status?.conditions) === undefined) return already(`is not paused: it is ${phase}`);
  return setPhase('Migrating', goesOn);
}

/** `mesh-migration resume`. */
export const resume: Steering = {
  name: 'resume',
  summary: 'Let a migration, or one namespace of it, go on that was paused',
  details:
    'Also for a namespace that stands because somebody changed a label: it goes on with the labels as they are now. What was paused by spec.action goes on by spec.action. A rollback that has changed nothing yet is taken back.',
  examples: ['resume shop', 'resume shop -n shop-api'],
  needsChildren: () => false,
  ofMigration,
  ofNamespace,
};
