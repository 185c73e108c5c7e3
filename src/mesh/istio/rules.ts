import type { Surroundings } from '../adapter.ts';
import { internalErrorFix, internalErrorId } from '../internal-error.ts';
import { adoptRules } from './findings/adopt.ts';
import { attachmentRules } from './findings/attachment.ts';
import { controlPlaneRules } from './findings/control-plane.ts';
import { egressRules } from './findings/egress.ts';
import { entryRules } from './findings/entry-pods.ts';
import { extensionRules } from './findings/extensions.ts';
import { markRules } from './findings/marks.ts';
import { namelessRules } from './findings/nameless-calls.ts';
import { capturedGatewayRules } from './findings/captured-gateways.ts';
import { optedOutRules } from './findings/opted-out.ts';
import { otherMeshRules } from './findings/other-meshes.ts';
import { orderRules } from './findings/old-sidecars.ts';
import { meshRules } from './findings/mesh.ts';
import { policyRules } from './findings/policies.ts';
import { budgetRules } from './findings/budgets.ts';
import { calledRouteRules } from './findings/called-routes.ts';
import { joinRules } from './findings/pods.ts';
import { proxyPartRules } from './findings/proxy-parts.ts';
import { proxyRules } from './findings/proxies.ts';
import { ownCallerRules } from './findings/own-callers.ts';
import { networkPolicyRules } from './findings/network-policies.ts';
import { headerReaderRules } from './findings/header-readers.ts';
import { platformRules } from './findings/platform.ts';
import { statedLabelRules } from './findings/stated-labels.ts';
import { topologyRules } from './findings/topology.ts';
import { interfaceRules } from './findings/interfaces.ts';
import { scrapingRules } from './findings/scraping.ts';
import { withoutRequestRules } from './findings/without-requests.ts';
import { nameRules } from './findings/names.ts';
import { proxySettingRules } from './findings/proxy-settings.ts';
import { exportedRules } from './findings/exported.ts';
import { requestedRules } from './findings/requested-waypoints.ts';
import { metricReaderRules } from './findings/metric-readers.ts';
import { fromOutsideRules } from './findings/from-outside.ts';
import { nodeRules } from './findings/nodes.ts';
import { quotaRules } from './findings/quotas.ts';
import { noWayBackRules } from './findings/no-way-back.ts';
import { returnRules } from './findings/return.ts';
import { routeRules } from './findings/routes.ts';
import type { Rule } from './findings/rule.ts';
import { roomRules } from './findings/room.ts';
import { sizeRules } from './findings/size.ts';
import { takenNameRules } from './findings/taken-names.ts';
import { unreadFilterRules } from './findings/unread-filters.ts';
import { unseenCallerRules } from './findings/unseen-callers.ts';
import { entryHostRules } from './findings/external-hosts.ts';
import { exitRules } from './findings/waypoint-exit.ts';
import { waveRules } from './findings/waves.ts';
import { waypointRules } from './findings/waypoint.ts';
import { workloadRules } from './findings/workloads.ts';
import { guarded } from '../guarded.ts';
import { choose } from './waypoint/choose.ts';
import { adoptedIn } from './waypoint/chosen.ts';
import { explain } from './waypoint/explain.ts';
import { plannedOrder } from './waypoint/planned-order.ts';

/**
 * Rules about what a data plane can enforce or apply; pointless for a namespace that joins sidecars from outside, but
 * for what has to be known of the mesh.
 */
export const semanticRules: readonly Rule[] = [
  ...meshRules,
  ...policyRules,
  ...attachmentRules,
  ...routeRules,
  ...calledRouteRules,
  ...extensionRules,
  ...waypointRules,
  ...exitRules,
  ...takenNameRules,
  ...requestedRules,
  ...adoptRules,
  ...sizeRules,
  ...ownCallerRules,
];

/** What is asked of a picture before the start besides the rules, by what it is called in messages. */
const choices: readonly (readonly [string, (surroundings: Surroundings) => unknown])[] = [
  ['the choice of the itinerary', choose],
  ['the choice of the waypoint', adoptedIn],
  ['the order of restarts', plannedOrder],
  ['the explanation of the plan', explain],
];

/** A fault of ours in what chooses the way; one in a rule is found under the same id (`guarded.ts`). */
const internalErrors: Rule = {
  id: internalErrorId,
  severity: 'Critical',
  when: 'Start',
  notOnTheWay: 'what it asks is chosen before the start only',
  title: 'Internal error',
  fix: internalErrorFix,
  find: (surroundings) =>
    choices.flatMap(([where, ask]) =>
      guarded(
        surroundings,
        where,
        () => {
          ask(surroundings);
          return [];
        },
        (message) => [{ object: `Namespace ${surroundings.namespace.name}`, message }],
      ),
    ),
};

/** Every rule, in the order of the catalogue. */
export const rules: readonly Rule[] = [
  internalErrors,
  ...controlPlaneRules,
  ...semanticRules,
  ...joinRules,
  ...workloadRules,
  ...capturedGatewayRules,
  ...optedOutRules,
  ...otherMeshRules,
  ...proxyPartRules,
  ...budgetRules,
  ...quotaRules,
  ...networkPolicyRules,
  ...unreadFilterRules,
  ...nodeRules,
  ...fromOutsideRules,
  ...metricReaderRules,
  ...scrapingRules,
  ...interfaceRules,
  ...topologyRules,
  ...platformRules,
  ...headerReaderRules,
  ...withoutRequestRules,
  ...nameRules,
  ...proxySettingRules,
  ...exportedRules,
  ...returnRules,
  ...roomRules,
  ...proxyRules,
  ...egressRules,
  ...entryRules,
  ...orderRules,
  ...waveRules,
  ...unseenCallerRules,
  ...namelessRules,
  ...noWayBackRules,
  ...markRules,
  ...statedLabelRules,
  ...entryHostRules,
];
