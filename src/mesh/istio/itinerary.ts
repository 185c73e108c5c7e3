import { extend } from '../../base/lists.ts';
import type { DataPlane } from '../../api/common.ts';
import type { ItineraryName } from '../../api/namespace-migration.ts';
import type { Itinerary, LabelTargets, Route, StepPlan, Surroundings } from '../adapter.ts';
import type { PodView, WorkloadView } from '../views.ts';
import { injects } from './vocabulary/injection.ts';
import { dataplaneModeLabel, injectionLabel, revisionLabel } from './vocabulary/labels.ts';
import { isLeftToOthers, isOfOtherMesh, lacksHbone, modeFor, modeOf } from './vocabulary/pod-mode.ts';
import { staysOutside } from './vocabulary/stays-outside.ts';
import { decidingFirst } from './waypoint/calls/unseen-callers.ts';
import { awaitsOthersBack } from './waypoint/awaits-back.ts';
import { awaitsUnseen } from './waypoint/awaits-called.ts';
import { awaitsNameless } from './waypoint/awaits-nameless.ts';
import { awaitsCallers, awaitsHbone } from './waypoint/awaits.ts';
import { exitOrder } from './waypoint/exit/order.ts';
import { notServed } from './waypoint/exit/gates.ts';
import { isExit } from './waypoint/exit/route.ts';
import { forgetSidecars, leaveWaypoints, prepareSidecars, returnToWaypoints } from './waypoint/exit/steps.ts';
import { restartOrder } from './waypoint/order.ts';
import { enterWaypoint, leaveWaypoint } from './waypoint/steps.ts';
import { isUnfinished } from '../restartable.ts';

/** What entering and leaving a data plane means for the labels of a namespace. */
interface DataPlaneRules {
  readonly enter: (original: LabelTargets) => LabelTargets;
  /** Labels that stop new pods from joining: changed together with those of the data plane that is entered. */
  readonly leave: LabelTargets;
  /** Labels that hold running pods: changed only when no pod is left that needs them. */
  readonly release: LabelTargets;
  /** Whether pods join or leave only by being created anew. */
  readonly byRestart: boolean;
}

const rules: Record<DataPlane, DataPlaneRules> = {
  IstioSidecar: {
    // `istio-injection` beats `istio.io/rev` (mutatingwebhook.yaml): a namespace with a revision gets it back by
    // removing the other.
    enter: (original) =>
      typeof original[revisionLabel] === 'string' ? { [injectionLabel]: null } : { [injectionLabel]: 'enabled' },
    // Only `disabled` stops all five webhooks; without the label a pod's own `sidecar.istio.io/inject` would still
    // inject. `istio.io/rev` stays: removing it can orphan the Gateways of the namespace
    // (pkg/revisions/tag_watcher.go).
    leave: { [injectionLabel]: 'disabled' },
    release: {},
    byRestart: true,
  },
  IstioAmbient: {
    enter: () => ({ [dataplaneModeLabel]: 'ambient' }),
    leave: {},
    // Un-labelling makes captured pods plaintext at once, so it comes last (cni/pkg/nodeagent).
    release: { [dataplaneModeLabel]: null },
    byRestart: false,
  },
  None: { enter: () => ({}), leave: {}, release: {}, byRestart: false },
};

/*
 * The letters beside the steps are the invariants of docs/safety.md.
 */
const look: readonly StepPlan[] = [
  // Safe: writes nothing but our own status. Dying before or after changes nothing; the checks run again.
  {
    name: 'Preflight',
    why: 'Checks everything that would break or loosen a rule on the way, before anything is changed.',
    work: { kind: 'Check' },
  },
  // C: the original is stored before the first change. Dying before: nothing changed. After: it is read back, never
  // taken anew.
  {
    name: 'Snapshot',
    why: 'Records the labels of the namespace, so that a rollback restores exactly these.',
    work: { kind: 'Snapshot' },
  },
  // Safe: status only. Dying before or after: the count is taken once, from the pods as they are before the first
  // change.
  { name: 'Baseline', why: 'Counts the pods by mode, to compare at the end.', work: { kind: 'Baseline' } },
];

/*
 * B: the namespace still injects, so a restarted pod has a sidecar again; one workload at a time within its own bounds.
 * Dying before the patch: the announced restart is found unpatched and done. After: its value is found in the template.
 */
const restartForHbone: StepPlan = {
  name: 'RestartForHbone',
  why: 'Restarts sidecars that were injected before ambient was enabled: ztunnel can send them only plaintext, which STRICT refuses.',
  work: { kind: 'Restart', stale: lacksHbone },
};

/**
 * A namespace that stays, and is called from ambient by those that move. It has a record and an itinerary of its own,
 * and not a restart driven from the migration, because a restart needs all that a record gives it: it is announced,
 * paced, watched, counted and taken back when it fails.
 */
const restartsOnly: Itinerary = {
  forward: [...look, restartForHbone],
  backward: [
    // B, F: only a rollout that did not finish goes back to its old template. What has finished stays: another restart
    // would cost the same again and bring back nothing. Dying before or after the patch: the template's annotation
    // tells which.
    {
      name: 'RestoreWorkloads',
      why: 'Takes a restart back that did not finish; what has finished is not restarted once more.',
      work: { kind: 'Restart', stale: () => false, order: ({ workloads }) => workloads.filter(isUnfinished) },
    },
    // C: no label was changed; the record leaves with the annotation. Dying before: sent again; after: the annotation
    // is gone.
    {
      name: 'RestoreCapture',
      why: 'Removes the record of the namespace, whose labels were never changed.',
      work: { kind: 'Labels', targets: {} },
    },
  ],
};

/** What a waypoint adds to the steps of a route, and at which places. */
interface WaypointRules {
  /** Before the labels of the namespace change. */
  readonly prepare: readonly StepPlan[];
  /** Once every pod is in its new data plane. */
  readonly finish: readonly StepPlan[];
  /** Back: before the labels of the namespace change, and once every pod is in its old data plane. */
  readonly restore: readonly StepPlan[];
  readonly remove: readonly StepPlan[];
  /**
   * Of the restarts. Back it is the other way round: who goes around a waypoint that still stands before the other is
   * refused.
   */
  readonly order: (surroundings: Surroundings) => readonly WorkloadView[];
}

/** Itineraries of namespaces that change their data plane. */
type Moving = Exclude<ItineraryName, 'Hbone'>;

const withoutWaypoint: Omit<WaypointRules, 'order'> = { prepare: [], finish: [], restore: [], remove: [] };

/**
 * Into ambient, and out of it: a policy that came since the start may decide by what sidecars do not see of callers in
 * ambient.
 */
function orderWithoutWaypoint({ to }: Route): Pick<WaypointRules, 'order'> {
  return {
    order: (surroundings) =>
      to === 'IstioAmbient' ? decidingFirst(surroundings) : decidingFirst(surroundings).toReversed(),
  };
}

function waypointRules(
  route: Route,
  name: Moving,
  adopted: string | undefined,
): Omit<WaypointRules, 'order'> & Partial<WaypointRules> {
  if (name === 'L4') return { ...withoutWaypoint, ...orderWithoutWaypoint(route) };
  return isExit(route)
    ? {
        prepare: prepareSidecars,
        finish: leaveWaypoints,
        restore: returnToWaypoints,
        remove: forgetSidecars,
        order: (surroundings) => exitOrder(surroundings).workloads,
      }
    : {
        ...withoutWaypoint,
        prepare: enterWaypoint(adopted),
        remove: leaveWaypoint(holdFor(route.from), adopted),
        order: (surroundings) => restartOrder(surroundings).workloads,
      };
}

/** Whether sidecars leave for ambient, so that the namespace and those around it are in two data planes for a while. */
function entersAmbient({ from, to }: Route): boolean {
  return from === 'IstioSidecar' && to === 'IstioAmbient';
}

function forward(route: Route, original: LabelTargets, name: Moving, adopted: string | undefined): readonly StepPlan[] {
  const { prepare, finish, order } = waypointRules(route, name, adopted);
  const from = rules[route.from];
  const to = rules[route.to];
  const flip: LabelTargets = { ...from.leave, ...to.enter(original) };
  const steps = [...look];
  if (entersAmbient(route)) steps.push(restartForHbone);
  extend(steps, prepare);
  if (Object.keys(flip).length > 0) {
    // A: one patch, so at no revision is neither label in force. Dying before: labels are as recorded, it is sent
    // again; after: the labels equal the target and the annotation is there, so the step is seen as done.
    steps.push({
      name: 'Flip',
      why: `Sets ${describe(flip)} in one patch, so that no pod is ever created outside both data planes.`,
      work: { kind: 'Labels', targets: flip },
      // A caller whose ztunnel does not know of the waypoint yet would be refused by pods without a sidecar; on the way
      // out, a pod's ztunnel may not know its guard yet.
      ...(name === 'L7' && { settled: true as const }),
      // E: from here on pods call as ambient does. Whom they call takes HBONE by then and sees what it decides by, and
      // who calls them does not go past the waypoint.
      ...(entersAmbient(route) && {
        awaits: (surroundings: Surroundings) =>
          awaitsHbone(surroundings) ?? awaitsUnseen(surroundings) ?? awaitsCallers(surroundings),
      }),
      // The other way: with its first sidecar it calls headless Services in ambient without an identity, so their pods
      // have theirs by then.
      ...(isExit(route) && { awaits: awaitsNameless }),
    });
  }
  if (from.byRestart || to.byRestart) {
    const mode = modeFor(route.to);
    // B, D: each workload once, the next only when every pod of the last is available and in its mode. Dying before
    // the patch: the announced restart is done; after: its value is found in the template and its progress is watched.
    steps.push({
      name: 'RestartWorkloads',
      why: `Restarts one workload at a time until its pods are in mode ${mode}; pods change data plane only by being created anew.`,
      work: { kind: 'Restart', stale: (pod) => modeOf(pod) !== mode, ...(order && { order }) },
      gated: true,
      // B: the API server matches `namespaceSelector` of the injector by a view of its own, and node agents have one
      // too: by labels of before a new pod would be what the old one was, or in neither data plane.
      settled: true,
      // E: an old sidecar can come back, by a rollback elsewhere for example, and a policy by address come to be among
      // the called.
      ...(entersAmbient(route) && {
        awaits: (surroundings: Surroundings) => awaitsHbone(surroundings) ?? awaitsUnseen(surroundings),
      }),
      ...(isExit(route) && { awaits: awaitsNameless }),
    });
  }
  extend(steps, finish);
  if (Object.keys(from.release).length > 0) {
    // A, B: no pod depends on the capture any more. Dying before: sent again; after: the label is seen to be gone.
    steps.push({
      name: 'ReleaseCapture',
      why: `Sets ${describe(from.release)} last: earlier it would leave running pods in plaintext.`,
      work: { kind: 'Labels', targets: from.release, ...holdFor(route.to) },
    });
  }
  // B: looks at every pod, not at labels. Dying before or after changes nothing.
  steps.push({
    name: 'Verify',
    why: `Sees every pod in mode ${modeFor(route.to)}.`,
    work: { kind: 'Verify', mode: modeFor(route.to) },
  });
  return steps;
}

/**
 * What a rollback puts back: the revision too, although no step changes it, because without it the original may not
 * inject.
 */
const restored = [injectionLabel, revisionLabel, dataplaneModeLabel];

function backward(
  route: Route,
  original: LabelTargets,
  name: Moving,
  adopted: string | undefined,
): readonly StepPlan[] {
  const mode = modeFor(route.from);
  // The capture is held until the pods have their sidecars back: a sidecar wins over the label, a naked pod needs it.
  const held = route.to === 'IstioAmbient' ? [dataplaneModeLabel] : [];
  const first = Object.fromEntries(
    restored.filter((key) => !held.includes(key)).map((key) => [key, original[key] ?? null]),
  );
  const { restore, remove, order } = waypointRules(route, name, adopted);
  // Outage: with its sidecar a pod goes past waypoints, so whom it calls has to have its own back. E: sidecars do not
  // see where callers in ambient come from, so before they are there these leave ambient, and before callers are there
  // again the called leave their sidecars.
  const othersFirst = entersAmbient(route) || isExit(route) ? { awaits: awaitsOthersBack } : {};
  // E: with its sidecar a pod loses all but what the waypoint enforces, so that has to be so at each of them.
  const served = restore.length > 0 ? { relies: notServed } : {};
  const steps: StepPlan[] = [...restore];
  if (rules[route.from].byRestart || rules[route.to].byRestart) {
    steps.push(
      // A, B: new pods join the old data plane while the new one still holds the running ones. Dying before: sent
      // again; after: the labels are seen to be back.
      {
        name: 'RestoreLabels',
        why: 'Puts the injection labels back first, so that new pods join the old data plane.',
        work: { kind: 'Labels', targets: first },
        ...(restore.length > 0 && { settled: true as const }),
        ...othersFirst,
        ...served,
      },
      // B, F: templates go back to what they were, one workload at a time. Dying before or after the patch: the
      // template's annotation tells which, and what the next one relies on is asked again.
      {
        name: 'RestoreWorkloads',
        why: `Takes every restart back until the pods are in mode ${mode} again.`,
        work: {
          kind: 'Restart',
          stale: (pod, surroundings) => modeOf(pod) !== mode && !staysOutside(pod, surroundings),
          ...(order && { order: (surroundings: Surroundings) => order(surroundings).toReversed() }),
        },
        settled: true,
        ...othersFirst,
        ...served,
      },
    );
  }
  extend(steps, remove);
  const all = Object.fromEntries(restored.map((key) => [key, original[key] ?? null]));
  steps.push(
    // C: the journal stays until every pod is seen back. Dying before: sent again; after: the labels equal the
    // original.
    {
      name: 'RestoreCapture',
      why: 'Puts every label back as it was, the capture last: earlier it would leave pods in plaintext.',
      work: { kind: 'Labels', targets: all, ...(all[dataplaneModeLabel] === 'ambient' ? {} : holdFor(route.from)) },
    },
    {
      name: 'VerifyRestored',
      why: `Sees every pod in mode ${mode} again.`,
      work: { kind: 'Verify', mode, leaves: (pod, there) => isLeftToOthers(pod) || staysOutside(pod, there) },
    },
  );
  return steps;
}

/**
 * A captured pod that should get a sidecar instead needs the capture until it is replaced; so does one that is being
 * captured, or that has not started and was admitted without a sidecar. One of another mesh never gets one, and is
 * better off without.
 */
function holdFor(target: DataPlane): { readonly heldBy?: (pod: PodView) => boolean } {
  return target === 'IstioSidecar'
    ? { heldBy: (pod) => modeOf(pod) !== 'Sidecar' && !(modeOf(pod) === 'None' && pod.ready) && !isOfOtherMesh(pod) }
    : {};
}

function describe(targets: LabelTargets): string {
  return Object.entries(targets)
    .map(([key, value]) => (value === null ? `${key} to nothing` : `${key}=${value}`))
    .join(' and ');
}

/**
 * Weaves leaving one data plane and entering another into the steps of a namespace: labels that stop new pods flip with
 * those that take them, labels that hold running pods are released when no pod needs them.
 */
export function itinerary(route: Route, original: LabelTargets, name: ItineraryName, adopted?: string): Itinerary {
  if (name === 'Hbone') return restartsOnly;
  return { forward: forward(route, original, name, adopted), backward: backward(route, original, name, adopted) };
}

/** Whether the labels already are what a migration to `to` would leave. */
export function arrived(route: Route, labels: Readonly<Record<string, string>>): boolean {
  switch (route.to) {
    case 'IstioAmbient':
      return labels[dataplaneModeLabel] === 'ambient';
    case 'IstioSidecar':
      return injects(labels);
    case 'None':
      return !arrived({ ...route, to: 'IstioAmbient' }, labels) && !arrived({ ...route, to: 'IstioSidecar' }, labels);
  }
}

/** What the labels that the way there changes are at its end. */
export function labelsAfter({ from, to }: Route, original: LabelTargets): LabelTargets {
  return { ...rules[from].leave, ...rules[to].enter(original), ...rules[from].release };
}
