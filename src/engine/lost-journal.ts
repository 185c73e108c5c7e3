import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { journalAnnotation, type NamespaceMigration } from '../api/resources.ts';
import type { LabelTargets, Route } from '../mesh/adapter.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { journalOn } from '../plan/journal.ts';
import { hold, type Draft } from './draft.ts';
import { labelCommand } from './label-command.ts';
import { fromList, observedLabels } from './label-values.ts';
import type { Situation } from './situation.ts';
import { findingReason } from './ways-out.ts';

/** Whether it was found before that the journal of the namespace was taken away. Of a record, so whoever forges one holds up his own migration's end. */
export function hasLostJournal({ status }: NamespaceMigration): boolean {
  return status?.direction === undefined && status?.writtenPhase === 'Blocked' && isFound(status);
}

function isFound({ findings }: NamespaceMigrationStatus): boolean {
  return findings?.some(({ id }) => id === 'MM007') === true;
}

/** Whether a status as it is stored tells of a beginning, by what it says itself or by the finding that took the place of that. */
export function tellsOfBeginning(status: NamespaceMigrationStatus): boolean {
  return status.direction !== undefined || isFound(status);
}

/** Whether only this record tells what the labels of a namespace were before a migration that has begun: its journal is gone and they are not back. */
export function tellsAlone({ status }: NamespaceMigration, { uid, annotations, labels }: NamespaceView): boolean {
  const original = status?.original;
  if (original?.namespaceUid !== uid || annotations[journalAnnotation] !== undefined || status?.writtenPhase === 'Finalized') return false;
  return original.labels.some(({ key, value }) => labels[key] !== value);
}

/**
 * What a record of another way comes to that has the name of this migration's and tells alone what the labels were: its namespace is blocked, and a
 * person decides. Whoever forges one holds up his own namespace.
 */
export function blockedBy(record: NamespaceMigration, { from, to }: Route): NamespaceMigration {
  const { metadata, spec } = record;
  const { name, namespace = '' } = metadata;
  const found: Finding = {
    id: 'MM007', severity: 'Critical', object: `Namespace ${namespace}`,
    message: `the journal of a migration from ${spec.from} to ${spec.to} was taken away half-way, and NamespaceMigration ${name}, which is of that way, alone tells what the labels were`,
    fix: `See its status.original and put the labels back, or keep them. Then: kubectl delete nsm ${name} -n ${namespace}`,
  };
  const message = `${found.object}: ${found.message}. ${found.fix}`;
  const stalled = { type: 'Stalled', status: 'True', reason: found.id, message, lastTransitionTime: metadata.creationTimestamp ?? '' } as const;
  return { ...record, spec: { ...spec, from, to }, status: { writtenPhase: 'Blocked', phase: 'Blocked', message, findings: [found], conditions: [stalled] } };
}

/** The labels as the status says they were, where it tells of a beginning that the namespace does not know of. */
function labelsClaimed({ object: { status = {} }, surroundings: { namespace } }: Situation): LabelTargets | undefined {
  const { original } = status;
  return tellsOfBeginning(status) && original !== undefined && namespace.annotations[journalAnnotation] === undefined ? fromList(original.labels) : undefined;
}

/** The way back in the order of the itinerary: labels that hold running pods go when no pod needs them any more. */
function wayBack({ adapter, spec, surroundings: { namespace } }: Situation, now: LabelTargets, before: LabelTargets): string {
  const [first = {}, ...later] = adapter.itinerary(spec, before, 'L4').backward.flatMap(({ work }) => (work.kind === 'Labels' ? [work.targets] : []));
  const last = Object.assign({}, ...later) as LabelTargets;
  const commands = [labelCommand(`namespace ${namespace.name}`, now, first), 'restart the workloads one by one and wait for them', labelCommand(`namespace ${namespace.name}`, { ...now, ...first }, last)];
  return commands.filter((command) => command !== undefined).join('; ');
}

function finding(situation: Situation, now: LabelTargets, before: LabelTargets): Finding {
  const { surroundings: { namespace: { name } }, object: { metadata } } = situation;
  return {
    id: 'MM007', severity: 'Critical', object: `Namespace ${name}`,
    message: `annotation ${journalAnnotation} was taken away half-way: the labels are those of the new data plane, and what they were is known only from the status, which is no proof`.slice(0, 512),
    fix: `If the status is right, the way back is, in this order: ${wayBack(situation, now, before)}. To start from the labels as they are: kubectl delete nsm ${metadata.name} -n ${name}`.slice(0, 512),
  };
}

/**
 * Somebody took the journal away while no operator looked on, and the labels are of the new data plane. The status says what they
 * were, but whoever may write it would then choose the labels of the namespace: so nothing is put back, nothing is started from
 * labels that are half-way, and a person is told what to do. A forged status holds up nothing but its own namespace.
 */
function takenAway(situation: Situation, status: NamespaceMigrationStatus): Draft | undefined {
  const { adapter, spec, surroundings, object } = situation;
  const before = labelsClaimed(situation);
  const now = observedLabels(situation);
  if (before === undefined || !adapter.arrived(spec, surroundings.namespace.labels) || isDeepStrictEqual({ ...now, ...before }, now)) return undefined;
  const lost = finding(situation, now, before);
  return held(status, lost, object.status?.original);
}

/**
 * Somebody wrote something else in its place, or put the namespace there from a manifest of another one: the record tells of a beginning, and where it
 * stands now nobody knows. The record is kept, because it alone tells what the labels were.
 */
function spoilt({ object: { status = {} }, surroundings: { namespace } }: Situation, looked: NamespaceMigrationStatus): Draft | undefined {
  if (!tellsOfBeginning(status) || namespace.annotations[journalAnnotation] === undefined || journalOn(namespace) !== undefined) return undefined;
  const unreadable: Finding = {
    id: 'MM007', severity: 'Critical', object: `Namespace ${namespace.name}`,
    message: `annotation ${journalAnnotation} was spoilt half-way: it cannot be read, or is that of another namespace`,
    fix: `Put it back as it was, from a backup of the Namespace; then it goes on. If the namespace is in order as it is: kubectl annotate namespace ${namespace.name} ${journalAnnotation}-`.slice(0, 512),
  };
  return held(looked, unreadable, status.original);
}

function held(status: NamespaceMigrationStatus, found: Finding, original: NamespaceMigrationStatus['original']): Draft {
  const verdict = { state: 'Stalled', reason: findingReason(found), message: `${found.object}: ${found.message}`, way: found.fix } as const;
  return hold({ ...status, findings: [found], ...(original !== undefined && { original }) }, 'Blocked', verdict);
}

/** What keeps a namespace whose journal is not there, or cannot be read, although it was begun; undefined if it ended before. */
export function lostJournal(situation: Situation, status: NamespaceMigrationStatus): Draft | undefined {
  if (situation.returned !== undefined || status.phase === 'Finalized') return undefined;
  return takenAway(situation, status) ?? spoilt(situation, status);
}
