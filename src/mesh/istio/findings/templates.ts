import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { injectionAsked } from '../injection.ts';
import { dataplaneModeLabel } from '../labels.ts';
import { concerns, countedMode, modeFor } from '../pod-mode.ts';
import { asleepIn, nameOf, some, type Evidence } from './rule.ts';

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
    .filter(({ templateLabels, templateAnnotations }) =>
      test({ labels: templateLabels, annotations: templateAnnotations }),
    )
    .map((workload) => ({ object: nameOf(workload), message }));
}

/** It does, or may: nobody can tell. */
export function mayOptOutOfInjection(template: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return ['No', 'Unclear'].includes(injectionAsked(template));
}

/** Whether no injector puts a sidecar in. */
export function optsOutOfInjection(template: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return injectionAsked(template) === 'No';
}

/** Whether ambient leaves the pod out. */
export function optsOutOfCapture({ labels }: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return labels[dataplaneModeLabel] === 'none';
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
      podsIn(surroundings, modeFor(from)).filter(optsOut),
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
