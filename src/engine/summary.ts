import { isInFlight } from '../plan/admission.ts';
import type { MigrationPhase, NamespaceTotals } from '../api/mesh-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { Scope } from '../plan/scope.ts';
import type { Verdict } from './conditions.ts';
import type { Wanted } from './situation.ts';
import { findingReason, type StalledReason } from './ways-out.ts';

interface Facts {
  readonly wanted: Wanted;
  readonly object: MeshMigration;
  readonly scope: Scope;
  readonly children: readonly NamespaceMigration[];
  readonly totals: NamespaceTotals;
}

interface Summary {
  readonly phase: MigrationPhase;
  readonly verdict: Verdict;
}

function say(phase: MigrationPhase, state: 'Ready' | 'InProgress', reason: string, message: string): Summary {
  return { phase, verdict: { state, reason, message } };
}

function stalled(phase: MigrationPhase, reason: StalledReason, message: string, way?: string): Summary {
  return { phase, verdict: { state: 'Stalled', reason, message, ...(way !== undefined && { way }) } };
}

function isStalled({ status }: NamespaceMigration): boolean {
  return status?.conditions?.some(({ type, status: holds }) => type === 'Stalled' && holds === 'True') === true;
}

/** When every namespace that is under way waits for a person, so does the migration; the first of them says why. */
function stalledInFlight({ children }: Facts): NamespaceMigration | undefined {
  const inFlight = children.filter(isInFlight);
  return inFlight.every(isStalled) ? inFlight[0] : undefined; // None is none: the first of an empty list is undefined.
}

/** The message of the namespace has its own way out at the end. */
function namespaceStalled(phase: MigrationPhase, { metadata, status }: NamespaceMigration): Summary {
  return stalled(phase, 'NamespaceStalled', `${metadata.namespace ?? ''}: ${status?.message ?? ''}`);
}

function underWay(facts: Facts, phase: MigrationPhase): Summary {
  const { totals } = facts;
  const first = stalledInFlight(facts);
  return first === undefined
    ? say(phase, 'InProgress', phase, `${totals.migrated} of ${totals.total} namespaces migrated, ${totals.inFlight} under way`)
    : namespaceStalled(phase, first);
}

function planned({ children, totals }: Facts): Summary {
  if (children.length < totals.total || children.some(({ status }) => status?.writtenPhase === undefined)) return say('Planning', 'InProgress', 'Planning', 'looking at the namespaces');
  if (totals.inFlight > 0) return stalled('Paused', 'Paused', `spec.action is Plan while ${totals.inFlight} namespaces are under way: they stay where they are`);
  if (totals.blocked === totals.total) return stalled('Blocked', 'NamespacesBlocked', `all ${totals.total} namespaces have critical findings`);
  return say('Planned', 'Ready', 'Planned', `${totals.total - totals.blocked} of ${totals.total} namespaces can be migrated, ${totals.blocked} are blocked; nothing was changed`);
}

/** Nothing is under way and nothing can be started any more: what became of it. */
function ended({ children, totals }: Facts): Summary {
  const left = `${totals.migrated} of ${totals.total} namespaces migrated, ${totals.blocked} blocked, ${totals.rolledBack} rolled back, ${totals.failed} failed`;
  if (totals.failed > 0) return stalled('Failed', 'NamespacesFailed', left);
  if (totals.migrated < totals.total) return stalled('Blocked', totals.blocked > 0 ? 'NamespacesBlocked' : 'NamespacesRolledBack', left);
  const drifted = children.find(isStalled);
  return drifted === undefined
    ? say('Migrated', 'Ready', 'Migrated', `all ${totals.total} namespaces are migrated; a rollback is possible until spec.action is Finalize`)
    : namespaceStalled('Migrated', drifted);
}

function migrating(facts: Facts): Summary {
  const { object, children, totals } = facts;
  const budget = object.spec.failureBudget.namespaces;
  if (children.length === 0) return say('Planning', 'InProgress', 'Planning', 'looking at the namespaces');
  if (totals.inFlight === 0 && totals.pending > 0 && totals.failed > budget) {
    return stalled('Failed', 'FailureBudgetExceeded', `${totals.failed} namespaces failed, spec.failureBudget.namespaces is ${budget}: ${totals.pending} namespaces are not started`);
  }
  return totals.inFlight > 0 || totals.pending > 0 ? underWay(facts, 'Migrating') : ended(facts);
}

function rollingBack(facts: Facts): Summary {
  const { object, children } = facts;
  if (children.some(({ status }) => status?.direction !== undefined)) return underWay(facts, 'RollingBack');
  const by = object.status?.command;
  return by === undefined
    ? say('RolledBack', 'Ready', 'RolledBack', 'everything is as it was')
    : stalled('RolledBack', 'RolledBack', `everything is as it was: rolled back by ${by.by} at ${by.at}`);
}

function finalizing(facts: Facts): Summary {
  const { children, totals } = facts;
  if (children.some(({ status }) => status?.direction !== undefined)) return underWay(facts, totals.inFlight > 0 ? 'Migrating' : 'Migrated');
  const never = totals.total - totals.migrated;
  return say('Finalized', 'Ready', 'Finalized', `${totals.migrated} namespaces are migrated for good${never > 0 ? `, ${never} never were` : ''}`);
}

function paused({ object }: Facts): Summary {
  const command = object.status?.command;
  return stalled('Paused', 'Paused', command === undefined ? 'spec.action is Pause' : `paused by ${command.by} at ${command.at}`);
}

function leaving(facts: Facts): Summary {
  return underWay(facts, 'RollingBack');
}

const byWanted: Readonly<Record<Wanted, (facts: Facts) => Summary>> = {
  Plan: planned, Migrate: migrating, Pause: paused, Rollback: rollingBack, Finalize: finalizing, DeleteLeave: leaving,
};

/** Phase and verdict of a migration from what it wants and where its namespaces are. */
export function summarise(facts: Facts): Summary {
  const critical = facts.scope.findings.find(({ severity }) => severity === 'Critical');
  if (facts.object.metadata.deletionTimestamp !== undefined) return underWay(facts, 'RollingBack');
  if (critical !== undefined && facts.totals.inFlight === 0 && facts.totals.migrated === 0) {
    return stalled('Blocked', findingReason(critical), `${critical.object}: ${critical.message}. ${critical.fix}`);
  }
  return byWanted[facts.wanted](facts);
}
