import { stalledBy } from '../../api/common.ts';
import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import { wantedOf } from '../../engine/decide-migration.ts';
import { whyNotCommanded, withoutItsJournal } from '../../engine/objections.ts';
import { startsNobody } from '../../engine/verdicts.ts';
import {
  phaseOf,
  refuse,
  setAction,
  setPhase,
  already,
  type Decision,
  type MigrationPicture,
  type NamespacePicture,
  type Steering,
  type Typed,
} from './steering.ts';

const again = 'is started again';
const [most, over] = [5, ['Failed', 'RolledBack']];

function singly({ object, children = [] }: MigrationPicture, typed: Typed): Decision {
  const those = children.filter((child) => over.includes(phaseOf(child)));
  if (those.length === 0) return refuse(`it is ${phaseOf(object)}: nothing of it failed or was rolled back`);
  const commands = those
    .slice(0, most)
    .map(({ metadata }) => typed('retry', { name: object.metadata.name, namespace: metadata.namespace }));
  const more = those.length > most ? `; and ${those.length - most} more` : '';
  return refuse(`namespaces are started again one by one: ${commands.join('; ')}${more}`);
}

/** As it was commanded back, so it is started again. */
function ofMigration(picture: MigrationPicture, typed: Typed): Decision {
  const { object } = picture;
  if (object.spec.action === 'Rollback') return setAction('Migrate', again);
  if (wantedOf(object) !== 'Rollback') return singly(picture, typed);
  const why = whyNotCommanded('Migrate', object, []);
  return why === undefined ? setPhase('Migrating', again) : refuse(why);
}

function held(record: NamespaceMigration, migration: MeshMigration | undefined): string | undefined {
  if (record.status?.direction !== undefined) return undefined;
  const lost = phaseOf(record) === 'RolledBack' ? undefined : withoutItsJournal(record, phaseOf(record));
  if (lost !== undefined || migration === undefined) return lost;
  const { spec, status } = migration;
  const commanded = status?.command?.overrides === spec.action ? status.command : undefined;
  return startsNobody({ wanted: wantedOf(migration), spec, commanded, object: record });
}

function ofNamespace({ record, migration }: NamespacePicture, typed: Typed): Decision {
  const phase = phaseOf(record);
  const { spec, metadata, status } = record;
  const place = { name: spec.migration, namespace: metadata.namespace };
  if (phase === 'Paused') return refuse(`it is Paused. To go on: ${typed('resume', place)}`);
  if (phase === 'RollingBack') return refuse('it goes back: when it is RolledBack, it can be started again');
  if (phase === 'Migrating') return already('is under way already: it is Migrating');
  const rests = phase === 'Migrated' || phase === 'Incomplete';
  if (!over.includes(phase) && !(rests && stalledBy(status?.conditions) !== undefined))
    return refuse(`it is ${phase}: it neither failed nor was rolled back`);
  const why = held(record, migration);
  return why === undefined ? setPhase('Migrating', again) : refuse(why);
}

/** `mesh-migration retry`. */
export const retry: Steering = {
  name: 'retry',
  summary: 'Start again what failed or was rolled back, when what was wrong is repaired',
  details:
    'A namespace that failed is never tried again by itself. The checks are made again first. A migration that was rolled back as a whole is started again as it was brought back: by its status or by spec.action.',
  examples: ['retry shop -n shop-api', 'retry shop'],
  needsChildren: () => true,
  ofMigration,
  ofNamespace,
};
