import { timestamp } from '../../../src/base/clock.ts';
import { podBehaviour } from '../../support/test-cluster.ts';
import type { Condition, Container, ContainerStatus, Pod, PodStatus } from './pod-types.ts';
import { isTerminating, withCondition } from './pods.ts';

const sidecarStatus = 'sidecar.istio.io/status';

/** What the kubelet knows about a pod beside the object. */
export interface PodRun {
  /** Milliseconds since the pod was bound. */
  readonly age: number;
  readonly now: number;
  readonly hostIP: string;
  readonly podIP: string;
}

/** The status that a bound pod should have now. */
export function statusAt(pod: Pod, run: PodRun): PodStatus {
  if (hasSucceeded(pod, run)) return finishedStatus(pod, run);
  const ready = isReadyAt(pod, run);
  const conditions: readonly Condition[] = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'PodReadyToStartContainers', status: 'True' },
    { type: 'Initialized', status: 'True' },
    ...['ContainersReady', 'Ready'].map((type): Condition => (ready ? { type, status: 'True' } : notReady(pod, type))),
  ];
  return {
    ...started(pod, run, conditions),
    phase: 'Running',
    containerStatuses: pod.spec.containers.map((container) => running(pod, container, ready, run)),
    ...initStatuses(pod, run),
  };
}

/** After how many milliseconds the status of a pod of this age changes by itself. */
export function nextChange(pod: Pod, age: number): number | undefined {
  if (isTerminating(pod)) return undefined;
  const later = [delayOf(pod, podBehaviour.readyAfterMs), delayOf(pod, podBehaviour.completesAfterMs)].filter(
    (at) => at !== undefined && at > age,
  );
  return later.length === 0 ? undefined : Math.min(...later.map((at) => (at ?? 0) - age));
}

function isReadyAt(pod: Pod, { age }: PodRun): boolean {
  const annotations = pod.metadata.annotations ?? {};
  const never = annotations[podBehaviour.neverReady];
  if (never === 'always' || (never === 'without-sidecar' && annotations[sidecarStatus] === undefined)) return false;
  return (
    (!isTerminating(pod) || drainsForMs(pod) !== undefined) && age >= (delayOf(pod, podBehaviour.readyAfterMs) ?? 0)
  );
}

/** How long it goes on after SIGTERM, if it does. */
export function drainsForMs(pod: Pod): number | undefined {
  return delayOf(pod, podBehaviour.drainsForMs);
}

function hasSucceeded(pod: Pod, { age }: PodRun): boolean {
  const at = delayOf(pod, podBehaviour.completesAfterMs);
  return pod.spec.restartPolicy !== 'Always' && at !== undefined && age >= at;
}

function delayOf(pod: Pod, annotation: string): number | undefined {
  const value = pod.metadata.annotations?.[annotation];
  return value === undefined ? undefined : Number(value);
}

function notReady(pod: Pod, type: string): Condition {
  const names = pod.spec.containers.map(({ name }) => name).join(' ');
  return { type, status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${names}]` };
}

function finishedStatus(pod: Pod, run: PodRun): PodStatus {
  const conditions: readonly Condition[] = ['ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'False',
    reason: 'PodCompleted',
  }));
  return {
    ...started(pod, run, conditions),
    phase: 'Succeeded',
    containerStatuses: pod.spec.containers.map((container) => completed(container, run)),
    ...(pod.spec.initContainers === undefined
      ? {}
      : { initContainerStatuses: pod.spec.initContainers.map((container) => completed(container, run)) }),
  };
}

/** Of a pod whose containers have ended by a SIGTERM, and which a finalizer still holds. */
export function endedStatus(pod: Pod, now: number): PodStatus {
  const { hostIP = '', podIP = '' } = pod.status ?? {};
  return finishedStatus(pod, { age: 0, now, hostIP, podIP });
}

function started(pod: Pod, { now, hostIP, podIP }: PodRun, conditions: readonly Condition[]): PodStatus {
  return {
    ...pod.status,
    conditions:
      conditions.reduce<readonly Condition[] | undefined>(
        (all, next) => withCondition(all, next, now),
        pod.status?.conditions,
      ) ?? [],
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: pod.status?.startTime ?? timestamp(now),
  };
}

/** Init containers have ended, except native sidecars (`restartPolicy: Always`), which run beside the others. */
function initStatuses(pod: Pod, run: PodRun): Pick<PodStatus, 'initContainerStatuses'> {
  const { initContainers } = pod.spec;
  if (initContainers === undefined) return {};
  return {
    initContainerStatuses: initContainers.map((container) =>
      container.restartPolicy === 'Always'
        ? running(pod, container, !isTerminating(pod), run)
        : completed(container, run),
    ),
  };
}

function running(pod: Pod, container: Container, ready: boolean, { now }: PodRun): ContainerStatus {
  const startedAt = pod.status?.startTime ?? timestamp(now);
  return { ...described(container), ready, started: true, state: { running: { startedAt } } };
}

function completed(container: Container, { now }: PodRun): ContainerStatus {
  return {
    ...described(container),
    ready: true,
    started: false,
    state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: timestamp(now) } },
  };
}

function described({
  name,
  image = '',
}: Container): Pick<ContainerStatus, 'name' | 'image' | 'imageID' | 'restartCount'> {
  return { name, image, imageID: '', restartCount: 0 };
}
