import { stalledBy } from '../api/common.ts';
import { counted, listed } from '../base/counted.ts';
import type { NamespaceMigration } from '../api/resources.ts';
import { isBudgetSpent, isInFlight } from '../plan/admission.ts';
import { hasLostJournal } from './lost-journal.ts';
import type { Scope } from '../plan/scope.ts';
import { refusedBy } from './refused-records.ts';
import type { Wanted } from './situation.ts';
import { awaitingApproval, movingOn } from './summary-approval.ts';
import { finalizing, goingBack, rollingBack, withoutJournal } from './summary-back.ts';
import {
  failedToMove,
  namesOf,
  namespaceStalled,
  say,
  stalled,
  tally,
  underWay,
  type Facts,
  type Summary,
} from './summary-parts.ts';
import { betweenWaves } from './summary-waves.ts';
import { isStalled, phaseOf } from './totals.ts';
import { commandLine } from './command-lines.ts';
import { findingReason } from './ways-out.ts';

/** Where a journal is lost nothing is started by itself, whatever is wanted. */
function lostIn(facts: Facts, far: string): Summary | undefined {
  return facts.children.some(hasLostJournal) ? withoutJournal(facts, () => far, 'Blocked') : undefined;
}

/** Something was moved, and spec.action is Plan: it is as it would be with Migrate, but nothing else is started. */
function standing(facts: Facts): Summary {
  const end = ended(facts);
  if (facts.totals.pending === 0 || end.verdict.state === 'Stalled') return end;
  return say('Planned', 'Ready', 'Planned', `${tally(facts)}; nothing further is started: spec.action is Plan`);
}

function planned(facts: Facts): Summary {
  const { object, children, totals } = facts;
  if (children.length < totals.total || children.some(({ status }) => status?.writtenPhase === undefined))
    return say('Planning', 'InProgress', 'Planning', 'looking at the namespaces');
  const way = `To go on: ${commandLine('SetMigrate', object.metadata)}`;
  if (totals.inFlight > goingBackIn(facts))
    return stalled('Paused', 'Paused', `spec.action is Plan${halfWay(facts)}`, way);
  if (totals.inFlight > 0) return underWay(facts, 'RollingBack');
  if (totals.inFlight + totals.migrated + totals.incomplete + totals.rolledBack + facts.failed.length > 0)
    return standing(facts);
  const lost = lostIn(facts, `${totals.blocked} of ${counted(totals.total, 'namespace')} blocked; nothing is started`);
  if (lost !== undefined) return lost;
  if (totals.blocked === totals.total)
    return stalled(
      'Blocked',
      'NamespacesBlocked',
      `critical findings in ${totals.total === 1 ? 'the only namespace' : `all of ${counted(totals.total, 'namespace')}`}`,
    );
  return say(
    'Planned',
    'Ready',
    'Planned',
    `${totals.total - totals.blocked} of ${counted(totals.total, 'namespace')} can be migrated, ${totals.blocked} blocked; nothing was changed`,
  );
}

/**
 * What was there already, or was kept when its journal was lost, has nothing to go back to; what is finalized has no way
 * back.
 */
function whatIsPossible({ children }: Facts): string {
  const there = children.filter((child) => phaseOf(child) === 'Migrated');
  const sealed = children.filter((child) => phaseOf(child) === 'Finalized');
  const unknown = there.filter(({ status }) => status?.direction === undefined);
  if (there.length === 0 && sealed.length > 0) return 'there is no rollback any more: spec.action was Finalize';
  if (there.length > 0 && unknown.length === there.length)
    return 'nobody knows what was before, so a rollback would put nothing back';
  const excepted = [
    ...(unknown.length > 0 ? [`${namesOf(unknown)}: nobody knows what was before`] : []),
    ...(sealed.length > 0 ? [`${namesOf(sealed)}: finalized`] : []),
  ];
  const except = excepted.map((each) => `, but not of ${each}`).join('');
  return `a rollback is possible until spec.action is Finalize${except}`;
}

/** Pods of the old data plane are left; where something else is to be settled first, that is said. */
function incomplete({ children }: Facts, message: string): Summary {
  const those = children.filter((child) => phaseOf(child) === 'Incomplete');
  const isOther = ({ status }: NamespaceMigration): boolean =>
    ![undefined, 'PodsLeft'].includes(stalledBy(status?.conditions)?.reason);
  const [first] = those;
  return first !== undefined && those.every(isOther)
    ? namespaceStalled('Incomplete', first)
    : stalled('Incomplete', 'PodsLeft', message);
}

/** Nothing is under way and nothing can be started any more: what became of it. */
function ended(facts: Facts): Summary {
  const { children, totals } = facts;
  const among = (what: string, phase: string): string =>
    tally(facts, { what, names: namesOf(children.filter((child) => phaseOf(child) === phase)) });
  const failed = failedToMove(facts);
  if (failed.length > 0) return stalled('Failed', 'NamespacesFailed', `${tally(facts)} (${listed(failed)})`);
  const lost = lostIn(facts, tally(facts));
  if (lost !== undefined) return lost;
  if (totals.blocked > 0) return stalled('Blocked', 'NamespacesBlocked', among('blocked', 'Blocked'));
  if (totals.incomplete > 0) return incomplete(facts, among('incomplete', 'Incomplete'));
  if (totals.rolledBack > 0)
    return stalled(
      totals.rolledBack === totals.total ? 'RolledBack' : 'Incomplete',
      'NamespacesRolledBack',
      among('rolled back', 'RolledBack'),
    );
  const drifted = children.find(isStalled);
  return drifted === undefined
    ? say('Migrated', 'Ready', 'Migrated', `${tally(facts)}; ${whatIsPossible(facts)}`)
    : namespaceStalled('Migrated', drifted);
}

/** The first of those that are to come, where each was paused before its start: nothing goes on without a person. */
function pausedEarly({ children, totals }: Facts): NamespaceMigration | undefined {
  const those = children.filter(
    (child) => child.status?.direction === undefined && phaseOf(child) === 'Paused' && isStalled(child),
  );
  return totals.inFlight === 0 && those.length === totals.pending ? those[0] : undefined;
}

/** Nothing is under way, and nothing is started: why; undefined where that is not so. */
function notStarting(facts: Facts): Summary | undefined {
  const { hold } = facts;
  if (hold === undefined) return undefined;
  const message = `${tally(facts)}; ${hold.message}`;
  return hold.kind === 'Frozen'
    ? stalled('Migrating', 'Frozen', message)
    : say('Migrating', 'InProgress', hold.kind, message);
}

function migrating(facts: Facts): Summary {
  const { object, children, totals, failed } = facts;
  const budget = object.spec.failureBudget.namespaces;
  if (children.length === 0) return say('Planning', 'InProgress', 'Planning', 'looking at the namespaces');
  if (totals.inFlight === 0 && totals.pending > 0 && isBudgetSpent(object.spec, failed.length)) {
    return stalled(
      'Failed',
      'FailureBudgetExceeded',
      `${counted(failed.length, 'namespace')} failed (${listed(failed)}), spec.failureBudget.namespaces is ${budget}: ${counted(totals.pending, 'namespace')} not started`,
    );
  }
  const waiting = pausedEarly(facts);
  if (waiting !== undefined) return namespaceStalled('Migrating', waiting);
  if (totals.inFlight === 0 && totals.pending > 0)
    return betweenWaves(facts) ?? awaitingApproval(facts) ?? notStarting(facts) ?? underWay(facts, 'Migrating');
  return totals.inFlight > 0 ? movingOn(facts) : ended(facts);
}

function goingBackIn({ children }: Facts): number {
  return children.filter((child) => phaseOf(child) === 'RollingBack').length;
}

/** A rollback is never paused: whoever reads this is not to believe that nothing is written. */
function halfWay(facts: Facts): string {
  const back = goingBackIn(facts);
  const staying = facts.totals.inFlight - back;
  return (
    (staying > 0 ? `, ${counted(staying, 'namespace')} half-way` : '') +
    (back > 0 ? `, ${counted(back, 'namespace')} going back to the end: a rollback is never paused` : '')
  );
}

function paused(facts: Facts): Summary {
  const { object } = facts;
  const command = object.status?.command;
  const where = halfWay(facts);
  return command === undefined
    ? stalled(
        'Paused',
        'Paused',
        `spec.action is Pause${where}`,
        `To go on: ${commandLine('SetMigrate', object.metadata)}`,
      )
    : stalled('Paused', 'Paused', `paused by ${command.by} at ${command.at}${where}`);
}

const byWanted: Readonly<Record<Wanted, (facts: Facts) => Summary>> = {
  Plan: planned,
  Migrate: migrating,
  Pause: paused,
  Rollback: rollingBack,
  Finalize: finalizing,
  DeleteLeave: goingBack,
};

/** What is wrong with the selection besides: a name that does not exist must not hide behind "all are migrated". */
function alsoFound({ findings }: Scope, reason: string): readonly string[] {
  const open = findings.filter(({ id, severity }) => severity !== 'Info' && id !== reason);
  const ids = [...new Set(open.map(({ id }) => id))];
  return ids.map((id) => {
    const same = open.filter((finding) => finding.id === id);
    return `${id} ${listed([...new Set(same.map(({ object }) => object))])}: ${same[0]?.message ?? ''}`;
  });
}

/** Why nothing further is started, while that is not the verdict: what is under way, or soaks, must not hide it. */
function alsoHeld({ hold, wanted, totals }: Facts, reason: string): readonly string[] {
  const isSaid = hold === undefined || reason === hold.kind;
  return isSaid || wanted !== 'Migrate' || totals.pending === 0 ? [] : [hold.message];
}

function summary(facts: Facts): Summary {
  const { object, scope, totals, wanted } = facts;
  const critical = scope.findings.find(({ severity }) => severity === 'Critical');
  if (object.metadata.deletionTimestamp !== undefined) return goingBack(facts);
  // What was started has left the selection, all of it: that the selection is wrong is said besides.
  const wasStarted = wanted === 'Rollback' && object.status?.startedAt !== undefined;
  if (
    critical !== undefined &&
    !wasStarted &&
    totals.inFlight + totals.migrated + totals.incomplete + totals.rolledBack === 0
  ) {
    return stalled('Blocked', findingReason(critical), `${critical.object}: ${critical.message}. ${critical.fix}`);
  }
  return byWanted[wanted](facts);
}

/** Whether something becomes of it by itself, as far as it was not looked at or is under way to what is wanted. */
function movesOn(child: NamespaceMigration, { wanted, failed, object }: Facts): boolean {
  if (isStalled(child)) return false;
  const phase = phaseOf(child);
  if (phase === undefined || isInFlight(child)) return true;
  if (wanted === 'Migrate')
    return (
      child.status?.direction === undefined && startable.includes(phase) && !isBudgetSpent(object.spec, failed.length)
    );
  return child.status?.direction !== undefined && wanted !== 'Plan' && wanted !== 'Pause';
}

const startable: readonly string[] = ['Pending', 'Planned', 'Migrating'];

/**
 * What the API server keeps refusing, when nothing else is left that becomes of itself: until then the namespaces that
 * need a person are listed.
 */
function refusedIn(facts: Facts, { phase, verdict }: Summary): Summary | undefined {
  if (facts.own !== undefined) return stalled(phase, 'RecordRefused', facts.own);
  const first = facts.children.find((child) => refusedBy(child) !== undefined);
  if (first === undefined || verdict.state === 'Stalled' || facts.children.some((child) => movesOn(child, facts)))
    return undefined;
  return namespaceStalled(phase, first);
}

/** As many characters of it as leave room for the message of a namespace. */
const mostFound = 898;

/** Phase and verdict of a migration from what it wants and where its namespaces are. */
export function summarise(facts: Facts): Summary {
  const plain = summary(facts);
  const { phase, verdict } = refusedIn(facts, plain) ?? plain;
  const found = [...alsoHeld(facts, verdict.reason), ...alsoFound(facts.scope, verdict.reason)];
  if (found.length === 0) return { phase, verdict };
  // The message of a namespace ends with a command, and nothing may follow that.
  const message =
    verdict.reason === 'NamespaceStalled'
      ? `${found.join('; ').slice(0, mostFound)}. ${verdict.message}`
      : [verdict.message.replace(/\.$/, ''), ...found].join('; ');
  return { phase, verdict: { ...verdict, message } };
}
