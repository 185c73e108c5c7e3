import { extend } from '../../../base/lists.ts';
import { shown } from '../../../base/shown.ts';
import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { records, strings, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { guarded } from '../../guarded.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import type { WaypointName } from '../policy/attachment.ts';
import { bounded, spend } from '../../../base/effort.ts';
import type { PolicyOptions } from '../policy/options.ts';
import { isWaypoint, soughtWaypoint } from '../waypoint/bound.ts';
import { enforcedAt, policiesByTarget, type ByTarget } from '../waypoint/by-target.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint } from '../waypoint/chosen.ts';
import { digestOfAll, type Seen } from '../settings/accepted.ts';
import { nameOfWaypoint, wholes, type Bound } from './egress-seen.ts';
import { isStranger } from '../waypoint/reach.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { refusedRequest, untold } from './egress-request.ts';
import type { Evidence, Rule } from './rule.ts';

/*
 * Hosts outside the mesh behind a waypoint: callers in ambient reach the ServiceEntry through it, callers with sidecars never do
 * (findServiceWaypoint in pilot/pkg/xds/endpoints/endpoint_builder.go is for gateways). So what its policies refuse to the pods of a
 * namespace changes with their data plane, although nothing of the namespace itself does. `exportTo` of a ServiceEntry keeps no pod in ambient from it:
 * ztunnel is not told of it (`service_entry_visibility` in istio.io/api/mesh/v1alpha1/config.proto: "ambient ignores `exportTo`").
 */

/**
 * The waypoint that a ServiceEntry is bound to or names, from its status, or else from its labels: those of its
 * namespace are seen by istiod only.
 */
const waypointOf = memoize((entry: ConfigView): WaypointName | undefined => {
  const bound = records(entry.status['conditions']).find(({ type }) => type === 'istio.io/WaypointBound');
  const [status, reason, message] = [text(bound?.['status']), text(bound?.['reason']), text(bound?.['message'])];
  return soughtWaypoint(entry, {
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  });
});

/** What is the same for all hosts that a look asks about. */
interface Scene {
  readonly surroundings: Surroundings;
  readonly options: PolicyOptions;
  readonly policies: readonly ByTarget[];
  /** `NAMESPACE/NAME` of each that is there; undefined where only manifests are known, which may leave them out. */
  readonly gateways: ReadonlySet<string> | undefined;
  /**
   * Digest of all ServiceEntries of a namespace that are behind waypoints, and of all policies that could decide about
   * them.
   */
  readonly wholeOf: (namespace: string) => () => string;
}

/** Steps for all hosts of one namespace: what somebody writes there takes nothing from what is told of the rest. */
const stepsOfNamespace = 1_000_000;

function nameOfHosts({ spec }: ConfigView): string {
  return listed(strings(spec['hosts']).map(shown), maxNamed);
}

/** Hosts and policies that are named one by one. */
const maxNamed = 10;

function gatewaysIn(mesh: MeshState): ReadonlySet<string> | undefined {
  return mesh.assumesDefaults === true
    ? undefined
    : new Set(mesh.configs('Gateway').map(({ namespace, name }) => `${namespace}/${name}`));
}

function judge({ entry, waypoint }: Bound, scene: Scene): Evidence | undefined {
  const {
    surroundings,
    surroundings: { namespace },
  } = scene;
  const chosen = chosenWaypoint(surroundings);
  if (isWaypoint(waypoint, chosen) && getsWaypoint(surroundings)) {
    // A Gateway without allowedRoutes has nothing of other namespaces bound to it by istiod
    // (pilot/pkg/serviceregistry/ambient/waypoints.go); one that is adopted has none.
    if (entry.namespace !== namespace.name) return undefined;
    return {
      object: nameOf(entry),
      message: `it names the waypoint ${waypoint.namespace}/${waypoint.name}, which is going to stand before Services of the namespace: callers in ambient would reach ${nameOfHosts(entry)} through it, and the policies copied for the namespace would decide about that`,
      fix: `Take the label ${useWaypointLabel} from it, and bind it to a waypoint of its own.`,
    };
  }
  // What names a waypoint that nobody has made goes through none (fetchWaypointForTarget in
  // pilot/pkg/serviceregistry/ambient/waypoints.go).
  if (scene.gateways?.has(`${waypoint.namespace}/${waypoint.name}`) === false) return undefined;
  const enforced = enforcedAt(
    { kind: 'ServiceEntry', namespace: entry.namespace, name: entry.name },
    waypoint,
    scene.policies,
    scene.options,
  );
  const refused =
    enforced.length === 0
      ? undefined
      : refusedRequest(
          enforced.map(({ policy }) => policy),
          entry,
          scene,
        );
  if (refused === undefined) return undefined;
  spend(enforced.length);
  const objects = enforced.map(({ object }) => object);
  return lost({ entry, waypoint }, objects, refused, surroundings, {
    one: digestOfAll([entry, ...objects], [nameOfWaypoint(waypoint)]),
    all: scene.wholeOf(entry.namespace),
  });
}

/** What the policies of a host refuse, and what becomes of that. */
function lost(
  { entry, waypoint }: Bound,
  policies: readonly ConfigView[],
  refused: string,
  surroundings: Surroundings,
  seen: Seen,
): Evidence | undefined {
  const {
    route: { from, to },
    namespace,
  } = surroundings;
  const [object, hosts, through] = [nameOf(entry), nameOfHosts(entry), nameOfWaypoint(waypoint)];
  const names = policies.length === 0 ? 'its policies' : listed(policies.map(nameOf), maxNamed);
  if (to === 'IstioAmbient')
    return {
      object,
      message: `in ambient the pods of ${namespace.name} reach ${hosts} through waypoint ${through}, and ${names} would refuse there what passes today, for example ${refused}`,
      severity: 'Warning',
    };
  return from === 'IstioAmbient'
    ? {
        object,
        message: `outside of ambient the pods of ${namespace.name} reach ${hosts} past waypoint ${through}, and what ${names} refuses there would pass, for example ${refused}`,
        fix: `Refuse it by a NetworkPolicy or at an egress gateway, then take the label ${useWaypointLabel} from the ServiceEntry. Or keep this namespace in ambient.`,
        ...([entry, ...policies].some((each) => isStranger(each, surroundings)) && {
          others: 'Protects' as const,
          seen,
        }),
      }
    : undefined;
}

/** Of what cannot be judged nobody knows which part decides. */
function unjudged({ namespace }: ConfigView, { wholeOf }: Scene): Seen {
  const all = wholeOf(namespace);
  return { one: all(), all };
}

/** What one that cannot be judged stumbles over is its owner's: that one is not known, and all others are. */
function judgeSafely(bound: Bound, scene: Scene): Evidence | undefined {
  const { entry, waypoint } = bound;
  const { surroundings } = scene;
  const object = nameOf(entry);
  return guarded<Evidence | undefined>(
    surroundings,
    `what policies refuse at ${object}`,
    () => judge(bound, scene),
    (why) => ({
      object,
      message: `${why}: what the policies of waypoint ${waypoint.namespace}/${waypoint.name} refuse there cannot be told`,
      ...(surroundings.route.to === 'IstioAmbient' && { severity: 'Warning' as const }),
      ...(isStranger(entry, surroundings) && { others: 'Protects' as const, seen: unjudged(entry, scene) }),
    }),
  );
}

/** What is said of the ServiceEntries of one namespace; of those that are too many to tell, that once. */
function judgeAll(own: readonly Bound[], scene: Scene): readonly Evidence[] {
  const found: Evidence[] = [];
  let next: Bound | undefined;
  const all = bounded(stepsOfNamespace, () => {
    for (const bound of own) {
      next = bound;
      extend(
        found,
        [judgeSafely(bound, scene)].filter((evidence) => evidence !== undefined),
      );
    }
  });
  const untoldOne =
    all.kind === 'TooLarge' && next !== undefined
      ? lost(next, [], untold, scene.surroundings, unjudged(next.entry, scene))
      : undefined;
  return untoldOne === undefined ? found : [...found, untoldOne];
}

/** What the pods of the namespace may reach outside the mesh. */
export const egressRules: readonly Rule[] = [
  {
    id: 'MM098',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'its waypoint has steps of its own on the way back' },
    title: 'ServiceEntry behind a waypoint',
    fix: `Let the policies admit what the pods of this namespace need, or take the label ${useWaypointLabel} from the ServiceEntry until they are migrated.`,
    find: (surroundings) => {
      const bound = surroundings.mesh.configs('ServiceEntry').flatMap((entry): readonly Bound[] => {
        const waypoint = waypointOf(entry);
        return waypoint === undefined ? [] : [{ entry, waypoint }];
      });
      if (bound.length === 0) return [];
      const { mesh } = surroundings;
      const byNamespace = Map.groupBy(bound, ({ entry }) => entry.namespace);
      const scene = {
        surroundings,
        options: policyOptionsOf(mesh),
        policies: policiesByTarget(mesh),
        gateways: gatewaysIn(mesh),
        wholeOf: wholes(byNamespace, mesh),
      };
      return [...byNamespace.values()].flatMap((own) => judgeAll(own, scene));
    },
  },
];
