import { timestamp } from '../../../src/base/clock.ts';
import { enqueueChanges, ownerKey, startQueue, type ControllerContext } from './controller.ts';
import { jobs, pods } from './kinds.ts';
import { indexByOwner, type OwnerIndex } from './owner-index.ts';
import { nameSuffix, podFromTemplate } from './pod-template.ts';
import type { Pod } from './pod-types.ts';
import { isActive, isReady, withCondition } from './pods.ts';
import { getByKey, updateStatus } from './typed-api.ts';
import type { Job } from './workload-types.ts';

const manager = 'kube-controller-manager';

/**
 * The Job controller as far as a migration meets it: runs pods until enough have succeeded. No retries, deadlines,
 * indexes or pod finalizers.
 */
export function startJobController(context: ControllerContext): void {
  const queue = startQueue(context, (key) => {
    reconcile(context, index, key);
    return undefined;
  });
  const index = indexByOwner(context.api, pods, context.signal, (pod) => {
    const key = ownerKey(jobs, pod);
    if (key !== undefined) queue.add(key);
  });
  enqueueChanges(context, jobs, queue);
}

function reconcile({ api, clock, random }: ControllerContext, index: OwnerIndex<Pod>, key: string): void {
  const job = getByKey(api, jobs, key);
  if (job?.metadata.deletionTimestamp !== undefined || job === undefined || job.status?.completionTime !== undefined)
    return;
  const active = index.ownedBy(job).filter(isActive).length;
  const succeeded = index.ownedBy(job).filter((pod) => pod.status?.phase === 'Succeeded').length;
  const { parallelism } = job.spec;
  const completions = job.spec.completions ?? parallelism;
  const wanted = job.spec.suspend === true ? 0 : Math.min(parallelism, completions - succeeded);
  for (let missing = wanted - active; missing > 0; missing -= 1) {
    api.create(pods, podFromTemplate(job.spec.template, jobs, job, `${job.metadata.name}-${nameSuffix(random)}`), {
      manager,
    });
  }
  updateStatus(api, jobs, job, manager, statusOf(job, index.ownedBy(job), succeeded >= completions, clock.now()));
}

function statusOf(job: Job, owned: readonly Pod[], complete: boolean, now: number): NonNullable<Job['status']> {
  const active = owned.filter(isActive);
  return {
    startTime: job.status?.startTime ?? timestamp(now),
    ready: active.filter(isReady).length,
    ...(active.length === 0 ? {} : { active: active.length }),
    succeeded: owned.filter((pod) => pod.status?.phase === 'Succeeded').length,
    ...(complete
      ? {
          completionTime: timestamp(now),
          conditions: withCondition(
            job.status?.conditions,
            { type: 'Complete', status: 'True', reason: 'CompletionsReached' },
            now,
          ),
        }
      : {}),
  };
}
