import type { StepPlan, Surroundings } from '../../../adapter.ts';
import type { Manifest } from '../../../manifest.ts';
import type { ConfigView, PodView } from '../../../views.ts';
import { useWaypointLabel } from '../../vocabulary/labels.ts';
import { modeOf } from '../../vocabulary/pod-mode.ts';
import { companionsMissing, guardMissing, unread } from '../gates.ts';
import { guardStays } from '../guards.ts';
import { heldBack, notFurther, staysClosed } from './further.ts';
import { notServed, notThroughWaypoint, stillThroughWaypoint, waypointsAway } from './gates.ts';
import { outlives, servedEver } from './gone.ts';
import { orphans } from '../orphans.ts';
import { exitManifests, exitTranslationOf, possibleAtExit, servicesToUnbind, withheldAtExit } from './translation.ts';

/** A pod that only the waypoint protects, or that is on its way to have a sidecar. */
function lacksSidecar(pod: PodView): boolean {
  return modeOf(pod) !== 'Sidecar';
}

/** What can be made, as far as the proof has nothing against it. */
function proven(surroundings: Surroundings, manifests: readonly Manifest[] | string): readonly Manifest[] | string {
  return typeof manifests === 'string' ? manifests : notFurther(surroundings, manifests);
}

/**
 * Safe: E, it only keeps what stands, which lets nobody in that the proof has not asked about. Dying before or after: nothing is written for it, and the next look finds the
 * same by the journal.
 */
function stays(surroundings: Surroundings, seen: ConfigView, wanted: Manifest | undefined): boolean {
  return wanted === undefined ? outlives(surroundings, seen) : staysClosed(surroundings, seen, wanted);
}

/**
 * Before the pods of a namespace behind waypoints get sidecars. Nothing of it changes a request while no pod has one,
 * but for the last; each is there before the first sidecar is, which begins to serve only when istiod has sent it what
 * it reads.
 */
export const prepareSidecars: readonly StepPlan[] = [
  {
    // E: narrowed to pods with a sidecar, of which there are none; ztunnel never reads them. Dying before: created at
    // the next look; after: seen to be there.
    name: 'CopyForSidecars',
    why: 'Makes copies of what the waypoint enforces for the sidecars to come, because sidecars read no policy with targetRefs. The originals stay as they are.',
    work: {
      kind: 'Apply',
      objects: (surroundings) => proven(surroundings, exitManifests(surroundings, 'SidecarCopy')),
      possible: (surroundings) => notFurther(surroundings, possibleAtExit(surroundings, 'SidecarCopy')),
      withheld: (surroundings) => [
        ...withheldAtExit(surroundings, 'SidecarCopy'),
        ...heldBack(surroundings, possibleAtExit(surroundings, 'SidecarCopy')),
      ],
      stays,
      orphans: (surroundings) => orphans(surroundings, 'SidecarCopy', exitTranslationOf(surroundings)),
    },
    gate: (surroundings) => unread(surroundings, 'SidecarCopy'),
  },
  {
    // E: as narrow, and it opens nothing but what the waypoint lets through or has no say in (the proof). Dying before:
    // created at the next look; after: seen to be there.
    name: 'AllowForSidecars',
    why: 'Lets the waypoint through to the pods that have a sidecar already, and keeps open or closed, where the waypoint has no say, what ztunnel lets in or refuses.',
    work: {
      kind: 'Apply',
      objects: (surroundings) => proven(surroundings, exitManifests(surroundings, 'SidecarAllow', 'SidecarDeny')),
      possible: (surroundings) => notFurther(surroundings, possibleAtExit(surroundings, 'SidecarAllow', 'SidecarDeny')),
      withheld: (surroundings) => withheldAtExit(surroundings, 'SidecarAllow', 'SidecarDeny'),
      stays,
    },
    gate: (surroundings) =>
      companionsMissing(surroundings, 'SidecarAllow') ?? companionsMissing(surroundings, 'SidecarDeny'),
  },
  {
    // E: only refuses, and only at pods without a sidecar. Dying before: created at the next look; after: seen to be
    // there.
    name: 'GuardUntilSidecars',
    why: 'Refuses, at pods without a sidecar, callers of this namespace that go around the waypoint: those that have their sidecar already do.',
    work: {
      kind: 'Apply',
      objects: (surroundings) => exitManifests(surroundings, 'SidecarGuard'),
      possible: (surroundings) => possibleAtExit(surroundings, 'SidecarGuard'),
      withheld: (surroundings) => withheldAtExit(surroundings, 'SidecarGuard'),
      stays: (surroundings, seen, wanted) =>
        stays(surroundings, seen, wanted) || guardStays(surroundings, seen, wanted),
    },
    gate: (surroundings) => guardMissing(surroundings, 'SidecarGuard'),
  },
];

/** Once every pod has its sidecar. */
export const leaveWaypoints: readonly StepPlan[] = [
  {
    // E: held while a pod has no sidecar, which only the waypoint protects; one patch for each Service, whose sidecars
    // enforce the same. The label of the Service beats that of the namespace (GetUseWaypoint). Dying before: sent
    // again; after: the label is seen, and the annotation beside it tells what it was. What that was
    // is in the journal from the start on: copies follow it, and not the label that somebody makes of it.
    name: 'UnbindWaypoint',
    why: `Sets ${useWaypointLabel}=none on the Services: all callers go to the pods directly, whose sidecars enforce the copies.`,
    work: {
      kind: 'BindServices',
      targets: { [useWaypointLabel]: 'none' },
      services: servicesToUnbind,
      keeps: servedEver,
      heldBy: lacksSidecar,
    },
    gate: stillThroughWaypoint,
    settled: true,
  },
];

/** Back, before the first pod loses its sidecar again. */
export const returnToWaypoints: readonly StepPlan[] = [
  {
    // E: behind the waypoint the sidecars go on enforcing for direct callers, and leave what comes through it to the
    // originals, which were never touched. The gate wants istiod to say so before a pod is without its sidecar, and to
    // a waypoint that is gone or has no pods nobody is sent: while pods have their sidecars nothing is gained by it.
    // Dying before: sent again, if the waypoint serves; after: the labels are seen to be back.
    name: 'BindWaypoint',
    why: 'Puts the labels of the Services back first: pods without a sidecar are protected by the waypoint only.',
    work: { kind: 'UnbindServices', keys: [useWaypointLabel], objectsStay: true },
    relies: waypointsAway,
    gate: notThroughWaypoint,
  },
];

/** Back, once no pod has a sidecar any more. */
export const forgetSidecars: readonly StepPlan[] = [
  {
    // E: held while a pod has a sidecar; ztunnel reads none of it but the guard, which only refuses callers that have a
    // sidecar, and there is none; and the waypoint is looked at once more, because without it the guard is all that
    // refuses. Dying before: asked again; after: what is left is seen and deleted.
    name: 'RemovePolicies',
    why: 'Deletes what was made for the sidecars, the guard last.',
    work: {
      kind: 'Remove',
      steps: ['AllowForSidecars', 'CopyForSidecars', 'GuardUntilSidecars'],
      heldBy: (pod) => modeOf(pod) === 'Sidecar',
    },
    relies: notServed,
    settled: true,
  },
];
