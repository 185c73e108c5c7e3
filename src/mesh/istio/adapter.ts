import type { Finding, Severity } from '../../api/common.ts';
import type { MeshAdapter, Surroundings } from '../adapter.ts';
import type { WorkloadView } from '../views.ts';
import { controlPlaneVersion } from './control-plane-version.ts';
import { attachmentRules } from './findings/attachment.ts';
import { controlPlaneRules } from './findings/control-plane.ts';
import { egressRules } from './findings/egress.ts';
import { extensionRules } from './findings/extensions.ts';
import { markRules } from './findings/marks.ts';
import { orderRules } from './findings/old-sidecars.ts';
import { policyRules } from './findings/policies.ts';
import { budgetRules } from './findings/budgets.ts';
import { calledRouteRules } from './findings/called-routes.ts';
import { proxyRules } from './findings/proxies.ts';
import { quotaRules } from './findings/quotas.ts';
import { returnRules } from './findings/return.ts';
import { routeRules } from './findings/routes.ts';
import { apply, type Rule } from './findings/rule.ts';
import { sizeRules } from './findings/size.ts';
import { takenNameRules } from './findings/taken-names.ts';
import { exitRules } from './findings/waypoint-exit.ts';
import { waypointRules } from './findings/waypoint.ts';
import { workloadRules } from './findings/workloads.ts';
import { arrived, itinerary } from './itinerary.ts';
import { dataplaneModeLabel, injectionLabel, revisionLabel, useWaypointLabel } from './labels.ts';
import { concerns, lacksHbone, modeFor, modeOf } from './pod-mode.ts';
import { made, watched } from './resources.ts';
import { isOurs } from './policy/translate/names.ts';
import { telemetry } from './telemetry/sightings.ts';
import { refusedCallers } from './waypoint/awaits.ts';
import { refuses, refusing } from './waypoint/awaits-back.ts';
import { choose, onlyRestarts } from './waypoint/choose.ts';
import { explain } from './waypoint/explain.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';
import { plannedOrder } from './waypoint/planned-order.ts';

/** Rules about what a data plane can enforce or apply; pointless for a namespace that joins sidecars from outside. */
const semanticRules: readonly Rule[] = [...policyRules, ...attachmentRules, ...routeRules, ...calledRouteRules, ...extensionRules, ...waypointRules, ...exitRules, ...takenNameRules, ...sizeRules];

/** Every rule, in the order of the catalogue. */
export const rules: readonly Rule[] = [...controlPlaneRules, ...semanticRules, ...workloadRules, ...budgetRules, ...quotaRules, ...returnRules, ...proxyRules, ...egressRules, ...orderRules, ...markRules];

/** What is asked of a namespace that stays and is only restarted: whether its pods come back, and with a sidecar that runs. */
const restartRules: readonly string[] = ['MM014', 'MM054', 'MM055', 'MM056', 'MM057', 'MM061', 'MM096', 'MM097', 'MM117'];

const weight: Record<Severity, number> = { Critical: 0, Warning: 1, Info: 2 };

function isAsked(rule: Rule, { route: { from, to } }: Surroundings): boolean {
  return from !== 'None' || to !== 'IstioSidecar' || !semanticRules.includes(rule);
}

function findings(surroundings: Surroundings, when: 'Start' | 'UnderWay'): readonly Finding[] {
  const only = onlyRestarts(surroundings) ? restartRules : undefined;
  return rules
    .filter(({ id }) => only?.includes(id) !== false)
    .filter((rule) => (when === 'Start' || rule.when === 'Always') && isAsked(rule, surroundings))
    .flatMap((rule) => apply(rule, surroundings))
    .sort((a, b) => weight[a.severity] - weight[b.severity])
    .slice(0, 100);
}

function criticalOf(surroundings: Surroundings, ...when: readonly Rule['when'][]): Finding | undefined {
  for (const rule of rules.filter((each) => when.includes(each.when) && isAsked(each, surroundings))) {
    const found = apply(rule, surroundings).find(({ severity }) => severity === 'Critical');
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The namespace as if it had this workload only: as it runs, and as its next pods would be. */
function only(surroundings: Surroundings, workload: WorkloadView): Surroundings {
  const pods = surroundings.pods.filter(({ owner }) => owner?.kind === workload.kind && owner.name === workload.name);
  return { ...surroundings, pods, workloads: [workload, { ...workload, replicas: 0 }] };
}

function unfit(surroundings: Surroundings, workload: WorkloadView): Finding | undefined {
  return criticalOf(surroundings, 'WhileMoving') ?? criticalOf(only(surroundings, workload), 'BeforeRestart');
}

function unready(surroundings: Surroundings): Finding | undefined {
  const found = criticalOf(surroundings, 'WhileMoving', 'BeforeFlip', 'BeforeRestart');
  if (found !== undefined) return found;
  for (const workload of surroundings.workloads) {
    const critical = criticalOf(only(surroundings, workload), 'BeforeRestart');
    if (critical !== undefined) return critical;
  }
  return undefined;
}

/** What stands in the way of a waypoint whatever the pods are now. */
const waypointPrerequisites: readonly Rule[] = [...policyRules, ...attachmentRules, ...routeRules, ...extensionRules, ...waypointRules, ...takenNameRules, ...sizeRules];

function longer(surroundings: Surroundings): ReturnType<MeshAdapter['longer']> {
  const { itinerary: name, ...rest } = surroundings;
  if (name !== 'L4' || choose(rest) !== 'L7') return undefined;
  const behind: Surroundings = { ...rest, itinerary: 'L7' };
  const obstacle = waypointPrerequisites.flatMap((rule) => apply(rule, behind)).find(({ severity }) => severity === 'Critical');
  return { itinerary: 'L7', ...(obstacle && { obstacle }) };
}

/** Istio with sidecars, Istio ambient, and no mesh. */
export const istio: MeshAdapter = {
  watched,
  labels: [injectionLabel, revisionLabel, dataplaneModeLabel, useWaypointLabel],
  made,
  isOurs,
  versionOf: controlPlaneVersion,
  choose,
  order: plannedOrder,
  callersOf: namespaceCallers,
  telemetry,
  modeOf,
  modeFor,
  concerns,
  holdsOthersBack: lacksHbone,
  itinerary,
  explain,
  arrived,
  findings,
  unready,
  unfit,
  refusing,
  refuses,
  refusedCallers,
  longer,
};
