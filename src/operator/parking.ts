import type { NamespaceMigration } from '../api/resources.ts';
import type { Next, Parked } from '../engine/situation.ts';

/** How often a namespace is looked at that waits for others: less often the more of them wait. */
const leastMs = 5000;
const eachMs = 100;

/**
 * Namespaces that hold no slot while they wait for others, by migration. Of this process only: nobody can forge it, and one that starts counts them
 * all as under way until it has looked at each.
 */
export class ParkingLot {
  readonly #parked = new Map<string, Map<string, Parked>>();

  /** Those of the migration of a namespace. */
  around({ spec: { migration } }: NamespaceMigration): ReadonlyMap<string, Parked> {
    return this.#of(migration);
  }

  /** Notes, in the moment of the decision and before anybody else decides, whether the namespace holds a slot. Returns whether it has just given one back. */
  note({ spec: { migration }, metadata: { namespace = '' } }: NamespaceMigration, next: Next): boolean {
    const parked = this.#of(migration);
    const had = parked.delete(namespace);
    if (next.kind === 'Wait' && next.parked !== undefined) parked.set(namespace, next.parked);
    return parked.has(namespace) && !had;
  }

  /** When to look at one of them again: nothing tells that others have arrived. */
  lookAgainMs(child: NamespaceMigration): number {
    return Math.max(leastMs, eachMs * this.around(child).size);
  }

  #of(migration: string): Map<string, Parked> {
    const parked = this.#parked.get(migration) ?? new Map<string, Parked>();
    this.#parked.set(migration, parked);
    return parked;
  }
}
