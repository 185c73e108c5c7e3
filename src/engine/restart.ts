import { least } from '../base/lists.ts';
import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import { podsOwnedBy } from '../mesh/look-up.ts';
import type { PodView, WorkloadView } from '../mesh/views.ts';
import { restartBackward } from './restart-backward.ts';
import { restartForward } from './restart-forward.ts';
import { podsOf } from './rollout.ts';
import { gated } from './gates.ts';
import type { Outcome, Situation } from './situation.ts';
import type { Turn } from './turn.ts';
import { isConcerned } from './concerned.ts';
import { isOwnersOnTheWay } from './owners-hand.ts';
import { isInItsPlace, recordOf, restartedIn } from './restarted.ts';
import { falters, watchedLongEnough } from './watch.ts';

type RestartWork = Extract<StepWork, { kind: 'Restart' }>;

function turnOf(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: RestartWork,
  workload: WorkloadView,
): Turn {
  const { pods } = situation.surroundings;
  const own = podsOf(workload, pods).filter((pod) => isConcerned(situation, pod));
  const terminating = podsOwnedBy(workload, pods).filter((pod) => pod.terminating);
  return {
    situation,
    status,
    step,
    workload,
    all: podsOf(workload, pods),
    pods: own,
    stale: own.filter((pod) => work.stale(pod, situation.surroundings)),
    terminating,
  };
}

/** It shows how it will run once it does, and is nothing to be replaced before: capture comes with a node. */
function hasNoPlaceYet({ situation: { adapter, spec } }: Turn, pod: PodView): boolean {
  return pod.node === undefined && adapter.modeOf(pod) !== adapter.modeFor(spec.from);
}

/**
 * That a restart is complete is only believed where no pod says otherwise. On the way there one without a place to run
 * says nothing yet, and what its owner rolls out since is watched (`falters`).
 */
function isOver(turn: Turn, known: WorkloadRecord | undefined): boolean {
  const { step, stale, status } = turn;
  if (known?.step !== step.name || known.completedAt === undefined) return false;
  if (status.direction !== 'Forward') return stale.length === 0;
  return isOwnersOnTheWay(turn, known) || stale.every((pod) => hasNoPlaceYet(turn, pod));
}

/** What is said of those that were restarted and are short of pods now. */
interface Short {
  /** The first that has failed, whatever else waits. */
  readonly failed?: Outcome;
  /** The first that others wait for before they are restarted. */
  readonly holds?: Outcome;
  /** The first without which the step does not end, by whomever. */
  readonly lacks?: Outcome;
}

/** The next look is when the first of all of them is due, whichever is told. */
function lookedAtBy(outcome: Outcome, until: number): Outcome {
  return outcome.kind === 'Wait' && until < Infinity ? { ...outcome, until } : outcome;
}

/** Restarted, or made anew since in the place of one that was; with pods that are to be replaced it has its own turn. */
function isWatched({ situation, status, workload, stale }: Turn): boolean {
  if (restartedIn(situation, status, workload) !== undefined) return true;
  return stale.length === 0 && isInItsPlace(status, workload);
}

/** Each of them is asked at each look: one that waits for ever hides none that has failed. */
function shortOfPods(turns: readonly Turn[]): Short {
  const all = turns.filter(isWatched).flatMap((turn) => {
    const record = recordOf(turn.status, turn.workload);
    const isOwners = isOwnersOnTheWay(turn, record);
    const outcome = falters(turn, isOwners, record);
    return outcome === undefined ? [] : [{ outcome, isOwners }];
  });
  const failed = all.find(({ outcome }) => outcome.kind === 'Failed')?.outcome;
  const until = least(all.map(({ outcome }) => (outcome.kind === 'Wait' ? (outcome.until ?? Infinity) : Infinity)));
  const holds = all.find(({ isOwners }) => !isOwners)?.outcome;
  const lacks = holds ?? all.at(0)?.outcome;
  return {
    ...(failed && { failed }),
    ...(holds && { holds: lookedAtBy(holds, until) }),
    ...(lacks && { lacks: lookedAtBy(lacks, until) }),
  };
}

/** Whether it would be restarted now, and nothing was done about that yet. */
function isUntouched({ step, stale }: Turn, known: WorkloadRecord | undefined): boolean {
  return known?.step !== step.name && stale.length > 0;
}

/** What is next for one workload, while another one that was restarted may be `short` of pods. */
function nextFor(turn: Turn, known: WorkloadRecord | undefined, short: Outcome | undefined): Outcome {
  const isForward = turn.status.direction === 'Forward';
  // A patch of a paused Deployment changes no pods, so forward it waits for its owner, and back its template is looked
  // at.
  if (isOver(turn, known) || (turn.workload.paused && isForward)) return { kind: 'Done' };
  if (short !== undefined && isUntouched(turn, known)) return short;
  return isForward ? restartForward(turn, known) : restartBackward(turn, known);
}

/**
 * One Restart step: the workloads in order, one at a time, each announced before it is touched. On the way there those
 * that were restarted are watched: none is begun while one of them is short of pods. On the way back nothing holds those
 * that are not back yet.
 */
export function restartStep(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: RestartWork,
): Outcome {
  const isForward = status.direction === 'Forward';
  const workloads = work.order?.(situation.surroundings) ?? situation.surroundings.workloads;
  const turns = workloads.map((workload) => turnOf(situation, status, step, work, workload));
  const short = isForward ? shortOfPods(turns) : {};
  if (short.failed !== undefined) return short.failed;
  let patch: Partial<NamespaceMigrationStatus> = {};
  for (const turn of turns) {
    const current = { ...status, ...patch };
    const outcome = nextFor({ ...turn, status: current }, recordOf(current, turn.workload), short.holds);
    patch = { ...patch, ...outcome.patch };
    if (outcome.kind !== 'Done') return { ...outcome, patch };
  }
  if (!isForward) return { kind: 'Done', patch };
  const current = { ...status, ...patch };
  const isLacking = short.lacks !== undefined;
  const watched = watchedLongEnough(situation, current, step, isLacking);
  const gates = gated(situation, current, step, isLacking);
  const outcome = short.lacks ?? (gates.kind === 'Failed' ? gates : (watched ?? gates));
  return { ...outcome, patch: { ...patch, ...gates.patch } };
}
