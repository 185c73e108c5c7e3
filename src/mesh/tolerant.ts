import type { MeshAdapter } from './adapter.ts';

/** What is asked of an adapter about one pod, object or set of labels, wherever that is. */
type Answers = Pick<MeshAdapter, 'isOurs' | 'modeOf' | 'concerns' | 'holdsOthersBack' | 'arrived'>;

/**
 * The same adapter, that answers about what it fails at too, and tells of it. The answers are those by which nothing is
 * taken away or believed: an object is nobody's of ours, a pod is in no data plane and is waited for, and no labels
 * lead anywhere.
 */
export function tolerant<A extends Answers>(adapter: A, onFault: (where: string, error: unknown) => void): A {
  function ask<T>(where: string, answer: () => T, otherwise: T): T {
    try {
      return answer();
    } catch (error) {
      onFault(where, error);
      return otherwise;
    }
  }
  return {
    ...adapter,
    isOurs: (config, underWay) =>
      ask(`whose ${config.kind} ${config.namespace}/${config.name} is`, () => adapter.isOurs(config, underWay), false),
    modeOf: (pod) => ask(`the mode of Pod ${pod.namespace}/${pod.name}`, () => adapter.modeOf(pod), 'Transitional'),
    concerns: (pod, workloads) =>
      ask(`whether Pod ${pod.namespace}/${pod.name} is concerned`, () => adapter.concerns(pod, workloads), true),
    holdsOthersBack: (pod) =>
      ask(`whether Pod ${pod.namespace}/${pod.name} holds others back`, () => adapter.holdsOthersBack(pod), false),
    arrived: (route, labels) => ask('where labels lead', () => adapter.arrived(route, labels), false),
  };
}
