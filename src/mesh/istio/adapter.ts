import type { Finding, Severity } from '../../api/common.ts';
import type { ItineraryName, PlannedRestart } from '../../api/namespace-migration.ts';
import type { FindingsWhen, MeshAdapter, NamespaceCallers, Surroundings } from '../adapter.ts';
import { internalErrorFix, internalErrorId } from '../internal-error.ts';
import { fewFindings } from '../few-findings.ts';
import type { Awaiting, Hold, Refusing, UnseenBefore } from '../others.ts';
import type { WorkloadView } from '../views.ts';
import { controlPlaneVersion } from './control-plane-version.ts';
import { ownerOf } from './findings/accepted.ts';
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
import { orderRules } from './findings/old-sidecars.ts';
import { meshRules } from './findings/mesh.ts';
import { policyRules } from './findings/policies.ts';
import { budgetRules } from './findings/budgets.ts';
import { calledRouteRules } from './findings/called-routes.ts';
import { joinRules } from './findings/pods.ts';
import { proxyPartRules } from './findings/proxy-parts.ts';
import { proxyRules } from './findings/proxies.ts';
import { callersRefusedBy, ownCallerRules } from './findings/own-callers.ts';
import { quotaRules } from './findings/quotas.ts';
import { isAskedBack, neverBackRule, noWayBackRules } from './findings/no-way-back.ts';
import { returnRules } from './findings/return.ts';
import { routeRules } from './findings/routes.ts';
import type { Found, Rule } from './findings/rule.ts';
import { sizeRules } from './findings/size.ts';
import { takenNameRules } from './findings/taken-names.ts';
import { unseenBeside, unseenCallerRules } from './findings/unseen-callers.ts';
import { exitRules } from './findings/waypoint-exit.ts';
import { waypointRules } from './findings/waypoint.ts';
import { workloadRules } from './findings/workloads.ts';
import { foundGuarded, guarded, guardedItinerary, heldByFault } from './guarded.ts';
import { arrived, itinerary } from './itinerary.ts';
import { rootNamespaceOf } from './mesh-settings.ts';
import { mirrored } from './mirrored.ts';
import { dataplaneModeLabel, injectionLabel, revisionLabel, useWaypointLabel } from './labels.ts';
import { isOfGateway } from './waypoint/gateway-pods.ts';
import { concerns, isDraining, lacksHbone, modeFor, modeOf } from './pod-mode.ts';
import { made, watched } from './resources.ts';
import { isOurs } from './policy/translate/names.ts';
import { telemetry } from './telemetry/sightings.ts';
import { unseenBefore } from './unseen-before.ts';
import { refusedCallers } from './waypoint/awaits.ts';
import { awaitsUnseenBeside, refuses, refusing } from './waypoint/awaits-back.ts';
import { choose, getsWaypoint, onlyRestarts } from './waypoint/choose.ts';
import { adoptedIn } from './waypoint/chosen.ts';
import { explain } from './waypoint/explain.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';
import { awaitsOwnCalled } from './waypoint/own-called.ts';
import { plannedOrder } from './waypoint/planned-order.ts';
import { unknownMesh } from './waypoint/unknown-mesh.ts';

/**
 * Rules about what a data plane can enforce or apply; pointless for a namespace that joins sidecars from outside, but
 * for what has to be known of the mesh.
 */
const semanticRules: readonly Rule[] = [
  ...meshRules,
  ...policyRules,
  ...attachmentRules,
  ...routeRules,
  ...calledRouteRules,
  ...extensionRules,
  ...waypointRules,
  ...exitRules,
  ...takenNameRules,
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
  ...proxyPartRules,
  ...budgetRules,
  ...quotaRules,
  ...returnRules,
  ...proxyRules,
  ...egressRules,
  ...entryRules,
  ...orderRules,
  ...unseenCallerRules,
  ...namelessRules,
  ...noWayBackRules,
  ...markRules,
];

/**
 * What is asked of a namespace that stays and is only restarted: whether its pods come back, with a sidecar that runs,
 * and what that sidecar does not see any more.
 */
const restartRules: readonly string[] = [
  internalErrorId,
  'MM014',
  'MM054',
  'MM055',
  'MM056',
  'MM057',
  'MM061',
  'MM096',
  'MM097',
  'MM117',
  'MM121',
  'MM123',
];

const weight: Record<Severity, number> = { Critical: 0, Warning: 1, Info: 2 };

function isAsked(rule: Rule, { route: { from, to } }: Surroundings): boolean {
  return from !== 'None' || to !== 'IstioSidecar' || !semanticRules.includes(rule) || meshRules.includes(rule);
}

/**
 * Once a namespace is started, others take nobody back and stall nobody by what they have in theirs; nor does what is
 * only told then.
 */
function asOf({ finding, others, rolling }: Found, when: FindingsWhen, { when: asked }: Pick<Rule, 'when'>): Finding {
  const isOwn = asked === 'Always' && others === undefined && rolling !== true;
  const counts =
    when === 'Start' ||
    isOwn ||
    finding.id === internalErrorId ||
    (asked === 'Always' && when === 'AtRest' && (others === 'Protects' || rolling === true));
  return counts || finding.severity !== 'Critical' ? finding : { ...finding, severity: 'Warning' };
}

/**
 * Strangers' objects that are told of one by one, for each of their namespaces and each check, before those of anybody
 * else have their turn.
 */
const mostOfStranger = 10;

/** Critical ones first, and of these first what is not about a stranger's object: nobody hides that by making many. */
function inOrder(findings: readonly Finding[], surroundings: Surroundings): readonly Finding[] {
  const owners = new Map(findings.map((finding) => [finding, ownerOf(finding, surroundings)]));
  const place = (finding: Finding): number =>
    weight[finding.severity] * 2 + (owners.get(finding) === undefined ? 0 : 1);
  const sorted = findings.toSorted((a, b) => place(a) - place(b));
  const ofOwner = Map.groupBy(
    sorted.filter((finding) => owners.get(finding) !== undefined),
    (finding) => `${finding.id} ${owners.get(finding) ?? ''}`,
  );
  return fewFindings(sorted, new Set([...ofOwner.values()].flatMap((same) => same.slice(mostOfStranger))));
}

/** The namespace as if it had this workload only: as it runs, and as its next pods would be. */
function only(surroundings: Surroundings, workload: WorkloadView): Surroundings {
  const pods = surroundings.pods.filter(({ owner }) => owner?.kind === workload.kind && owner.name === workload.name);
  return { ...surroundings, pods, workloads: [workload, { ...workload, replicas: 0 }], otherTemplates: [] };
}

/** The checks that some rules make. */
export function checksOf(
  catalogue: readonly Rule[],
): Pick<MeshAdapter, 'findings' | 'isUnknown' | 'unready' | 'unfit' | 'unreadyBack' | 'unfitBack'> {
  function criticalOf(surroundings: Surroundings, ...when: readonly Rule['when'][]): Hold | undefined {
    for (const rule of catalogue.filter((each) => when.includes(each.when) && isAsked(each, surroundings))) {
      const critical = foundGuarded(rule, surroundings).find(
        ({ finding, others }) => finding.severity === 'Critical' && others !== 'Noted',
      );
      if (critical !== undefined) return { finding: critical.finding, others: critical.others !== undefined };
    }
    return undefined;
  }

  /** The same of the way back, which a fault of ours does not hold: it would never end. */
  function criticalBack(surroundings: Surroundings, ...when: readonly Rule['when'][]): Finding | undefined {
    const there = mirrored(surroundings);
    for (const rule of catalogue.filter((each) => isAskedBack(each) && when.includes(each.when))) {
      const critical = foundGuarded(rule, there).find(({ finding: { id, severity } }) => {
        return severity === 'Critical' && id !== internalErrorId;
      });
      if (critical !== undefined) return critical.finding;
    }
    return undefined;
  }

  /**
   * What others have that protects somebody, and may come at any time: it takes nobody back, so it is asked before each
   * change that it forbids.
   */
  function heldByOthers(surroundings: Surroundings): Hold | undefined {
    for (const rule of catalogue.filter((each) => each.when === 'Always' && isAsked(each, surroundings))) {
      const held = foundGuarded(rule, surroundings).find(
        ({ finding, others, rolling }) =>
          finding.severity === 'Critical' && (rolling === true || (others !== undefined && others !== 'Noted')),
      );
      if (held !== undefined) return { finding: held.finding, others: true };
    }
    return undefined;
  }

  return {
    findings(surroundings, when) {
      const asked = onlyRestarts(surroundings) ? restartRules : undefined;
      // It is held meanwhile: a policy that may be none of the mesh, or mean something else, takes nobody back and is
      // not said to be in force or not.
      const isGuess = when !== 'Start' && unknownMesh(surroundings) !== undefined;
      const found = catalogue
        .filter(({ id }) => asked?.includes(id) !== false)
        .filter(
          (rule) => (when === 'Start' || rule.when === 'Always' || rule.lasts === true) && isAsked(rule, surroundings),
        )
        .filter((rule) => !isGuess || meshRules.includes(rule) || !semanticRules.includes(rule))
        .flatMap((rule) => foundGuarded(rule, surroundings).map((each) => asOf(each, when, rule)));
      return inOrder(found, surroundings);
    },
    isUnknown: ({ id }) =>
      id === internalErrorId || catalogue.some((rule) => rule.id === id && rule.isUnknown === true),
    unready(surroundings) {
      const whole =
        heldByOthers(surroundings) ?? criticalOf(surroundings, 'WhileMoving', 'BeforeFlip', 'BeforeRestart');
      if (whole !== undefined) return whole;
      for (const workload of surroundings.workloads) {
        const critical = criticalOf(only(surroundings, workload), 'BeforeRestart');
        if (critical !== undefined) return critical;
      }
      return undefined;
    },
    unfit: (surroundings, workload) =>
      heldByOthers(surroundings) ??
      criticalOf(surroundings, 'WhileMoving') ??
      criticalOf(only(surroundings, workload), 'BeforeRestart'),
    unreadyBack(surroundings, hasFailed) {
      const mesh = criticalBack(surroundings, 'WhileMoving');
      if (mesh !== undefined || hasFailed) return mesh;
      const whole = criticalBack(surroundings, 'BeforeFlip', 'BeforeRestart');
      if (whole !== undefined) return whole;
      for (const workload of surroundings.workloads) {
        const critical = criticalBack(only(surroundings, workload), 'BeforeRestart');
        if (critical !== undefined) return critical;
      }
      return undefined;
    },
    unfitBack: (surroundings, workload) =>
      criticalBack(surroundings, 'WhileMoving') ?? criticalBack(only(surroundings, workload), 'BeforeRestart'),
  };
}

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
  const { itinerary: name, ...rest } = surroundings;
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
  watched,
  labels: [injectionLabel, revisionLabel, dataplaneModeLabel, useWaypointLabel],
  made,
  isOurs,
  versionOf: controlPlaneVersion,
  rootNamespaceOf,
  telemetry,
  modeOf,
  modeFor,
  concerns: (pod, workloads) => concerns(pod) && !isOfGateway(pod, workloads),
  holdsOthersBack: (pod) => lacksHbone(pod) || isDraining(pod),
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
