import type { Clock } from '../base/clock.ts';
import {
  journalAnnotation,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isNewer, journalOn, type Journal } from '../plan/journal.ts';
import { Answers } from './answers.ts';
import { Beginnings } from './beginnings.ts';
import { Fights } from './fights.ts';
import { Identities } from './identities.ts';
import { ParkingLot, type Subject } from './parking.ts';
import { Quiet } from './quiet.ts';
import type { RecordRefusals } from './record-refusals.ts';
import { Refusals } from './refusals.ts';
import { Spacing } from './spacing.ts';
import { Stopwatch } from './stopwatch.ts';
import { FindingsTold } from './findings-told.ts';

/** A namespace, its record and its migration as they are now. */
export interface Remembered extends Subject {
  /** Names of the namespace and of its record. */
  readonly place: string;
  /** uid of the record. */
  readonly record: string;
  /** By what it is known how long it has waited: not by its record. */
  readonly waits: string;
}

/**
 * What this process keeps about namespaces beside the picture. All of it may be lost; it is kept by uids, so that what
 * is made anew under an old name inherits nothing, and goes with its objects. Only how long a namespace has waited
 * outlives its record, which others may delete.
 */
export class Memory {
  readonly parking = new ParkingLot();
  readonly beginnings = new Beginnings();
  readonly refusals = new Refusals();
  /** By `way`. */
  readonly fights: Fights;
  readonly answers: Answers;
  readonly quiet: Quiet;
  readonly stopwatch: Stopwatch;
  readonly told: FindingsTold;
  /** Statuses of what has not begun. */
  readonly spacing: Spacing;
  /** In which attempt objects were deleted that nobody watches. */
  readonly #swept = new Map<string, number>();
  /**
   * The journals as they were seen last, by place, as long as the namespace is there: a stranger may take one away, or
   * spoil it, with the record. One for each name of a migration, which few may give.
   */
  readonly #journals = new Map<
    string,
    { readonly journal: Journal; readonly namespaceUid: string; readonly migration: string }
  >();
  readonly #subjects: Identities<Remembered>;
  /** Whatever becomes of their records: whoever deletes one again and again would have every wait begin anew. */
  readonly #waiting: Identities<{ readonly key: string }>;

  constructor(clock: Clock, records: RecordRefusals) {
    this.fights = new Fights(clock);
    this.answers = new Answers(clock, namespaceMigrations);
    this.quiet = new Quiet(clock);
    this.stopwatch = new Stopwatch(clock);
    this.told = new FindingsTold(clock);
    this.spacing = new Spacing(clock);
    this.#subjects = new Identities((subject) => {
      this.parking.forget(subject);
      this.beginnings.forget(subject);
      this.refusals.clear(subject.key);
      this.fights.forget(subject.key);
      this.answers.forget(subject.key);
      this.quiet.forget(subject.key);
      this.stopwatch.anew(subject.waits);
      this.told.forget(subject.key);
      this.spacing.forget(subject.key);
      this.#swept.delete(subject.key);
      records.forget(subject.record);
    });
    this.#waiting = new Identities(({ key }) => {
      this.stopwatch.forget(key);
    });
  }

  /** The one that is looked at. Whatever is kept of another one in its place is forgotten. */
  subject(record: NamespaceMigration, migration: MeshMigration, home: NamespaceView): Remembered {
    const place = placeOf(home.name, record.metadata.name);
    const { uid = '' } = record.metadata;
    const { uid: migrationUid = '' } = migration.metadata;
    const waits = [place, home.uid, migrationUid].join(' ');
    this.#waiting.meet(place, { key: waits });
    return this.#subjects.meet(place, {
      waits,
      key: [place, home.uid, uid, migrationUid].join(' '),
      place,
      namespace: home.name,
      migration: migrationUid,
      record: uid,
    });
  }

  /** The record or its namespace is gone, or on its way out. */
  gone(namespace: string, name: string, withNamespace: boolean): void {
    const place = placeOf(namespace, name);
    this.#subjects.gone(place);
    if (!withNamespace) return;
    this.#journals.delete(place);
    this.#waiting.gone(place);
  }

  /** What was on the namespace last, if nothing of ours is there now. */
  journal({ place, migration }: Remembered, home: NamespaceView, journal: Journal | undefined): Journal | undefined {
    const known = this.#journals.get(place);
    const written = journalOn(home);
    const isOlder =
      known?.namespaceUid === home.uid &&
      known.migration === migration &&
      written !== undefined &&
      isNewer(known.journal, written);
    if (journal !== undefined && !isOlder) this.#journals.set(place, { journal, namespaceUid: home.uid, migration });
    const seen = this.#journals.get(place);
    // While there was no MeshMigration nobody looked, so a person may have put everything back: another one of the same
    // name begins with what it sees.
    return seen?.namespaceUid === home.uid && seen.migration === migration ? seen.journal : undefined;
  }

  /**
   * What was written has been true, though somebody may take it away before it is seen: else a beginning would be taken
   * for what is over.
   */
  wroteJournal({ place, migration }: Remembered, home: NamespaceView, text: string): void {
    const journal = journalOn({ ...home, annotations: { [journalAnnotation]: text } });
    if (journal !== undefined) this.#journals.set(place, { journal, namespaceUid: home.uid, migration });
  }

  /** A subject and its attempt: what did not last in one says nothing of the next. */
  way({ key, place }: Remembered): string {
    return `${key} ${this.#journals.get(place)?.journal.attempt ?? 0}`;
  }

  /** What we take away ourselves is not to be put back. */
  dropJournal({ place }: Remembered): void {
    this.#journals.delete(place);
  }

  /** Whether the objects that nobody watches were deleted in the attempt that the namespace is in. */
  isSwept({ key }: Remembered, home: NamespaceView): boolean {
    return this.#swept.get(key) === attemptOn(home);
  }

  /** They were. */
  swept({ key }: Remembered, home: NamespaceView, quietMs: number): void {
    this.#swept.set(key, attemptOn(home));
    this.quiet.swept(key, quietMs);
  }
}

function placeOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function attemptOn(home: NamespaceView): number {
  return journalOn(home)?.attempt ?? 0;
}
