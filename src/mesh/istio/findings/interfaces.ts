import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { listedIn } from '../settings/inbound-ports.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { isCaptured, podsIn } from './templates.ts';

const old = 'traffic.sidecar.istio.io/kubevirtInterfaces';
const current = 'istio.io/reroute-virtual-interfaces';

/**
 * Both the injection template and the CNI plugin read the older annotation where the other is not set, even to nothing
 * (sidecar_redirect.go in cni/pkg/plugin); the node agent of ambient reads the other only (getPodLevelTrafficOverrides
 * in cni/pkg/nodeagent).
 */
function isLost(annotations: PodView['annotations']): boolean {
  return annotations[current] === undefined && listedIn(annotations[old] ?? '').length > 0;
}

function find(surroundings: Surroundings): readonly Evidence[] {
  const { route, workloads, otherTemplates } = surroundings;
  if (route.from !== 'IstioSidecar' || route.to !== 'IstioAmbient') return [];
  const templates = [...workloads, ...otherTemplates];
  const known = new Set(templates.map(({ kind, name }) => `${kind} ${name}`));
  // Of machines: their pods have no template that anybody here knows.
  const others = podsIn(surroundings, 'Sidecar').filter(
    ({ owner, annotations }) => isLost(annotations) && !known.has(`${owner?.kind} ${owner?.name}`),
  );
  const message = `by ${old} its sidecar takes what comes from machines in its pods; ambient reads ${current} only, so their calls would go past ztunnel: in plaintext, without an identity and without a policy`;
  return [
    ...templates
      .filter((template) => isCaptured(template) && isLost(template.templateAnnotations))
      .map((template) => ({ object: nameOf(template), message })),
    ...others.map((pod) => ({ object: nameOf(pod), message })),
  ];
}

/** What comes from machines inside of pods. */
export const interfaceRules: readonly Rule[] = [
  {
    id: 'MM135',
    severity: 'Critical',
    when: 'BeforeRestart',
    lasts: true,
    back: 'Asked',
    title: 'Machines in pods would be outside the mesh',
    fix: `Name the same interfaces in ${current} in the template: sidecars and ambient both read that.`,
    find,
  },
];
