import { standing } from '../api/common.ts';
import type { MigrationPhase, NamespaceTotals } from '../api/mesh-migration-status.ts';
import type { PlanStatus } from '../api/approval.ts';
import type { WaveStatus } from '../api/waves.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { counted, listed } from '../base/counted.ts';
import { isInFlight } from '../plan/admission.ts';
import type { Scope } from '../plan/scope.ts';
import type { Waves } from '../plan/waves.ts';
import type { StartHold } from '../plan/start-hold.ts';
import type { Verdict } from './conditions.ts';
import { refusedBy } from './refused-records.ts';
import type { Wanted } from './situation.ts';
import { isStalled } from './totals.ts';
import type { StalledReason } from './ways-out.ts';

/** What a summary is made from. */
export interface Facts {
  readonly wanted: Wanted;
  readonly object: MeshMigration;
  readonly scope: Scope;
  readonly children: readonly NamespaceMigration[];
  readonly totals: NamespaceTotals;
  /** The names of those that `totals` count as failed. */
  readonly failed: readonly string[];
  /** What the API server keeps refusing to the MeshMigration itself. */
  readonly own?: string;
  /** Namespaces on which something stands in the place of a journal that cannot be read. */
  readonly unreadable: readonly string[];
  /** The waves as they stand now. */
  readonly waves: readonly WaveStatus[];
  /** The plan as it stands now. */
  readonly plan?: PlanStatus | undefined;
  /** In which wave each namespace is. */
  readonly places?: Waves;
  /** Why none is started now, whichever it is. */
  readonly hold?: StartHold | undefined;
}

/** Phase and verdict of a migration as a whole. */
export interface Summary {
  readonly phase: MigrationPhase;
  readonly verdict: Verdict;
}

/** It is where it shall be, or gets there by itself. */
export function say(phase: MigrationPhase, state: 'Ready' | 'InProgress', reason: string, message: string): Summary {
  return { phase, verdict: { state, reason, message } };
}

/** A person has to do something: `way` is said instead of what the table has for the reason. */
export function stalled(phase: MigrationPhase, reason: StalledReason, message: string, way?: string): Summary {
  return { phase, verdict: { state: 'Stalled', reason, message, ...(way !== undefined && { way }) } };
}

/** The message of the namespace has its own way out at the end. */
export function namespaceStalled(phase: MigrationPhase, child: NamespaceMigration): Summary {
  const { metadata, status } = child;
  const refused = refusedBy(child);
  if (refused !== undefined) return stalled(phase, 'RecordRefused', `${metadata.namespace ?? ''}: ${refused}`);
  return stalled(phase, 'NamespaceStalled', `${metadata.namespace ?? ''}: ${standing(status)}`);
}

/** When every namespace that is under way waits for a person, so does the migration; the first of them says why. */
export function stalledInFlight({ children }: Facts): NamespaceMigration | undefined {
  const inFlight = children.filter(isInFlight);
  return inFlight.every(isStalled) ? inFlight[0] : undefined; // None is none: the first of an empty list is undefined.
}

/** Names of namespaces for a sentence. */
export function namesOf(children: readonly NamespaceMigration[]): string {
  return listed(children.map(({ metadata }) => metadata.namespace ?? ''));
}

/** Those that failed on the way to where all are to be. */
export function failedToMove({ failed, scope }: Facts): readonly string[] {
  const restarted = new Set(scope.hbone);
  return failed.filter((name) => !restarted.has(name));
}

/** How far it is, without what there is none of; `among` has names for one of the counts. */
export function tally(facts: Facts, among?: { readonly what: string; readonly names: string }): string {
  const { totals, failed: all } = facts;
  const parts: readonly (readonly [number, string])[] = [
    [totals.inFlight, 'under way'],
    [totals.pending, 'to come'],
    [totals.incomplete, 'incomplete'],
    [totals.blocked, 'blocked'],
    [totals.rolledBack, 'rolled back'],
  ];
  // What failed is under way or rolled back as well, and is counted there; what is only restarted for HBONE is nowhere
  // else.
  const moving = failedToMove(facts);
  const isMoving = new Set(moving);
  const others = all.filter((name) => !isMoving.has(name));
  const failed =
    (moving.length > 0 ? `; the attempt failed at ${moving.length} of these` : '') +
    (others.length > 0 ? `; the restart for HBONE failed in ${listed(others)}` : '');
  const said = parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${what === among?.what ? ` (${among.names})` : ''}`);
  return `${[`${totals.migrated} of ${counted(totals.total, 'namespace')} migrated`, ...said].join(', ')}${failed}`;
}

/** On the way: in progress, unless all that is under way is stalled. */
export function underWay(facts: Facts, phase: MigrationPhase): Summary {
  const first = stalledInFlight(facts);
  return first === undefined ? say(phase, 'InProgress', phase, tally(facts)) : namespaceStalled(phase, first);
}
