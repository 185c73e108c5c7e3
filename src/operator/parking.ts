import { stalledBy } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { isAtRest } from '../engine/left.ts';
import type { Decision } from '../engine/situation.ts';
import type { Parked } from '../plan/admission.ts';

/** How often a namespace is looked at that waits for others: less often the more of them wait. */
const leastMs = 5000;
const eachMs = 100;

/** Reasons that are about this one namespace: whoever holds his own holds nobody else's. */
const itsOwn: readonly string[] = ['NoNearer', 'Paused', 'ScopeLost', 'WaitsForOthers', 'WouldBeRefused'];

/** What waits for a person keeps no slot from others; on the way back neither, because the more are back the better. */
function whileStalled({ direction, phase, conditions }: NamespaceMigrationStatus): Parked | undefined {
  const stalled = stalledBy(conditions);
  // What rests takes no slot; but whose journal cannot be written would wait for its way back at the head of the queue
  // for ever.
  if (
    stalled === undefined ||
    direction === undefined ||
    (isAtRest(phase) && !['WriteRefused', 'WriteUndone'].includes(stalled.reason))
  )
    return undefined;
  return direction === 'Backward' || itsOwn.includes(stalled.reason) ? 'Waits' : 'Stalled';
}

/**
 * Whose record cannot be written goes nowhere, whatever was decided; at rest it would keep its turn to go back from
 * others.
 */
function whileRefused({ direction, phase }: NamespaceMigrationStatus): Parked | undefined {
  if (direction === undefined) return undefined;
  return direction === 'Backward' || isAtRest(phase) ? 'Waits' : 'Stalled';
}

/** A namespace of a migration, by uids: what comes after it under the same names is another one. */
export interface Subject {
  readonly key: string;
  readonly namespace: string;
  /** uid of the MeshMigration. */
  readonly migration: string;
}

/**
 * Namespaces that hold no slot while they wait for others or for a person, by migration. Of this process only: nobody
 * can forge it, and one that starts counts them all as under way until it has looked at each.
 */
export class ParkingLot {
  readonly #parked = new Map<string, { readonly subject: Subject; readonly state: Parked }>();
  /** What is asked of it, by migration, until something changes. */
  readonly #around = new Map<string, ReadonlyMap<string, Parked>>();

  /** Those of the migration of a namespace. */
  around({ migration }: Pick<Subject, 'migration'>): ReadonlyMap<string, Parked> {
    const known = this.#around.get(migration);
    if (known !== undefined) return known;
    const made = new Map(
      [...this.#parked.values()]
        .filter(({ subject }) => subject.migration === migration)
        .map(({ subject, state }) => [subject.namespace, state] as const),
    );
    this.#around.set(migration, made);
    return made;
  }

  #set(subject: Subject, state: Parked | undefined): void {
    if (this.#parked.get(subject.key)?.state === state) return;
    this.#around.delete(subject.migration);
    if (state === undefined) this.#parked.delete(subject.key);
    else this.#parked.set(subject.key, { subject, state });
  }

  /**
   * Notes, in the moment of the decision and before anybody else decides, whether the namespace holds a slot.
   * `refused`: its record cannot be written. Returns whether it has just given one back, or is one of those no longer
   * that come before others.
   */
  note(subject: Subject, { status, next }: Pick<Decision, 'status' | 'next'>, refused: boolean): boolean {
    const had = this.#parked.get(subject.key)?.state;
    const decided = next.kind === 'Wait' && next.parked !== undefined ? next.parked : whileStalled(status);
    const state = refused ? whileRefused(status) : decided;
    this.#set(subject, state);
    return state !== undefined && state !== had;
  }

  /** The namespace is gone, or on its way out, or another one. */
  forget(subject: Subject): void {
    this.#set(subject, undefined);
  }

  /** When to look at one of them again: nothing tells that others have arrived. */
  lookAgainMs(subject: Subject): number {
    return Math.max(leastMs, eachMs * this.around(subject).size);
  }
}
