import { least } from '../base/lists.ts';
import { stalledBy } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { WorkloadView } from '../mesh/views.ts';
import { commandLine } from './command-lines.ts';
import type { Draft } from './draft.ts';
import { podsOf } from './rollout.ts';
import { isInItsPlace, restartedIn } from './restarted.ts';
import type { Situation } from './situation.ts';
import { outage, outageStands, type Outage } from './outage.ts';
import { isOwnersInHand, isUnseen } from './owners-hand.ts';
import { isShort } from './watch.ts';

/*
 * What was restarted may die of its new data plane long after: of a certificate that runs out, or of what it calls once
 * a day. As long as there is a way back whoever watches the migration is told, and decides: nothing goes back by itself
 * in the middle of an outage that may have any other reason. Safe: H, nothing is written but the status. Dying before or
 * after: the next process counts anew.
 */

const reason = 'WorkloadUnavailable';

interface Short extends Outage {
  readonly workload: WorkloadView;
}

/** With those that were made anew since in their place. */
function restarted(situation: Situation, status: NamespaceMigrationStatus): readonly WorkloadView[] {
  return situation.surroundings.workloads.filter(
    (each) => restartedIn(situation, status, each) !== undefined || isInItsPlace(status, each),
  );
}

/**
 * For how long it may be short of pods before somebody is told; undefined for what its owner has in hand. One that was
 * made anew is his as well until it is rolled out for the first time, and he may not know where it lives: it has as long
 * as a restart may take.
 */
function allowedFor(
  { spec: { restart } }: Situation,
  status: NamespaceMigrationStatus,
  workload: WorkloadView,
): number | undefined {
  if (!isOwnersInHand(workload)) return durationMs(restart.watch);
  if (workload.paused || isUnseen(workload) || !isInItsPlace(status, workload)) return undefined;
  return durationMs(restart.progressDeadline);
}

function waitOf(workload: WorkloadView): string {
  return `at rest: ${titleOf(workload)} ${workload.uid}`;
}

/**
 * Those that this migration has restarted and that are short of pods, by no rollout of their owner. All are asked about:
 * one that comes and goes is short again.
 */
function shortOnes(situation: Situation, status: NamespaceMigrationStatus): readonly Short[] {
  const asked = restarted(situation, status);
  for (const each of asked) if (isUnseen(each)) outageStands(situation, waitOf(each));
  return asked.flatMap((workload) => {
    const allowed = allowedFor(situation, status, workload);
    if (allowed === undefined) return [];
    const out = outage(situation, waitOf(workload), isShort(workload), allowed, workload.available);
    return out !== undefined && isShort(workload) ? [{ ...out, workload }] : [];
  });
}

function titleOf({ kind, name }: WorkloadView): string {
  return `${kind} ${name}`;
}

/** Whether it was told of already: one whose pods come and go is told of until it is whole. */
function isTold({ object: { status } }: Situation, workload: WorkloadView): boolean {
  const stalled = stalledBy(status?.conditions);
  return stalled?.reason === reason && stalled.message.startsWith(`${titleOf(workload)} has `);
}

/** In the words of its controller and of one of its pods, as far as these say something. */
function why(workload: WorkloadView, { surroundings: { pods } }: Situation): string {
  const failing = podsOf(workload, pods).find(({ ready }) => !ready);
  const said = [
    ...(workload.trouble === undefined ? [] : [`its controller says: ${workload.trouble}`]),
    ...(failing === undefined
      ? []
      : [`pod ${failing.name} is not Ready${failing.trouble === undefined ? '' : ` (${failing.trouble})`}`]),
  ];
  return said.length === 0 ? '' : `: ${said.join('; ')}`;
}

/** Asked where it rests, and nobody has decided that it stays. */
function isAsked({ wanted, spec }: Situation, { phase, status: { direction } }: Draft): boolean {
  const stays = wanted === 'Finalize' || wanted === 'DeleteLeave';
  return phase === 'Migrated' && direction === 'Forward' && !stays && durationMs(spec.restart.watch) > 0;
}

/** Of what was only restarted for HBONE nothing goes back: its labels and its mesh are what they were. */
function wayOut({ kind, name, namespace }: WorkloadView, { object }: Situation, { status }: Draft): string {
  if (status.itinerary === 'Hbone') {
    const again = `kubectl rollout restart ${kind.toLowerCase()}/${name} -n ${namespace}`;
    return `It was only restarted for HBONE and has a sidecar as before, so nothing would come of going back. Repair it, and this is over; to have its pods made anew: ${again}`;
  }
  const back = commandLine('GoBack', { name: object.spec.migration, namespace: object.metadata.namespace });
  return `Nothing goes back by itself any more. Repair it, and this is over; or, if it cannot live here, go back: ${back}`;
}

/**
 * What rests, where something that was restarted has been short of pods for as long as it would have been watched: a
 * person is to look. With one pod more than before that begins anew; where nobody wants to watch nobody is told. What
 * else is to be said goes first, and is asked about beside it: what comes and goes would begin its time anew each time.
 */
export function withUnavailable(situation: Situation, draft: Draft): Draft {
  if (!isAsked(situation, draft)) return draft;
  const short = shortOnes(situation, draft.status);
  if (short.length === 0 || draft.verdict.state !== 'Ready') return draft;
  const late = short.find(({ workload, over }) => over || isTold(situation, workload));
  if (late === undefined) {
    const until = least(short.map((each) => each.until));
    const { next } = draft;
    return { ...draft, next: next.kind === 'Wait' ? { ...next, until: Math.min(until, next.until ?? until) } : next };
  }
  const { workload } = late;
  return {
    ...draft,
    verdict: {
      state: 'Stalled',
      reason,
      message: `${titleOf(workload)} has ${workload.available} of ${workload.replicas} pods available${why(workload, situation)}`,
      way: wayOut(workload, situation, draft),
    },
  };
}
