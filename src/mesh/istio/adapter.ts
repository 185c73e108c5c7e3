import type { Finding } from '../../api/common.ts';
import type { ItineraryName, PlannedRestart } from '../../api/namespace-migration.ts';
import type { MeshAdapter, NamespaceCallers, Surroundings } from '../adapter.ts';
import type { Awaiting, CallersBefore, Hold, Refusing, UnseenBefore } from '../others.ts';
import { controlPlaneVersion } from './settings/control-plane-version.ts';
import { adoptRules } from './findings/adopt.ts';
import { attachmentRules } from './findings/attachment.ts';
import { extensionRules } from './findings/extensions.ts';
import { meshRules } from './findings/mesh.ts';
import { policyRules } from './findings/policies.ts';
import { callersRefusedBy } from './findings/own-callers.ts';
import { neverBackRule } from './findings/no-way-back.ts';
import { routeRules } from './findings/routes.ts';
import type { Rule } from './findings/rule.ts';
import { sizeRules } from './findings/size.ts';
import { takenNameRules } from './findings/taken-names.ts';
import { unenforcedThere } from './findings/unenforced-there.ts';
import { unseenBeside } from './findings/unseen-callers.ts';
import { waypointRules } from './findings/waypoint.ts';
import { foundGuarded } from './findings/guarded-rules.ts';
import { guarded, heldByFault } from '../guarded.ts';
import { guardedItinerary } from '../guarded-itinerary.ts';
import { arrived, itinerary } from './itinerary.ts';
import { rootNamespaceOf } from './settings/mesh-settings.ts';
import { nodeAgents } from './vocabulary/node-agents.ts';
import { dataplaneModeLabel, injectionLabel, revisionLabel, useWaypointLabel } from './vocabulary/labels.ts';
import { isOfGateway } from './vocabulary/gateway-pods.ts';
import { captures, concerns, countedMode, isDraining, lacksHbone, modeFor, modeOf } from './vocabulary/pod-mode.ts';
import { optsOutOfInjection } from './vocabulary/injection.ts';
import { made, watched } from './settings/resources.ts';
import { isOurs } from './policy/translate/names.ts';
import { gateTelemetry } from './telemetry/gate-queries.ts';
import { telemetry } from './telemetry/sightings.ts';
import { callersBefore } from './waypoint/callers-before.ts';
import { unseenBefore } from './waypoint/calls/unseen-before.ts';
import { heldBefore } from './findings/held-before.ts';
import { refusedCallers } from './waypoint/awaits.ts';
import { awaitsUnseenBeside, refuses, refusing } from './waypoint/awaits-back.ts';
import { choose, getsWaypoint } from './waypoint/choose.ts';
import { adoptedIn } from './waypoint/chosen.ts';
import { explain } from './waypoint/explain.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';
import { awaitsOwnCalled } from './waypoint/own-called.ts';
import { plannedOrder } from './waypoint/planned-order.ts';
import { requestedNow } from './waypoint/requested.ts';
import { rules } from './rules.ts';
import { asOf, checksOf } from './checks.ts';

/** What stands in the way of a waypoint whatever the pods are now. */
const waypointPrerequisites: readonly Rule[] = [
  ...meshRules,
  ...policyRules,
  ...attachmentRules,
  ...routeRules,
  ...extensionRules,
  ...waypointRules,
  ...takenNameRules,
  ...adoptRules,
  ...sizeRules,
];

function longer(surroundings: Surroundings): ReturnType<MeshAdapter['longer']> {
  const { itinerary: name, ...picture } = surroundings;
  // What a migration asks for is settled at the start: nobody gets a waypoint by an entry that has come since.
  const rest = { ...picture, spec: { ...picture.spec, waypoint: { ...picture.spec.waypoint, services: [] } } };
  if (name !== 'L4' || choose(rest) !== 'L7') return undefined;
  const adopted = adoptedIn(rest);
  const behind: Surroundings = { ...rest, itinerary: 'L7', ...(adopted !== undefined && { adopted }) };
  const obstacle = waypointPrerequisites
    .flatMap((rule) => foundGuarded(rule, behind).map((each) => asOf(each, 'UnderWay', rule)))
    .find(({ severity }) => severity === 'Critical');
  return { itinerary: 'L7', ...(adopted !== undefined && { adopted }), ...(obstacle && { obstacle }) };
}

/**
 * What the adapter answers when it fails itself. Before the start nothing comes of it, because then MM009 blocks; on
 * the way back it is what lets it go on.
 */
const safely = {
  choose: (surroundings) =>
    guarded<ItineraryName>(
      surroundings,
      'the choice of the itinerary',
      () => choose(surroundings),
      () => 'L4',
    ),
  // Who cannot tell which waypoint it would be is blocked by MM009.
  adopts: (surroundings) =>
    guarded<string | undefined>(
      surroundings,
      'the choice of the waypoint',
      () => (getsWaypoint(surroundings) ? adoptedIn(surroundings) : undefined),
      () => undefined,
    ),
  requests: (surroundings) =>
    guarded<readonly string[]>(
      surroundings,
      'the Services that a waypoint is asked for',
      () => requestedNow(surroundings),
      () => [],
    ),
  order: (surroundings) =>
    guarded<readonly PlannedRestart[]>(
      surroundings,
      'the order of restarts',
      () => plannedOrder(surroundings),
      () => [],
    ),
  explain: (surroundings) =>
    guarded<readonly string[]>(
      surroundings,
      'the explanation of the plan',
      () => explain(surroundings),
      () => [],
    ),
  callersOf: (namespace, surroundings) =>
    guarded<NamespaceCallers>(
      surroundings,
      'the callers',
      () => namespaceCallers(namespace, surroundings),
      (why) => ({ kind: 'Unknown', why }),
    ),
  // Whoever goes back waits for nobody of whom that cannot be told: he would never be back.
  awaitsBack: (surroundings, workload) =>
    guarded<Awaiting | undefined>(
      surroundings,
      'the pods beside a workload',
      () => awaitsUnseenBeside(surroundings, workload) ?? awaitsOwnCalled(surroundings, workload),
      () => undefined,
    ),
  unseenBefore: (surroundings) =>
    guarded<UnseenBefore | undefined>(
      surroundings,
      'whom its sidecars do not see',
      () => unseenBefore(surroundings),
      () => undefined,
    ),
  callersBefore: (surroundings) =>
    guarded<CallersBefore | undefined>(
      surroundings,
      'who calls what refuses sidecars',
      () => callersBefore(surroundings),
      () => undefined,
    ),
  heldBefore: (surroundings) =>
    guarded<readonly string[]>(
      surroundings,
      'what would hold its way back',
      () => heldBefore(surroundings),
      () => [],
    ),
  refusing: (surroundings) =>
    guarded<Refusing>(
      surroundings,
      'who would refuse it',
      () => refusing(surroundings),
      () => ({ along: [], stay: [] }),
    ),
  refuses: (surroundings) =>
    guarded<string | undefined>(
      surroundings,
      'whom it would refuse',
      () => refuses(surroundings),
      () => undefined,
    ),
  refusedCallers: (surroundings) =>
    guarded<string | undefined>(
      surroundings,
      'the callers that it refuses',
      () => refusedCallers(surroundings),
      (message) => message,
    ),
  unenforcedThere: (surroundings) =>
    guarded<readonly Finding[]>(
      surroundings,
      'what is not enforced where it is',
      () => unenforcedThere(surroundings),
      () => [],
    ),
  noWayBack: (surroundings) => foundGuarded(neverBackRule, surroundings)[0]?.finding,
  longer: (surroundings) =>
    guarded<ReturnType<MeshAdapter['longer']>>(
      surroundings,
      'the longer itinerary',
      () => longer(surroundings),
      () => undefined,
    ),
  itinerary: (...asked) => guardedItinerary(itinerary(...asked)),
} satisfies Partial<MeshAdapter>;

const checks = checksOf(rules);

/** Istio with sidecars, Istio ambient, and no mesh. */
export const istio: MeshAdapter = {
  name: 'Istio',
  dataPlanes: ['IstioSidecar', 'IstioAmbient'],
  findingIds: rules.map(({ id }) => id),
  watched,
  labels: [injectionLabel, revisionLabel, dataplaneModeLabel, useWaypointLabel],
  revised: [revisionLabel],
  made,
  isOurs,
  versionOf: controlPlaneVersion,
  rootNamespaceOf,
  nodeAgents,
  telemetry,
  gateTelemetry,
  // Only a way from sidecars to ambient can need a waypoint, and with it the callers.
  needsCallers: ({ from, to }) => from === 'IstioSidecar' && to === 'IstioAmbient',
  modeOf: countedMode,
  modeFor,
  captures,
  concerns: (pod, workloads) => concerns(pod) && !isOfGateway(pod, workloads),
  holdsOthersBack: (pod) => lacksHbone(pod) || isDraining(pod),
  isStranded: (pod) => ['None', 'Transitional'].includes(modeOf(pod)) && !optsOutOfInjection(pod),
  arrived,
  ...safely,
  ...checks,
  unfit: (surroundings, workload) =>
    checks.unfit(surroundings, workload) ??
    guarded<Hold | undefined>(
      surroundings,
      'the callers beside a workload',
      () => callersRefusedBy(surroundings, workload) ?? unseenBeside(surroundings, workload),
      (message) => heldByFault(surroundings, message),
    ),
};
