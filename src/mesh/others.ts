import type { Finding } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';

/**
 * So many marks of what would have held a way back at the start are remembered, in an annotation of the namespace: what
 * is beyond counts as if it had come since.
 */
export const mostHeldBefore = 500;

/**
 * Calls whose addresses sidecars did not see before the start of a namespace already: to go back to that opens nothing.
 */
export interface UnseenBefore {
  /** Namespaces of callers in ambient; out of ambient those of the called with sidecars. */
  readonly namespaces: readonly string[];
  /** Policies that decide by the address, as they were then. */
  readonly policies: readonly string[];
  /** Marks of whom these did not protect; absent where that was too many, or an older operator began. */
  readonly called?: readonly string[];
}

/**
 * Who called the Services of a namespace that refuse sidecars, as it was known at its start. A caller is `namespace`,
 * whoever calls from there, `namespace/account`, or `namespace/account/workload`.
 */
export interface CallersBefore {
  /** Marks of the Services of which it was known. */
  readonly of: readonly string[];
  /** Whom somebody named. */
  readonly named: readonly string[];
  /** Whom metrics saw. */
  readonly seen: readonly string[];
}

/** The other namespaces of a migration, as far as those wait for one another. */
export interface ScopeView {
  /** Whether the namespace is in scope: it moves, and restarts its sidecars for HBONE before that. */
  moves(namespace: string): boolean;
  /**
   * Whether it stays and its workloads may be restarted for HBONE, and for nothing else
   * (`spec.restart.hboneNamespaces`).
   */
  restartsForHbone(namespace: string): boolean;
  /** Why one of them does not go on by itself; undefined if it does. For messages only. */
  halted(namespace: string): string | undefined;
  /** Why one of them begins only when another one, `than`, has arrived (`spec.waves`); undefined if it need not. */
  comesLater(namespace: string, than: string): string | undefined;
  /** What becomes now of a namespace that a migration has moved: whether one has is asked of what is seen in it. */
  wayBack(namespace: string): WayBack;
  /** Namespaces that go back, or will as soon as they are looked at. */
  goingBack(): readonly string[];
  /** What the other migrations declare about who calls whom (`spec.callers`). */
  declared(): MeshMigrationSpec['callers'];
  /** What is remembered of a namespace since its start about who was not seen there; of this one and of others. */
  unseenBefore(namespace: string): UnseenBefore | undefined;
  /** The same of who called there; undefined where that is not remembered. Of this one and of others. */
  callersBefore(namespace: string): CallersBefore | undefined;
  /** Why the way back of one of them does not go on by itself; undefined if it does. */
  stalledBack(namespace: string): string | undefined;
}

/**
 * A namespace that was moved: it `GoesBack`; it stays, but the same migration can take it back with others
 * (`ComesAlong`); or nobody takes it back by himself (`Stays`), because it is sealed, another migration's, or its
 * journal was lost.
 */
export type WayBack = 'GoesBack' | 'ComesAlong' | 'Stays';

/** What other namespaces have to do first. */
export interface Awaiting {
  readonly message: string;
  /** Nobody is on the way to doing it: a person has to. */
  readonly stuck: boolean;
  /** Namespaces that have to move, or restart, or go back before; absent where others are waited for too. */
  readonly namespaces?: readonly string[];
  /** Whoever asks for it all the same is obeyed: what is lost then was said to him. */
  readonly yields?: true;
  /**
   * Without the wait calls would be refused, and nothing would be allowed: who may refuse them (`spec.policies.bypass`)
   * need not wait.
   */
  readonly refusesOnly?: true;
}

/** What becomes of calls when a namespace goes back: the namespaces that would refuse it. */
export interface Refusing {
  /** Those that can go back with it, and those that these would need in turn. */
  readonly along: readonly string[];
  /** Those that stay, because they are sealed, another migration's, or their journals were lost. */
  readonly stay: readonly string[];
}

/** A critical finding that keeps something from being done. */
export interface Hold {
  readonly finding: Finding;
  /** It is about what others have in their namespaces: it may last, and the namespace is not taken back by it. */
  readonly others: boolean;
  /** It is over by itself within a time that somebody has set, and nobody has anything to do about it. */
  readonly passing?: true;
}
