import { stalledBy } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { WorkloadView } from '../mesh/views.ts';
import { commandLine } from './command-lines.ts';
import type { Draft } from './draft.ts';
import { podsOf } from './rollout.ts';
import type { Situation } from './situation.ts';
import { deadline } from './waits.ts';
import { isOwnersInHand, isShort } from './watch.ts';

/*
 * What was restarted may die of its new data plane long after: of a certificate that runs out, or of what it calls once
 * a day. As long as there is a way back whoever watches the migration is told, and decides: nothing goes back by itself
 * in the middle of an outage that may have any other reason. Safe: H, nothing is written but the status. Dying before or
 * after: the next process counts anew.
 */

const reason = 'WorkloadUnavailable';

/** Those that this migration has restarted and that are short of pods, by no rollout of their owner. */
function shortOnes({ surroundings }: Situation, { workloads = [] }: NamespaceMigrationStatus): readonly WorkloadView[] {
  const restarted = new Set(workloads.filter(({ completedAt }) => completedAt !== undefined).map(({ uid }) => uid));
  return surroundings.workloads.filter((each) => restarted.has(each.uid) && isShort(each) && !isOwnersInHand(each));
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

/** Asked where it rests with nothing else to be said, and nobody has decided that it stays. */
function isAsked({ wanted }: Situation, { phase, verdict, status: { direction } }: Draft): boolean {
  const stays = wanted === 'Finalize' || wanted === 'DeleteLeave';
  return phase === 'Migrated' && verdict.state === 'Ready' && direction === 'Forward' && !stays;
}

/**
 * What rests, where something that was restarted has been short of pods for as long as it would have been watched: a
 * person is to look. With one pod more than before that begins anew; where nobody wants to watch nobody is told.
 */
export function withUnavailable(situation: Situation, draft: Draft): Draft {
  const { watch } = situation.spec.restart;
  if (!isAsked(situation, draft) || durationMs(watch) === 0) return draft;
  const short = shortOnes(situation, draft.status).map((workload) => ({
    workload,
    ...deadline(situation, `at rest: ${titleOf(workload)} ${workload.uid}`, durationMs(watch), workload.available),
  }));
  if (short.length === 0) return draft;
  const late = short.find(({ workload, over }) => over || isTold(situation, workload));
  if (late === undefined) {
    const until = Math.min(...short.map((each) => each.until));
    const { next } = draft;
    return { ...draft, next: next.kind === 'Wait' ? { ...next, until: Math.min(until, next.until ?? until) } : next };
  }
  const { workload } = late;
  const { metadata, spec } = situation.object;
  const back = commandLine('GoBack', { name: spec.migration, namespace: metadata.namespace });
  return {
    ...draft,
    verdict: {
      state: 'Stalled',
      reason,
      message: `${titleOf(workload)} has ${workload.available} of ${workload.replicas} pods available${why(workload, situation)}`,
      way: `Nothing goes back by itself any more. Repair it, and this is over; or, if it cannot live here, go back: ${back}`,
    },
  };
}
