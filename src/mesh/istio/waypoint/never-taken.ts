import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import type { PodView, ServiceView, TemplateView } from '../../views.ts';
import { injectionAsked } from '../vocabulary/injection.ts';
import { dataplaneModeLabel } from '../vocabulary/labels.ts';
import { concerns } from '../vocabulary/pod-mode.ts';
import { spend } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';

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

/** All pods, those to come among them: which of them a Service selects, and whether any data plane takes them. */
const everything = memoize(({ pods, workloads, otherTemplates }: Surroundings) => {
  const running = pods.filter((pod) => !pod.finished && !pod.terminating);
  const coming = [...workloads, ...otherTemplates];
  const labels = [...coming.map(({ templateLabels }) => templateLabels), ...running.map((pod) => pod.labels)];
  return { select: selecting(labels, spend), outside: [...coming.map(isNeverTaken), ...running.map(isOutside)] };
});

/** Whether there are pods behind a Service, and no data plane takes any of them. */
function areOutside({ selector }: Pick<ServiceView, 'selector'>, surroundings: Surroundings): boolean {
  if (isEmpty(selector)) return false;
  const { select, outside } = everything(surroundings);
  const places = select(selector);
  return places.length > 0 && places.every((place) => outside[place]);
}

/** Whether there are any: where there are none, as nearly everywhere, no Service is asked about each pod. */
const hasAny = memoize(
  ({ pods, workloads, otherTemplates }: Surroundings): boolean =>
    pods.some(isOutside) || [...workloads, ...otherTemplates].some(isNeverTaken),
);

/** Whether a Service leads to such pods only. */
export function leadsOutside(service: Pick<ServiceView, 'selector'>, surroundings: Surroundings): boolean {
  return hasAny(surroundings) && areOutside(service, surroundings);
}
