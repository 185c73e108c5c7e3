import type { Route, Surroundings } from '../../adapter.ts';
import { asPod, type PodView, type TemplateView, type WorkloadView } from '../../views.ts';
import { injectionAsked, optsOutOfInjection } from '../vocabulary/injection.ts';
import { dataplaneModeLabel } from '../vocabulary/labels.ts';
import { arrived } from '../itinerary.ts';
import { withLabels } from '../vocabulary/label-changes.ts';
import { concerns, countedMode, modeFor, modeOf } from '../vocabulary/pod-mode.ts';
import { staysOutside } from '../vocabulary/stays-outside.ts';
import { isInjectedGateway, isOfGateway, isOwnedByGateway } from '../vocabulary/gateway-pods.ts';
import { asleepIn, some, type Evidence } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';

/** Pods in a mode that are the operator's business and not on their way out. */
export function podsIn(surroundings: Surroundings, mode: string): readonly PodView[] {
  return surroundings.pods.filter((pod) => concerns(pod) && !pod.terminating && countedMode(pod) === mode);
}

/** One finding for all of these pods; none without any. */
export function perNamespace(
  surroundings: Surroundings,
  pods: readonly PodView[],
  message: (names: string) => string,
): readonly Evidence[] {
  return pods.length === 0
    ? []
    : [{ object: `Namespace ${surroundings.namespace.name}`, message: message(some(pods)) }];
}

/**
 * Workloads without pods, and what makes pods from time to time, whose next pods would be of a template that `test`
 * finds fault with.
 */
export function asleep(
  surroundings: Surroundings,
  test: (template: Pick<PodView, 'labels' | 'annotations'>) => boolean,
  message: string,
): readonly Evidence[] {
  return asleepIn(surroundings)
    .filter((template) => test(asPod(template)))
    .map((workload) => ({ object: nameOf(workload), message }));
}

/** Whether the way leads pods that have left sidecars by hand into another mesh, which MM050 tells. */
export function takesOutsidersIn({ from, to }: Route): boolean {
  return from === 'IstioSidecar' && to === 'IstioAmbient';
}

/** It does, or may: nobody can tell. */
export function mayOptOutOfInjection(template: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return ['No', 'Unclear'].includes(injectionAsked(template));
}

/** Whether ambient leaves the pod out. */
export function optsOutOfCapture({ labels }: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return labels[dataplaneModeLabel] === 'none';
}

/**
 * Whether ambient would take the pods of a template in, as far as that says; gateways ask their own proxy about what
 * comes in.
 */
export function isCaptured(template: TemplateView | WorkloadView): boolean {
  const isGateway = 'gateway' in template && isOwnedByGateway(template);
  return template.hostNetwork !== true && !isGateway && !optsOutOfCapture(asPod(template));
}

/**
 * Whether pods of a template have a sidecar that ambient takes from them. Gateways keep a proxy of their own, whoever
 * puts it in.
 */
export function losesSidecar(template: TemplateView | WorkloadView): boolean {
  const pod = asPod(template);
  return isCaptured(template) && !optsOutOfInjection(pod) && !isInjectedGateway(pod);
}

/**
 * MM050: what has left sidecars by hand, by its pods or by templates that sleep, and another mesh would take in. A way
 * back that leads there takes in what has come without a sidecar by accident, as it was taken in before, and only what
 * somebody keeps out holds it.
 */
export function takenIn(surroundings: Surroundings): readonly Evidence[] {
  if (!takesOutsidersIn(surroundings.route)) return [];
  const outside = podsIn(surroundings, 'None');
  const isAccident = !outside.some(mayOptOutOfInjection);
  return [
    ...perNamespace(
      surroundings,
      outside,
      (names) => `pods without a sidecar would join the other data plane at once or with their next restart: ${names}`,
    ).map((each) => ({ ...each, ...(isAccident && { onlyThere: true as const }) })),
    ...asleep(
      surroundings,
      (template) => mayOptOutOfInjection(template) && !optsOutOfCapture(template),
      'its pods have no sidecar (sidecar.istio.io/inject is false, or another value than true) and would be captured as soon as there are some',
    ),
  ];
}

/** Whether it is asked of a way back out of no mesh, which leaves the pod as it is. */
function isLeftAlone(pod: PodView, { route: { from, to }, back, since }: Surroundings): boolean {
  const leadsBack = back !== undefined && arrived({ from, to }, withLabels({}, back));
  return leadsBack && staysOutside(pod, { route: { from: to, to: from }, ...(since !== undefined && { since }) });
}

/** MM051: what would be in no mesh once it is made anew, by its pods or by templates that sleep. */
export function leftOut(surroundings: Surroundings): readonly Evidence[] {
  const { from, to } = surroundings.route;
  if (to === 'None') return [];
  const [optsOut, remains, label] =
    to === 'IstioAmbient'
      ? ([optsOutOfCapture, optsOutOfInjection, 'istio.io/dataplane-mode=none'] as const)
      : ([
          mayOptOutOfInjection,
          optsOutOfCapture,
          'sidecar.istio.io/inject=false, or another value than true,',
        ] as const);
  return [
    ...perNamespace(
      surroundings,
      podsIn(surroundings, modeFor(from)).filter((pod) => optsOut(pod) && !isLeftAlone(pod, surroundings)),
      (names) => `pods with ${label} would be in no mesh after their restart: ${names}`,
    ),
    ...(from === 'None'
      ? []
      : asleep(
          surroundings,
          (template) => optsOut(template) && !remains(template),
          `its pods would be in no mesh: the template has ${label}`,
        )),
  ];
}

/** Whether a pod is in a data plane that there is, though it is none of the two. */
function isOfThird(pod: PodView): boolean {
  return modeOf(pod) === 'Sidecar' || modeOf(pod) === 'Ambient';
}

const thirdFix =
  'Have a migration take the namespace from that data plane (spec.from), or take the pods out of it first: take what asks for it off the namespace and the templates, and restart them.';

/** MM058: pods of which nobody can tell what a restart would do to them. */
export function inNeither(surroundings: Surroundings): readonly Evidence[] {
  const expected = [modeFor(surroundings.route.from), modeFor(surroundings.route.to), 'None', 'Transitional'];
  const odd = surroundings.pods.filter(
    (pod) =>
      concerns(pod) &&
      !isOfGateway(pod, surroundings.workloads) &&
      !pod.terminating &&
      pod.ready &&
      (modeOf(pod) === 'Transitional' || !expected.includes(modeOf(pod))),
  );
  const [known, unknown] = [odd.filter(isOfThird), odd.filter((pod) => !isOfThird(pod))];
  return [
    ...perNamespace(surroundings, unknown, (names) => `pods that are in neither data plane: ${names}`),
    ...perNamespace(
      surroundings,
      known,
      (names) => `pods that are in neither data plane of this migration, but in a third one: ${names}`,
    ).map((each) => ({ ...each, fix: thirdFix })),
  ];
}
