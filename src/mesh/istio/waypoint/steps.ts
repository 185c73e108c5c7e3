import type { Lacking, StepPlan, Surroundings } from '../../adapter.ts';
import type { Manifest } from '../../manifest.ts';
import type { PodView } from '../../views.ts';
import { concerns, modeOf } from '../vocabulary/pod-mode.ts';
import { ingressUseWaypointLabel, useWaypointLabel } from '../vocabulary/labels.ts';
import { awaitsLeavers } from './awaits-back.ts';
import { redirected, redirectingLabels } from './bound.ts';
import {
  bindingMissing,
  companionsMissing,
  copiesMissing,
  guardMissing,
  namingOurs,
  stillBound,
  waypointMissing,
} from './gates.ts';
import { boundBefore } from './chosen.ts';
import { configMaps, gateways, parametersName, waypointManifests, waypointName } from '../vocabulary/gateway.ts';
import { servedBy } from '../policy/translate/names.ts';
import { guardStays, withoutHoles } from './guards.ts';
import { areHereOrComing } from './here-or-coming.ts';
import { allPodsAtOnce } from './scale.ts';
import { orphans } from './orphans.ts';
import { boundServices, isRollout, policyManifests, possible, translationOf, withheldOf } from './translation.ts';

/** The guards of what can be carried over itself. */
function guardsOf(surroundings: Surroundings): readonly Manifest[] {
  return possible(surroundings, 'Guard');
}

/** All of them, or why they cannot be made. */
function allGuards(surroundings: Surroundings): readonly Manifest[] | string {
  const all = policyManifests(surroundings, 'Guard');
  return typeof all === 'string' ? all : withoutHoles(surroundings, guardsOf);
}

/** The first step, where the operator makes the waypoint. */
const makeWaypoint: StepPlan = {
  // Safe: a waypoint that nothing is bound to serves nobody. Dying before: created at the next look; after: seen to be
  // there.
  name: 'EnsureWaypoint',
  why: 'Creates the waypoint, with its pods spread, autoscaled and protected from disruption, and waits until it is available: callers bound to one without pods fail.',
  work: { kind: 'Apply', objects: waypointManifests },
  gate: waypointMissing,
  scales: allPodsAtOnce,
};

/** The same, where it is the user's. */
function awaitWaypoint(name: string): StepPlan {
  return {
    // Safe: writes nothing, and no other step has this waypoint among what it makes or takes away. Dying before or
    // after changes nothing.
    name: 'EnsureWaypoint',
    why: `Waits until your waypoint ${name} (spec.waypoint.adopt) is available: callers bound to one without pods fail. It is used as it is.`,
    work: { kind: 'Check' },
    gate: waypointMissing,
  };
}

/** The last step before the labels: from then on pods are without their sidecars. */
const guardBypass: StepPlan = {
  // E: only refuses, and only at pods without a sidecar; it comes to refuse less only when the proof allows it.
  // After the binding, because pods that are in ambient already would refuse callers that do not know of it yet.
  // Dying before: created at the next look; after: seen to be there.
  name: 'GuardBypass',
  why: 'Refuses, at pods without a sidecar, everything that does not come through the waypoint: ztunnel alone would not enforce what needs HTTP.',
  work: {
    kind: 'Apply',
    objects: allGuards,
    serves: servedBy,
    possible: (surroundings) => withoutHoles(surroundings, guardsOf),
    isRollout,
    withheld: (surroundings) => withheldOf(translationOf(surroundings), 'Guard'),
    stays: guardStays,
  },
  gate: (surroundings) => guardMissing(surroundings),
  settled: (surroundings) =>
    surroundings.pods.some((pod) => concerns(pod) && modeOf(pod) !== 'Sidecar') ||
    areHereOrComing('Ambient', surroundings),
};

/**
 * Puts a waypoint in front of a namespace whose pods still have their sidecars. Until the pods are replaced both
 * enforce: the waypoint for callers in ambient, the sidecars for all others. The order is what keeps it closed at every
 * instant (docs/safety.md): copies before the pods admit the waypoint, both before anybody is sent through it, the
 * guard before the first pod is without its sidecar. The same order serves a namespace whose pods are in ambient
 * already: nothing is refused meanwhile that need not be.
 */
export function enterWaypoint(adopted?: string): readonly StepPlan[] {
  const name = adopted ?? waypointName;
  return [
    adopted === undefined ? makeWaypoint : awaitWaypoint(adopted),
    {
      // E: copies with targetRefs are read by waypoints only, and nothing is bound yet but by the owner of an adopted
      // one: what goes through that is only refused more, as the proof has compared. Dying before: created at the next
      // look; after: seen to be there.
      name: 'CopyPolicies',
      why: 'Makes copies of the policies for the waypoint, because waypoints read no policy that selects pods. The originals stay as they are.',
      work: {
        kind: 'Apply',
        objects: (surroundings) => policyManifests(surroundings, 'Copy'),
        serves: servedBy,
        possible: (surroundings) => possible(surroundings, 'Copy'),
        isRollout,
        withheld: (surroundings) => withheldOf(translationOf(surroundings), 'Copy'),
        orphans: (surroundings) => orphans(surroundings, 'Copy', translationOf(surroundings)),
      },
      gate: (surroundings) => copiesMissing(surroundings, false),
    },
    {
      // E: the waypoint decides already (copies first), so admitting its identity admits no request that it would
      // refuse. Dying before: created at the next look; after: seen to be there.
      name: 'AllowWaypoint',
      why: "Lets the waypoint through to the pods beside every ALLOW policy that selects them: behind it they see its identity, not the caller's.",
      work: {
        kind: 'Apply',
        objects: (surroundings) => policyManifests(surroundings, 'AllowWaypoint'),
        serves: servedBy,
        possible: (surroundings) => possible(surroundings, 'AllowWaypoint'),
        isRollout,
        withheld: (surroundings) => withheldOf(translationOf(surroundings), 'AllowWaypoint'),
      },
      gate: (surroundings) => companionsMissing(surroundings, 'AllowWaypoint'),
      // E: whoever goes through an adopted waypoint already would be let through by it until it has received the
      // copies.
      settled: (surroundings) => boundBefore(surroundings).length > 0,
    },
    {
      // E: one patch for each Service that has its copies, when the waypoint has received them; callers in ambient now
      // meet these, all others still the sidecars. To no other waypoint: the patch tests what would change which is
      // meant. Services and not the namespace: one that is created later would be served by the waypoint before it has
      // copies. Dying before: sent again; after: the labels are seen, and the annotation beside them tells what they
      // were.
      name: 'BindWaypoint',
      why: `Sets ${useWaypointLabel}=${name} and ${ingressUseWaypointLabel}=true on the Services: callers in ambient and ingress gateways go through the waypoint from now on.`,
      work: {
        kind: 'BindServices',
        targets: { [useWaypointLabel]: name, [ingressUseWaypointLabel]: 'true' },
        services: boundServices,
        owners: boundBefore,
        besides: { labels: redirectingLabels, tells: redirected },
      },
      gate: (surroundings) => bindingMissing(surroundings) ?? copiesMissing(surroundings, true),
      settled: true,
    },
    guardBypass,
  ];
}

/** Whoever binds a Service again sends its callers to a waypoint that is about to lose its copies. */
function onNobodyBound(surroundings: Surroundings): Lacking | undefined {
  const message = stillBound(surroundings);
  return message === undefined ? undefined : { message };
}

/** The last step of the way back; an adopted waypoint stays. */
const removeWaypoint: StepPlan = {
  // Safe: nobody is bound to it. Dying before or after: what is left is seen and deleted.
  name: 'RemoveWaypoint',
  why: 'Deletes the waypoint last: an object that names a waypoint which is gone does not fall back to another.',
  work: {
    kind: 'Remove',
    steps: ['EnsureWaypoint'],
    unwatched: [{ before: gateways, resource: configMaps, name: parametersName }],
  },
  relies: onNobodyBound,
};

/**
 * Before the copies go where the waypoint stays and may serve Services of which its owner has decided that: what it
 * sends must not be let in without them.
 */
const disallowWaypoint: StepPlan = {
  // E: refuses only. Dying before or after: what is left is seen and deleted.
  name: 'DisallowWaypoint',
  why: 'Deletes what admits the waypoint to the pods, and gives the sidecars time to learn it: your waypoint stays, and may go on serving what you have bound to it.',
  work: { kind: 'Remove', steps: ['AllowWaypoint'] },
  // Outage: who has not learnt of the unbinding yet would be refused.
  settled: true,
  relies: onNobodyBound,
};

/** The way back, once the pods have their sidecars again: they read the originals, which were never touched. */
export function leaveWaypoint(
  hold: { readonly heldBy?: (pod: PodView) => boolean },
  adopted?: string,
): readonly StepPlan[] {
  return [
    {
      // E: the sidecars decide by the originals and see the caller again. Dying before: sent again; after: the labels
      // are seen to be back.
      name: 'UnbindWaypoint',
      why: 'Sends callers to the pods directly again, whose sidecars enforce the originals.',
      work: {
        kind: 'UnbindServices',
        keys: [useWaypointLabel, ingressUseWaypointLabel],
        strays: { binding: useWaypointLabel, services: namingOurs },
        ...hold,
      },
      // Without copies the waypoint would let everything through: they stay until istiod has taken the Services from
      // it.
      gate: stillBound,
      // Outage: each connection that a caller keeps open through the waypoint would get one 503.
      awaits: awaitsLeavers,
    },
    ...(adopted === undefined ? [] : [disallowWaypoint]),
    {
      // E: nobody is bound, and every caller's ztunnel has had time to learn it, so no copy decides about anything; the
      // companions only admitted the waypoint. Who goes through an adopted one still is let in by the originals only,
      // as before: the companions are gone from the sidecars. That nobody is bound, and no pod without its sidecar, is
      // asked once more: both may have changed since. Dying before: asked again; after: what is left is seen and deleted.
      name: 'RemovePolicies',
      why: 'Deletes what was made beside the originals: first what admits the waypoint to the pods, then the copies.',
      work: { kind: 'Remove', steps: ['AllowWaypoint', 'CopyPolicies', 'GuardBypass'], ...hold },
      relies: onNobodyBound,
      settled: true,
    },
    ...(adopted === undefined ? [removeWaypoint] : []),
  ];
}
