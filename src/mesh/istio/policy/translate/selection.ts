import { isDeepStrictEqual } from 'node:util';
import { memoize } from '../../../../base/memoize.ts';
import { own } from '../../../../base/own.ts';
import { entriesOf, isEmpty } from '../../../has-labels.ts';
import { isSelected } from '../attachment.ts';
import { spend } from '../../../../base/effort.ts';
import { selecting, type Selecting } from '../selecting.ts';
import type { Attachment } from '../types.ts';
import type { ServiceFacts, WorkloadFacts } from './world.ts';

/** Which pods of a Service a policy selects; `Unknown`: it depends on labels that only running pods have. */
export type Coverage = 'All' | 'Some' | 'None' | 'Unknown';

/** Pod label of every pod with a sidecar and of no other (injection-template.yaml). */
export const tlsModeLabel = 'security.istio.io/tlsMode';

type Labels = Readonly<Record<string, string>>;

/**
 * Labels that no template has because injection or a controller adds them to the pod (pkg/kube/inject:
 * injection-template.yaml; Deployment, StatefulSet and DaemonSet controllers).
 */
const addedLabels: ReadonlySet<string> = new Set([
  'service.istio.io/canonical-name',
  'service.istio.io/canonical-revision',
  'networking.istio.io/tunnel',
  'istio.io/rev',
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
]);

/**
 * Labels of a running pod as far as a template could have them: what is added to each pod anew says nothing about those
 * that come after it.
 */
export function withoutAdded(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key !== tlsModeLabel && !addedLabels.has(key)));
}

/** Whether labels have everything that a selector asks for. */
export function holds(selector: Labels, labels: Labels): boolean {
  return isSelected(selector, labels);
}

/**
 * The selector as it stands for sidecars. Injection puts `security.istio.io/tlsMode: istio` on every pod with a
 * sidecar, and on no other, so a policy narrowed by that label is read by the sidecars of its workloads and never by
 * ztunnel. Undefined: it selects no pod with a sidecar.
 */
export function sidecarSelector({ selector }: Pick<Attachment, 'selector'>): Labels | undefined {
  return selector === undefined ? everything : withoutMode(selector);
}

const everything: Labels = {};

const withoutMode = memoize((selector: Labels): Labels | undefined => {
  const { [tlsModeLabel]: mode, ...rest } = selector;
  return mode === undefined || mode === 'istio' ? rest : undefined;
});

/** Whether a policy is narrowed to pods with a sidecar. */
export function isNarrowed({ selector }: Pick<Attachment, 'selector'>): boolean {
  return selector?.[tlsModeLabel] === 'istio';
}

/**
 * Whether ztunnel reads it for pods without a sidecar. istiod makes a policy with an empty selector one of workloads
 * and then attaches it only if `matchLabels` is there (convertAuthorizationPolicy, buildWorkloadPolicies).
 */
export function reachesZtunnel(attachment: Attachment): boolean {
  const { selector, hasEmptyLabels } = attachment;
  if (isNarrowed(attachment) || attachment.targetRefs.length > 0) return false;
  return selector === undefined || !isEmpty(selector) || hasEmptyLabels === true;
}

/** Tells which of some pods a selector selects, by their places: policies are many, and so are pods. */
export const selectingPods: (workloads: readonly WorkloadFacts[]) => Selecting = memoize(
  (workloads: readonly WorkloadFacts[]) =>
    selecting(
      workloads.map(({ labels }) => labels),
      spend,
    ),
);

/** Pods behind a Service. */
export function podsBehind(service: ServiceFacts, workloads: readonly WorkloadFacts[]): readonly WorkloadFacts[] {
  return behind(workloads)(service);
}

/** Every policy and every other Service asks for them; those that select the same have one list. */
const behind = memoize((workloads: readonly WorkloadFacts[]) => {
  const bySelector = new Map<string, readonly WorkloadFacts[]>();
  return memoize(({ selector }: ServiceFacts): readonly WorkloadFacts[] => {
    if (isEmpty(selector)) return [];
    spend(workloads.length / 4);
    const key = JSON.stringify(selector);
    const known = bySelector.get(key) ?? workloads.filter(({ labels }) => holds(selector, labels));
    bySelector.set(key, known);
    return known;
  });
});

/** Which of some pods a policy selects while they have sidecars. */
export function coverage(attachment: Attachment, service: ServiceFacts, workloads: readonly WorkloadFacts[]): Coverage {
  const selector = sidecarSelector(attachment);
  spend(1 / 8);
  if (attachment.targetRefs.length > 0 || selector === undefined || isEmpty(service.selector)) return 'None';
  if (holds(selector, service.selector)) return 'All';
  const pods = podsBehind(service, workloads);
  spend(1 + pods.length);
  if (pods.some(({ labels }) => mayGain(selector, labels))) return 'Unknown';
  if (pods.length === 0) return contradicts(selector, service.selector) ? 'None' : 'Unknown';
  const selected = pods.filter(({ labels }) => holds(selector, labels)).length;
  if (selected === 0) return 'None';
  return selected === pods.length ? 'All' : 'Some';
}

/** Whether labels do not fit a selector only for want of labels that are added to pods later. */
export function mayGain(selector: Labels, labels: Labels): boolean {
  let gains = false;
  for (const [key, value] of entriesOf(selector)) {
    const held = own(labels, key);
    if (held === undefined ? !addedLabels.has(key) : held !== value) return false;
    gains ||= held === undefined;
  }
  return gains;
}

/** Whether a label is asked to have two values. */
function contradicts(selector: Labels, labels: Labels): boolean {
  return entriesOf(selector).some(([key, value]) => (own(labels, key) ?? value) !== value);
}

/** Whether two Services can have a pod in common. */
export function sharePods(a: ServiceFacts, b: ServiceFacts, workloads: readonly WorkloadFacts[]): boolean {
  spend(1 + (podsBehind(a, workloads).length * podsBehind(b, workloads).length) / 32);
  if (isDeepStrictEqual(a.selector, b.selector)) return true;
  const behindB = podsBehind(b, workloads);
  return podsBehind(a, workloads).some((pods) => behindB.includes(pods));
}
