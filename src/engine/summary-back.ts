import type { NamespaceMigration } from '../api/resources.ts';
import { counted } from '../base/counted.ts';
import { notRestored } from './conditions.ts';
import { hasLostJournal } from './lost-journal.ts';
import { namesOf, namespaceStalled, say, stalled, stalledInFlight, underWay, type Facts, type Summary } from './summary-parts.ts';
import { isStalled, phaseOf } from './totals.ts';
import { commandLine } from './ways-out.ts';

function isStarted({ status }: NamespaceMigration): boolean {
  return status?.direction !== undefined;
}

function isFinalized(child: NamespaceMigration): boolean {
  return phaseOf(child) === 'Finalized';
}

/** How many are back, of those that have somewhere to go back to; what is sealed is named, because it stays. */
function progress({ children, totals }: Facts): string {
  const started = children.filter(isStarted);
  const moving = started.filter(({ status }) => status?.direction === 'Backward').length;
  const sealed = children.filter(isFinalized);
  return [
    `${totals.rolledBack} of ${counted(totals.rolledBack + started.length, 'namespace')} back`, `${moving} under way`,
    ...(started.length > moving ? [`${started.length - moving} to come`] : []),
    ...(sealed.length > 0 ? [`no way back for ${counted(sealed.length, 'finalized namespace')} (${namesOf(sealed)})`] : []),
  ].join(', ');
}

/** Somebody took its journal away half-way: it has not gone back, whatever became of the others. */
function withoutJournal({ object, children, totals }: Facts): Summary | undefined {
  const lost = children.filter(hasLostJournal);
  if (totals.inFlight > 0 || lost.length === 0) return undefined;
  return stalled('Incomplete', 'MM007', `${totals.rolledBack} of ${counted(totals.rolledBack + lost.length, 'namespace')} back; the journals of ${namesOf(lost)} were taken away half-way, and what their labels were is no longer known for certain`,
    `Do what the messages of the namespaces say: ${commandLine('List', object.metadata)}`);
}

/** On the way back, with their number. */
export function goingBack(facts: Facts): Summary {
  const lost = withoutJournal(facts);
  if (lost !== undefined) return lost;
  const started = facts.children.filter(isStarted);
  const first = stalledInFlight(facts) ?? (started.every(isStalled) ? started[0] : undefined);
  const isOver = facts.object.metadata.deletionTimestamp !== undefined && facts.totals.rolledBack > 0 && !facts.children.some(isStarted);
  const late = isOver ? '; it is deleted when no write can arrive any more that was given up' : '';
  return first === undefined ? say('RollingBack', 'InProgress', 'RollingBack', `${progress(facts)}${late}`) : namespaceStalled('RollingBack', first);
}

/** Nothing is on the way back any more. Finalized namespaces have no way back: it is never said that they had gone it. */
function back({ object, children, totals }: Facts): Summary {
  const sealed = children.filter(isFinalized);
  const others = totals.total - totals.rolledBack;
  if (sealed.length > 0) {
    return stalled('Finalized', 'NoWayBack', `no way back for ${counted(sealed.length, 'finalized namespace')}: ${namesOf(sealed)}; ${totals.rolledBack} of ${counted(totals.total, 'namespace')} back`);
  }
  const never = others > 0 ? `, ${others} never started` : '';
  const differing = children.filter(({ status }) => notRestored(status?.conditions) !== undefined);
  const how = differing.length === 0 ? 'everything is as it was: ' : '';
  const except = differing.length === 0 ? '' : `, not as it was: ${namesOf(differing)} (condition Restored)`;
  const message = totals.rolledBack === 0 ? 'nothing was started, so nothing had to go back' : `${how}${counted(totals.rolledBack, 'namespace')} back${never}${except}`;
  const by = object.status?.command;
  if (by === undefined) return say('RolledBack', 'Ready', 'RolledBack', message);
  // A command to go on is taken only where the spec asks for a migration too.
  const way = object.spec.action === 'Migrate' ? undefined : `To start again: ${commandLine('SetMigrate', object.metadata)}`;
  return stalled('RolledBack', 'RolledBack', `${message}; rolled back by ${by.by} at ${by.at}`, way);
}

/** What a rollback of the whole amounts to now. */
export function rollingBack(facts: Facts): Summary {
  return facts.children.some(isStarted) ? goingBack(facts) : withoutJournal(facts) ?? back(facts);
}

/** What sealing amounts to now: what is not as it shall be is not sealed, and named. */
export function finalizing(facts: Facts): Summary {
  const { children, totals } = facts;
  const open = children.filter(isStarted);
  if (totals.inFlight > 0) return underWay(facts, 'Migrating');
  if (open.some((child) => !isStalled(child))) return say('Migrated', 'InProgress', 'Finalizing', `sealing ${counted(open.length, 'namespace')}`);
  const left = open.filter((child) => phaseOf(child) === 'Incomplete');
  if (left.length > 0) {
    return stalled('Incomplete', 'PodsLeft', `not finalized, because pods of the old data plane are left in ${counted(left.length, 'namespace')}: ${namesOf(left)}`);
  }
  const [first] = open;
  if (first !== undefined) return namespaceStalled('Migrated', first);
  const never = totals.total - totals.migrated;
  if (totals.failed > 0) {
    const failed = children.filter(({ status }) => status?.failure !== undefined);
    return stalled('Failed', 'NamespacesFailed', `${counted(totals.migrated, 'namespace')} migrated for good, ${totals.failed} failed: ${namesOf(failed)}`);
  }
  return say('Finalized', 'Ready', 'Finalized', `${counted(totals.migrated, 'namespace')} migrated for good${never > 0 ? `, ${never} never` : ''}`);
}
