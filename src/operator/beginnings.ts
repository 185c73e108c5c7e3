import { isInFlight, progressOf, type Parking, type Progress } from '../plan/admission.ts';
import type { MeshMigration } from '../api/resources.ts';
import type { Decision } from '../engine/situation.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isOf, journalOn } from '../plan/journal.ts';
import type { Subject } from './parking.ts';

/**
 * Namespaces that have just taken a slot, by a journal that is not in the picture yet: whoever decides meanwhile counts
 * them. Who stands in line has the others wait by that; one that was blocked, paused or frozen until now, or whose
 * journal was refused, stands in none.
 *
 * Of this process only: another one begins with the journals as they are. Dying before or after costs nothing.
 */
export class Beginnings {
  readonly #begun = new Map<string, Subject>();

  /** Notes it in the moment of the decision, before anybody else decides. */
  note(subject: Subject, { status, next }: Pick<Decision, 'status' | 'next'>): void {
    if (next.kind === 'Journal' && isInFlight({ status })) this.#begun.set(subject.key, subject);
  }

  /** It is looked at by a picture with all its own writes, or nothing came of it. */
  forget({ key }: Subject): void {
    this.#begun.delete(key);
  }

  /** How far a migration is, those included that the picture does not show. */
  progress(migration: MeshMigration, namespaces: readonly NamespaceView[], parking: Parking): Progress {
    const seen = progressOf(migration, namespaces, parking);
    const begun = [...this.#begun.values()].filter((subject) => subject.migration === migration.metadata.uid);
    const isUnseen = ({ namespace: name }: Subject): boolean => {
      const home = namespaces.find((each) => each.name === name);
      const journal = home && journalOn(home);
      return (
        home !== undefined && (!isOf(journal, migration.metadata.name, migration.spec) || journal.arrived === true)
      );
    };
    return { ...seen, inFlight: seen.inFlight + begun.filter(isUnseen).length };
  }
}
