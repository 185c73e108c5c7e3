import type { Mode } from '../../../../api/common.ts';
import type { MeshObjects, Surroundings } from '../../../adapter.ts';
import { asPod, type PodView, type TemplateView } from '../../../views.ts';
import { nextMode } from '../../vocabulary/next-mode.ts';
import { concerns, modeOf } from '../../vocabulary/pod-mode.ts';
import { question } from './question.ts';
import { isGateway } from '../callers.ts';
import { isOfApplication } from '../../vocabulary/gateway-pods.ts';

/*
 * Who sleeps is asked like who runs: workloads at zero, or without a pod for another reason, and CronJobs between two runs wake without asking anybody.
 */

/** What runs in a namespace, and what makes pods there. */
export interface Inhabitants extends Pick<Surroundings, 'pods' | 'workloads' | 'otherTemplates'> {
  /** Of the namespace. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Those of a namespace, the one that is looked at or another. */
export function inhabitantsOf(name: string, surroundings: Surroundings): Inhabitants {
  const { mesh, namespace } = surroundings;
  if (name === namespace.name) return { ...surroundings, labels: namespace.labels };
  return {
    pods: mesh.pods(name),
    workloads: mesh.workloads(name),
    otherTemplates: mesh.otherTemplates(name),
    labels: mesh.labelsOf?.(name) ?? {},
  };
}

/**
 * Templates of which no pod serves and whose next pods would be in that mode, or may be; but for gateways, which are
 * none of the application's. A pod that only ends, or has ended, is no reason to pass by the one that comes after it.
 */
export function asleep(
  { pods, workloads, otherTemplates, labels }: Inhabitants,
  mode: Extract<Mode, 'Ambient' | 'Sidecar'>,
  mesh: MeshObjects,
): readonly TemplateView[] {
  const owners = new Set(pods.filter(serves).map(({ owner }) => owner && `${owner.kind}/${owner.name}`));
  const idle = workloads.filter(({ kind, name, replicas }) => replicas === 0 || !owners.has(`${kind}/${name}`));
  return [...idle, ...otherTemplates].filter(
    (template) => isOfApplication(template) && [mode, 'Transitional'].includes(nextMode(mesh, labels, asPod(template))),
  );
}

/** Whether a pod is none of a gateway and serves, as long as it does. */
export function serves(pod: PodView): boolean {
  return concerns(pod) && !isGateway(pod) && (pod.ready || !pod.terminating);
}

/** Whether something runs there in that mode, or would as soon as it wakes. */
export const isThere = question<boolean, Parameters<typeof asleep>[1]>({
  ask: (there, mode) =>
    there.pods().some((pod) => serves(pod) && modeOf(pod) === mode) ||
    asleep(there.inhabitants(), mode, there.mesh).length > 0,
  otherwise: () => true,
});
