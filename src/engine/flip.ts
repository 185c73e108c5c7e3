import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import { arrivedAlone } from './arrived.ts';
import { concernedPods, isConcerned } from './concerned.ts';
import { heldBack, heldByFinding } from './held.ts';
import { fromList, hasLabels } from './label-values.ts';
import { labelsStep } from './labels.ts';
import { hands, putBack, wasThere } from './set-early.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline } from './waits.ts';

type LabelsWork = Extract<StepWork, { kind: 'Labels' }>;
/** What keeps something from being done. */
export type Held = Extract<Outcome, { kind: 'Wait' }>;

/**
 * Whether pods may have lost what protects them because labels were taken away: these are put back then, whatever else
 * has come up. Where somebody has led the namespace back to its old data plane, with its pods, nothing is urgent.
 */
function isUrgent(situation: Situation, status: NamespaceMigrationStatus): boolean {
  const { adapter, surroundings, spec } = situation;
  if (status.steps?.some(wasThere) !== true) return false;
  const isBack = arrivedAlone(adapter, { from: spec.to, to: spec.from }, surroundings.namespace.labels);
  if (!isBack) return true;
  // In no mesh they are where they were.
  return adapter.modeFor(spec.from) !== 'None' && concernedPods(situation).some((pod) => adapter.isStranded(pod));
}

/** Labels change only while nothing has come up that would break by it. */
export function flip(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: LabelsWork,
  steps: readonly StepPlan[],
): Outcome {
  const outcome = labelsStep(situation, status, work);
  if (status.direction === 'Backward') return flipBack(situation, status, step, work, steps, outcome) ?? outcome;
  if (outcome.kind !== 'Write') return outcome;
  if (isUrgent(situation, status)) return { ...outcome, urgent: true };
  const critical = situation.adapter.unready(situation.surroundings);
  return critical === undefined ? outcome : heldByFinding(situation, critical, step.name);
}

/**
 * Asked before the labels that new pods go by, or that capture running ones: the first, and all before a restart. The
 * last ones after it only release what is back. Whoever puts the first ones back himself decides about pods that are
 * created from then on, and not about those that still run: the journal says that it was not the operator, the step is
 * not complete, and nothing is restarted before what holds it is gone.
 */
function flipBack(
  situation: Situation,
  { failure, labels = [] }: NamespaceMigrationStatus,
  step: StepPlan,
  { targets }: LabelsWork,
  steps: readonly StepPlan[],
  { kind }: Outcome,
): Outcome | undefined {
  const at = steps.indexOf(step);
  const isFirst = !steps.slice(0, at).some(({ work }) => work.kind === 'Labels');
  const restarts = steps.slice(at).some(({ work }) => work.kind === 'Restart');
  const isOthers = kind === 'Done' && restarts && !hasLabels(fromList(labels), targets);
  if (isOthers) return heldWithLabelsBack(situation, labels, step, failure !== undefined);
  return kind === 'Write' && (isFirst || restarts) ? heldOnTheWayBack(situation, failure !== undefined) : undefined;
}

function heldWithLabelsBack(
  situation: Situation,
  labels: NonNullable<NamespaceMigrationStatus['labels']>,
  step: StepPlan,
  hasFailed: boolean,
): Held | undefined {
  const what = `somebody has put the labels of the namespace back already${hands(situation, step)}: pods that are created now are in the old data plane, and nothing is restarted; the rollback`;
  const held = heldOnTheWayBack(situation, hasFailed, what);
  return held && { ...held, message: `${held.message} ${putBack(situation, labels)}`.trimEnd() };
}

/** What keeps the namespace, as a whole, from going back now. */
export function heldOnTheWayBack(situation: Situation, hasFailed: boolean, what = 'the rollback'): Held | undefined {
  const { adapter, surroundings } = situation;
  const unready = adapter.unreadyBack(surroundings, hasFailed);
  if (unready === undefined) return undefined;
  const lasting = adapter.unreadyBack(surroundings, hasFailed, true);
  return lasting === undefined ? untilItStands(situation, unready, what) : heldBack(situation, lasting, what);
}

/**
 * The same before a restart, as long as nobody is back: the labels may be back for long by then, while others are
 * waited for, and whoever accepted those of somebody else has said nothing about the pods. That a workload is back only
 * counts where the cluster shows a pod that is.
 */
export function heldUntilFirstIsBack(
  situation: Situation,
  { workloads = [], failure }: NamespaceMigrationStatus,
  { name }: StepPlan,
): Held | undefined {
  const { adapter, surroundings, spec } = situation;
  const mode = adapter.modeFor(spec.from);
  const isSomebodyBack =
    workloads.some((record) => record.step === name) &&
    surroundings.pods.some((pod) => !pod.terminating && isConcerned(situation, pod) && adapter.modeOf(pod) === mode);
  return isSomebodyBack ? undefined : heldOnTheWayBack(situation, failure !== undefined);
}

/**
 * What passes by itself, a rollout of a node component, is waited for while it gets on: it may stand at a dead node.
 * Fewer pods of the mesh's own to be replaced than ever before in this rollout are progress, and so it has an end: who
 * adds a node, or a DaemonSet of his, gets it no nearer.
 */
function untilItStands(situation: Situation, finding: Finding, what: string): Held | undefined {
  const { adapter, spec, surroundings } = situation;
  const agents = adapter.nodeAgents(surroundings.mesh);
  const rollouts = agents.map(({ uid, generation }) => `${uid} ${generation}`).join(', ');
  const { over, until } = deadline(
    situation,
    `the rollback: ${finding.id} ${finding.object} of ${rollouts}`,
    durationMs(spec.restart.progressDeadline),
    agents.reduce((done, { replicas, updated }) => done - Math.max(0, replicas - updated), 0),
  );
  return over ? undefined : { ...heldBack(situation, finding, what), until };
}
