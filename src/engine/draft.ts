import type { NamespaceMigrationStatus, NamespacePhase } from '../api/namespace-migration.ts';
import type { Verdict } from './conditions.ts';
import type { Next } from './situation.ts';

/** A decision before phase, conditions and counts are filled in, which is done in one place for all of them. */
export interface Draft {
  readonly status: NamespaceMigrationStatus;
  readonly phase: NamespacePhase;
  readonly verdict: Verdict;
  readonly next: Next;
  /** Milliseconds since the epoch, if it waits for nothing but the clock. */
  readonly waitUntil?: number;
  /** Milliseconds since the epoch at which what holds by now will have held for as long as it did not. */
  readonly madeGoodAt?: number;
  /** All is back, and the journal says so before it goes. */
  readonly isBack?: boolean;
  /** What a person has commanded cannot be taken up yet: it stays in the status, for the next look. */
  readonly unanswered?: true;
  /** What is not as it was, at the end of the way back. */
  readonly differences?: readonly string[];
  /** Who has moved the namespace since it went back. */
  readonly moved?: string;
}

/** Nothing to be done by itself. */
export function hold(status: NamespaceMigrationStatus, phase: NamespacePhase, verdict: Verdict): Draft {
  return { status, phase, verdict, next: { kind: 'Wait' } };
}
