import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus, NamespacePhase } from '../api/namespace-migration.ts';
import { migrationLabel, originalLabelsAnnotation } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import { hold, type Draft } from './draft.ts';
import { observedLabels, readOriginal, toList } from './labels.ts';
import { ownObjects } from './own-objects.ts';
import type { Situation } from './situation.ts';
import { concernedPods } from './verify.ts';
import { finalizedVerdict, pausedVerdict, rolledBackVerdict } from './verdicts.ts';
import { findingReason } from './ways-out.ts';

function alreadyThere(situation: Situation): Finding | undefined {
  const { adapter, surroundings, spec, object } = situation;
  const target = adapter.modeFor(spec.to);
  const pods = concernedPods(situation);
  if (!adapter.arrived(spec, surroundings.namespace.labels) || !pods.every((pod) => adapter.modeOf(pod) === target)) return undefined;
  return { id: 'MM005', severity: 'Info', object: `Namespace ${object.metadata.namespace ?? ''}`, message: `it is in ${spec.to} already; nothing is changed`, fix: 'Nothing to do.' };
}

function waiting(status: NamespaceMigrationStatus, phase: NamespacePhase, state: 'Ready' | 'InProgress', reason: string, message: string): Draft {
  return { status, phase, verdict: { state, reason, message }, next: { kind: 'Wait' } };
}

/** Whether something that the operator made or labelled for this migration is in the namespace. */
function leftBehind(situation: Situation): boolean {
  const { surroundings: { services }, object } = situation;
  const label = object.metadata.labels?.[migrationLabel];
  return services.some(({ annotations }) => annotations[originalLabelsAnnotation] !== undefined)
    || ownObjects(situation).some(({ labels }) => labels[migrationLabel] === label);
}

/** The NamespaceMigration was lost on the way (deleted by hand): the namespace itself still tells what it was. */
function recovered(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus | undefined {
  const { adapter, surroundings: { namespace }, spec, object, wanted, now } = situation;
  const found = readOriginal(namespace);
  const back = wanted === 'Rollback' || wanted === 'DeleteLeave';
  const labels = toList(observedLabels(situation));
  const itinerary = leftBehind(situation) ? 'L7' : 'L4';
  if (found?.migration === object.spec.migration) {
    return { ...status, direction: back ? 'Backward' : 'Forward', attempt: found.attempt, original: found.original, labels, steps: [], itinerary };
  }
  // Before the labels of the namespace are changed nothing stands on it; on the way forward all that was made is found again by itself.
  const before = status.phase === undefined && !adapter.arrived(spec, namespace.labels);
  if (!back || !before || itinerary === 'L4') return undefined;
  return { ...status, direction: 'Backward', attempt: 1, original: { namespaceUid: namespace.uid, capturedAt: timestamp(now), labels }, labels, steps: [], itinerary };
}

function started(status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const { original: _original, before: _before, failure: _failure, ...rest } = status;
  return { ...rest, direction: 'Forward', attempt: (status.attempt ?? 0) + 1, steps: [], workloads: [] };
}

/** Whether it ended in a way that only a person changes: what failed or was commanded back is not started again by itself. */
function hasEnded({ wanted }: Situation, { phase, failure, command }: NamespaceMigrationStatus): boolean {
  if (phase !== 'RolledBack') return phase === 'Finalized';
  return failure !== undefined || command !== undefined || wanted !== 'Migrate';
}

/** A namespace without critical findings: planned, held, waiting for its turn, or started now. */
function next(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const { wanted, notAdmitted } = situation;
  const { command } = status;
  if (wanted !== 'Migrate') return waiting(status, 'Planned', 'Ready', 'Planned', 'nothing critical was found; nothing was changed');
  if (command?.action === 'Pause') return hold(status, 'Paused', pausedVerdict(situation, status));
  if (notAdmitted !== undefined) return waiting(status, 'Pending', 'InProgress', 'Waiting', notAdmitted);
  return waiting(started(status), 'Migrating', 'InProgress', 'Started', 'started');
}

/** As many as the API admits. */
const maxExplanations = 50;

/** Looks at a namespace that is not under way: what stands in the way, what the steps would be, and whether it may start. */
export function look(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const { adapter, surroundings, spec } = situation;
  const lost = recovered(situation, status);
  if (lost !== undefined) return waiting(lost, 'Migrating', 'InProgress', 'Recovered', 'the record of this namespace was lost; going on from what the namespace itself tells');
  if (hasEnded(situation, status)) return settled(situation, status);
  const there = alreadyThere(situation);
  if (there !== undefined) return waiting({ ...status, findings: [there] }, 'Migrated', 'Ready', 'AlreadyMigrated', there.message);
  const findings = [...situation.blockers, ...adapter.findings(surroundings, 'Start')].slice(0, 100);
  const itinerary = adapter.choose(surroundings);
  const plan = adapter.itinerary(spec, observedLabels(situation), itinerary).forward.map(({ name, why }) => ({ name, why }));
  const explanations = adapter.explain(surroundings).slice(0, maxExplanations).map((sentence) => sentence.slice(0, 512));
  const order = adapter.order(surroundings);
  const { explanations: _explanations, order: _order, ...rest } = status;
  const looked: NamespaceMigrationStatus = {
    ...rest, findings, plan, itinerary, ...(explanations.length > 0 && { explanations }), ...(order.length > 0 && { order: [...order] }),
  };
  const critical = findings.filter(({ severity }) => severity === 'Critical');
  const [first] = critical;
  if (first === undefined) return next(situation, looked);
  const more = critical.length > 1 ? ` (and ${critical.length - 1} more critical findings)` : '';
  return hold(looked, 'Blocked', { state: 'Stalled', reason: findingReason(first), message: `${first.object}: ${first.message}${more}` });
}

/** A namespace whose migration ended: what was said at the end stays. */
function settled(situation: Situation, status: NamespaceMigrationStatus): Draft {
  if (status.phase !== 'Finalized') return hold(status, 'RolledBack', rolledBackVerdict(situation, status));
  return hold(status, 'Finalized', finalizedVerdict);
}
