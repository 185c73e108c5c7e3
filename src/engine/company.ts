import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { listed } from '../base/counted.ts';
import { isUnwanted } from './course.ts';
import type { Situation } from './situation.ts';
import { commandLine } from './command-lines.ts';

/**
 * A namespace goes back with one that it would refuse otherwise, as if a person had commanded it: nobody's failure, and
 * it is not started again by itself.
 *
 * Safe: it only turns to where it came from, in an order of its own. Dying before: decided again from the same
 * journals; after: its own journal says so, whatever becomes of the other.
 */
export function takenAlong(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  if (status.direction !== 'Forward' || isUnwanted(situation, status)) return status;
  const first = situation.adapter.refuses(situation.surroundings);
  if (first === undefined) return status;
  return { ...status, command: { action: 'Rollback', by: `the rollback of ${first}`, at: timestamp(situation.now) } };
}

/**
 * What a rollback of this namespace alone would bring with it, for whoever commands it; undefined if nothing. The same
 * command once more means that it is wanted all the same.
 */
export function costOfRollback({ adapter, surroundings, object: { metadata } }: Situation): string | undefined {
  const { along, stay } = adapter.refusing(surroundings);
  const parts = [
    ...(along.length > 0
      ? [`${listed(along, 10)} would refuse calls from here, or not know them, and would go back with it`]
      : []),
    ...(stay.length > 0
      ? [
          `calls to ${listed(stay, 10)} would be refused for as long as these stay as they are: roll them back first, by hand where no migration can`,
        ]
      : []),
  ];
  return parts.length === 0
    ? undefined
    : `${parts.join('; ')}. To do it all the same, give the command once more within ten minutes: ${commandLine('GoBack', metadata)}`;
}
