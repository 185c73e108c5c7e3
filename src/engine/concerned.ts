import type { PodView } from '../mesh/views.ts';
import type { Outcome, Situation } from './situation.ts';
import { ending } from './waits.ts';

type Look = Pick<Situation, 'adapter' | 'surroundings'>;
type HeldBy = ((pod: PodView) => boolean) | undefined;

/** Whether a pod is the operator's business: a data plane takes it, and it is of no gateway of the mesh. */
export function isConcerned({ adapter, surroundings }: Look, pod: PodView): boolean {
  return adapter.concerns(pod, surroundings.workloads);
}

/** Pods that a data plane takes and that are not on their way out. */
export function concernedPods(look: Look): readonly PodView[] {
  return look.surroundings.pods.filter((pod) => isConcerned(look, pod) && !pod.terminating);
}

/** Which pods a step waits for that is held by such pods. */
export function holding(look: Look, heldBy: HeldBy): (pod: PodView) => boolean {
  return (pod) => isConcerned(look, pod) && heldBy?.(pod) === true;
}

/** What has to be waited for while a pod would lose what protects it. */
export function whileUnprotected(situation: Situation, heldBy: HeldBy): Outcome | undefined {
  const holder = situation.surroundings.pods.find(holding(situation, heldBy));
  if (holder === undefined) return undefined;
  if (holder.terminating) return ending(situation, holder, 'would be without its policies');
  const message = `pod ${holder.name} would be without its policies: wait until it ends, or delete it`;
  return { kind: 'Wait', stuck: true, message };
}
