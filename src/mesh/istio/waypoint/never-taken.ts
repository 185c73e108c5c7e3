import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { selects, type PodView, type ServiceView, type TemplateView } from '../../views.ts';
import { injectionAsked } from '../injection.ts';
import { dataplaneModeLabel } from '../labels.ts';
import { concerns } from '../pod-mode.ts';

/*
 * Pods that are in no mesh, whatever the labels of their namespace say: on the network of their host, or opted out of both data planes. Nobody enforces a policy
 * for them before a migration, and nobody does afterwards.
 */

function hasOptedOut(labels: PodView['labels'], annotations: PodView['annotations']): boolean {
  return labels[dataplaneModeLabel] === 'none' && injectionAsked({ labels, annotations }) === 'No';
}

/** Whether the pods of a template are. */
export function isNeverTaken({ hostNetwork, templateLabels, templateAnnotations }: TemplateView): boolean {
  return hostNetwork === true || hasOptedOut(templateLabels, templateAnnotations);
}

function isOutside(pod: PodView): boolean {
  return !concerns(pod) && (pod.hostNetwork || hasOptedOut(pod.labels, pod.annotations));
}

/** The pods behind a Service, those to come among them, as whether any data plane takes them. */
function behindService(
  { selector }: Pick<ServiceView, 'selector'>,
  { pods, workloads, otherTemplates }: Surroundings,
): readonly boolean[] {
  if (Object.keys(selector).length === 0) return [];
  const isBehind = (labels: PodView['labels']): boolean => selects({ matchLabels: selector }, labels);
  const running = pods.filter((pod) => !pod.finished && !pod.terminating && isBehind(pod.labels)).map(isOutside);
  const coming = [...workloads, ...otherTemplates]
    .filter(({ templateLabels }) => isBehind(templateLabels))
    .map(isNeverTaken);
  return [...coming, ...running];
}

/** Whether there are any: where there are none, as nearly everywhere, no Service is asked about each pod. */
const hasAny = memoize(
  ({ pods, workloads, otherTemplates }: Surroundings): boolean =>
    pods.some(isOutside) || [...workloads, ...otherTemplates].some(isNeverTaken),
);

/** Whether a Service leads to such pods only. */
export function leadsOutside(service: Pick<ServiceView, 'selector'>, surroundings: Surroundings): boolean {
  if (!hasAny(surroundings)) return false;
  const behind = behindService(service, surroundings);
  return behind.length > 0 && behind.every((each) => each);
}
