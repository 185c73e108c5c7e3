import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { wantedOf } from '../engine/decide-migration.ts';
import {
  admitted,
  brakeOn,
  leaving,
  progressOf,
  turning,
  type Parking,
  type Progress,
  type Return,
} from '../plan/admission.ts';
import type { Whole } from './cluster-view.ts';
import type { Context } from './reconciler.ts';
import { approvalsOf } from '../plan/approval.ts';
import { wavesOf } from '../plan/waves.ts';
import { digestOf } from '../base/sha256.ts';
import { holdIn, inLine, isRecordOf, scopeIn } from './records.ts';

type Seen = Pick<Context, 'view' | 'meshes' | 'records' | 'clock' | 'log' | 'maxConcurrentNamespaces'>;

const nothing: readonly never[] = [];

/**
 * Namespaces that wait for a slot: which of them can use one that is free. The others need no look, by the same rules
 * by which a look would send them away.
 */
export class Line {
  readonly #seen: Seen;
  readonly #parkingOf: (migration: MeshMigration) => Parking;
  readonly #tell: (namespace: string, name: string) => void;
  #isAsked = false;
  /** Why nobody was started when it was asked last, by the uid of the migration. */
  #brakes: ReadonlyMap<string, string> = new Map();

  /** `tell` is called with each record that is to be looked at. */
  constructor(
    seen: Seen,
    parkingOf: (migration: MeshMigration) => Parking,
    tell: (namespace: string, name: string) => void,
  ) {
    this.#seen = seen;
    this.#parkingOf = parkingOf;
    this.#tell = tell;
  }

  /** A slot may have become free. It is asked once who can use it after any number of changes that come together. */
  changed(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#seen.clock.timer(0, () => {
      this.#isAsked = false;
      for (const { namespace = '', name } of this.#next()) this.#tell(namespace, name);
    });
  }

  #next(): readonly Whole<NamespaceMigration>[] {
    const before = this.#brakes;
    const brakes = new Map<string, string>();
    this.#brakes = brakes;
    return this.#seen.view.migrations.list().flatMap(({ uid, object }) => {
      try {
        const progress = progressOf(object, this.#seen.view.namespaces.list(), this.#parkingOf(object));
        const brake = this.#brakeOn(object, progress);
        brakes.set(uid, brake);
        return [...this.#ofMigration(object, progress), ...(brake === before.get(uid) ? [] : this.#waiting(object))];
      } catch (error) {
        // What cannot be judged here is judged in the looks, where a failure is that of one namespace.
        this.#seen.log.error(
          { err: error, migration: object.metadata.name },
          'It cannot be told who can use a free slot; looking at all that wait',
        );
        return this.#waiting(object);
      }
    });
  }

  /** Why nobody is started, which waves have not begun, and what is approved of: whoever waits says so. */
  #brakeOn(migration: MeshMigration, progress: Progress): string {
    const { view, maxConcurrentNamespaces: slots } = this.#seen;
    const { open } = wavesOf(migration, view.namespaces.list());
    const approved = digestOf(migration.status?.plan?.approved ?? nothing);
    const brake = brakeOn(progress, { spec: migration.spec, slots, hold: holdIn(this.#seen, migration) });
    return `${open} ${approved} ${brake ?? ''}`;
  }

  #ofMigration(migration: MeshMigration, progress: Progress): readonly Whole<NamespaceMigration>[] {
    return this.#names(migration, progress)
      .flatMap((name) => this.#seen.view.children.list(name))
      .filter(({ object }) => isRecordOf(object, migration));
  }

  #names(migration: MeshMigration, progress: Progress): readonly string[] {
    const { view, maxConcurrentNamespaces: slots } = this.#seen;
    const waves = wavesOf(migration, view.namespaces.list());
    switch (wantedOf(migration)) {
      case 'Migrate':
        return admitted(inLine(this.#seen, migration), progress, {
          spec: migration.spec,
          slots,
          scope: scopeIn(view, migration),
          waves,
          approvals: approvalsOf(migration, waves),
          hold: holdIn(this.#seen, migration),
        });
      case 'Rollback':
        return turning(this.#all(migration), progress);
      case 'DeleteLeave':
        return leaving(this.#all(migration));
      case 'Plan':
      case 'Pause':
      case 'Finalize':
        return [];
    }
  }

  #all(migration: MeshMigration): Return {
    const { view, maxConcurrentNamespaces: slots } = this.#seen;
    return { migration, namespaces: view.namespaces.list(), slots, parking: this.#parkingOf(migration) };
  }

  /** All that say what they wait for: that nobody is started any more, or that it goes on. */
  #waiting(migration: MeshMigration): readonly Whole<NamespaceMigration>[] {
    return this.#seen.view.children
      .list()
      .filter(({ object }) => isRecordOf(object, migration) && object.status?.writtenPhase === 'Pending');
  }
}
