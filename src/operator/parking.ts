import { stalledBy } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { NamespaceMigration } from '../api/resources.ts';
import { isAtRest } from '../engine/left.ts';
import type { Decision } from '../engine/situation.ts';
import type { Parked } from '../plan/admission.ts';

/** How often a namespace is looked at that waits for others: less often the more of them wait. */
const leastMs = 5000;
const eachMs = 100;

/** Reasons that are about this one namespace: whoever holds his own holds nobody else's. */
const itsOwn: readonly string[] = ['Paused', 'ScopeLost', 'WaitsForOthers', 'WouldBeRefused'];

/** What waits for a person keeps no slot from others; on the way back neither, because the more are back the better. */
function whileStalled({ direction, phase, conditions }: NamespaceMigrationStatus): Parked | undefined {
  const stalled = stalledBy(conditions);
  // What rests takes no slot; but whose journal cannot be written would wait for its way back at the head of the queue for ever.
  if (stalled === undefined || direction === undefined || (isAtRest(phase) && stalled.reason !== 'WriteRefused')) return undefined;
  return direction === 'Backward' || itsOwn.includes(stalled.reason) ? 'Waits' : 'Stalled';
}

/**
 * Namespaces that hold no slot while they wait for others or for a person, by migration. Of this process only: nobody can forge it, and one that starts counts them
 * all as under way until it has looked at each.
 */
export class ParkingLot {
  readonly #parked = new Map<string, Map<string, Parked>>();

  /** Those of the migration of a namespace. */
  around({ spec }: NamespaceMigration): ReadonlyMap<string, Parked> {
    return this.#of(spec);
  }

  /** Notes, in the moment of the decision and before anybody else decides, whether the namespace holds a slot. Returns whether it has just given one back. */
  note({ spec, metadata: { namespace = '' } }: NamespaceMigration, { status, next }: Pick<Decision, 'status' | 'next'>): boolean {
    const parked = this.#of(spec);
    const had = parked.delete(namespace);
    const state = next.kind === 'Wait' && next.parked !== undefined ? next.parked : whileStalled(status);
    if (state !== undefined) parked.set(namespace, state);
    return parked.has(namespace) && !had;
  }

  /** The namespace is gone, or on its way out: whoever comes after it under its name begins anew. Records have the name of their migration. */
  forget(migration: string, namespace: string): void {
    for (const [key, parked] of this.#parked) {
      if (!key.startsWith(`${migration} `)) continue;
      parked.delete(namespace);
      if (parked.size === 0) this.#parked.delete(key);
    }
  }

  /** When to look at one of them again: nothing tells that others have arrived. */
  lookAgainMs(child: NamespaceMigration): number {
    return Math.max(leastMs, eachMs * this.around(child).size);
  }

  /** A migration of the same name and another way is another one. */
  #of({ migration, from, to }: NamespaceMigration['spec']): Map<string, Parked> {
    const key = `${migration} ${from} ${to}`;
    const parked = this.#parked.get(key) ?? new Map<string, Parked>();
    this.#parked.set(key, parked);
    return parked;
  }
}
