import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { modeOf } from '../vocabulary/pod-mode.ts';
import type { Evidence, Rule } from './rule.ts';
import { asleep, optsOutOfCapture, perNamespace } from './templates.ts';

/**
 * What an injector does not know: pods that opted out of ambient only come with a sidecar when their owner replaces
 * them.
 */
function wouldBeInjected(template: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return optsOutOfCapture(template) && !optsOutOfInjection(template);
}

function injectedLater(surroundings: Surroundings): readonly Evidence[] {
  if (surroundings.route.to !== 'IstioSidecar') return [];
  const running = surroundings.pods.filter(
    (pod) => !pod.hostNetwork && !pod.finished && !pod.terminating && modeOf(pod) === 'None' && wouldBeInjected(pod),
  );
  return [
    ...perNamespace(
      surroundings,
      running,
      (names) =>
        `pods that only istio.io/dataplane-mode=none keeps out of the mesh are passed over, and come with a sidecar, under every policy that selects them, when anybody replaces them: ${names}`,
    ),
    ...asleep(
      surroundings,
      wouldBeInjected,
      'only istio.io/dataplane-mode=none keeps its pods out of the mesh: the next would have a sidecar, under every policy that selects it',
    ),
  ];
}

/** What keeps pods out of one data plane and not out of the other. */
export const optedOutRules: readonly Rule[] = [
  {
    id: 'MM131',
    severity: 'Critical',
    when: 'BeforeFlip',
    back: 'Asked',
    title: 'A pod that opted out of ambient would get a sidecar',
    fix: 'Label the pods (in their template) sidecar.istio.io/inject=false too to keep them out, or remove istio.io/dataplane-mode=none to have them move with the others.',
    find: injectedLater,
  },
];
