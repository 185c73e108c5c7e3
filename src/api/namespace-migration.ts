import { z } from 'zod';
import { PlanDigest } from './approval.ts';
import { Command, Condition, DataPlane, Finding, PodCounts, Time } from './common.ts';
import { GateStatus, mostGates } from './gates.ts';

/** Written once by the operator, for one namespace of one MeshMigration. */
export const NamespaceMigrationSpec = z
  .object({
    migration: z.string().min(1).max(253).describe('Name of the MeshMigration.'),
    from: DataPlane.describe('The data plane the namespace is in now.'),
    to: DataPlane.describe('The data plane it shall be in.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self == oldSelf',
        message: 'the spec of a NamespaceMigration cannot be changed: edit the MeshMigration',
      },
    ],
  });
export type NamespaceMigrationSpec = z.infer<typeof NamespaceMigrationSpec>;

/** Phases of a NamespaceMigration. */
export const NamespacePhase = z.enum([
  'Pending',
  'Planned',
  'Blocked',
  'Migrating',
  'Paused',
  'RollingBack',
  'RolledBack',
  'Migrated',
  'Incomplete',
  'Finalized',
  'Failed',
]);
export type NamespacePhase = z.infer<typeof NamespacePhase>;

/** Names of the steps, in the words of the documentation (docs/concepts.md). */
export const StepName = z.enum([
  'Preflight',
  'Snapshot',
  'Baseline',
  'RestartForHbone',
  'EnsureWaypoint',
  'CopyPolicies',
  'AllowWaypoint',
  'GuardBypass',
  'BindWaypoint',
  'CopyForSidecars',
  'AllowForSidecars',
  'GuardUntilSidecars',
  'Flip',
  'RestartWorkloads',
  'ReleaseCapture',
  'Verify',
  'RestoreLabels',
  'RestoreWorkloads',
  'UnbindWaypoint',
  'DisallowWaypoint',
  'RemovePolicies',
  'RemoveWaypoint',
  'RestoreCapture',
  'VerifyRestored',
]);
export type StepName = z.infer<typeof StepName>;

/**
 * A name in a stored status: another version of the operator may have written one that this version does not know
 * (`src/engine/stored.ts`).
 */
const StoredName = z.string().max(32);

const Step = z.object({
  name: StoredName.describe('Name of the step.'),
  startedAt: Time.describe('When it was begun.'),
  completedAt: Time.optional().describe('When its completion was observed.'),
  lostAt: Time.optional().describe(
    'Since when what it had reached is gone again, or is being made anew: a waypoint that is not available any more, for example.',
  ),
  regainedAt: Time.optional().describe('When that was reached again last.'),
});
export type Step = z.infer<typeof Step>;

/**
 * The kinds of itinerary: L4 by labels and restarts alone, L7 through a waypoint; Hbone for one that stays and is only
 * restarted.
 */
export const ItineraryName = z.enum(['L4', 'L7', 'Hbone']);
export type ItineraryName = z.infer<typeof ItineraryName>;

const PlannedStep = z.object({
  name: StoredName.describe('Name of the step.'),
  why: z.string().max(512).describe('What it does and why it stands at this place.'),
});

/** The kinds of workload that can be restarted. */
export const WorkloadKind = z.enum(['Deployment', 'StatefulSet', 'DaemonSet']);
export type WorkloadKind = z.infer<typeof WorkloadKind>;

const PlannedRestart = z.object({
  kind: WorkloadKind.describe('Kind of the workload.'),
  name: z.string().max(253).describe('Name of the workload.'),
  why: z
    .string()
    .max(512)
    .optional()
    .describe('For which workloads it waits, and how that is known; absent if it waits for none.'),
});
export type PlannedRestart = z.infer<typeof PlannedRestart>;

/**
 * How long a value of our restart annotation may be that somebody else has set: what was there before has to fit into
 * the record.
 */
export const longestOriginal = 253;

/** How many workloads a record may have room for. */
export const mostWorkloads = 2000;

const WorkloadRecord = z.object({
  kind: WorkloadKind.describe('Kind of the workload.'),
  name: z.string().max(253).describe('Name of the workload.'),
  uid: z.string().max(64).describe('Its uid: a workload that was deleted and created again is another one.'),
  original: z
    .string()
    .max(longestOriginal)
    .optional()
    .describe('Value of our restart annotation in its template before the first change; absent if there was none.'),
  step: StoredName.describe('The step that restarts it, or did so last.'),
  pods: z.int().min(0).describe('Pods it wanted when the restart began.'),
  newest: Time.optional().describe(
    'creationTimestamp of its newest pod when this try was announced: what is younger is a result of it. Absent if it had no pods.',
  ),
  patches: z
    .int()
    .min(0)
    .describe(
      'How often it had to be tried: more than once means that something changes the template back, or that pods did not come as they should. 0 if its pods are evicted one by one.',
    ),
  startedAt: Time.describe('When the restart was announced, before anything was written to the workload.'),
  completedAt: Time.optional().describe('When all its pods were seen restarted, available and in the right mode.'),
  revision: z
    .string()
    .max(63)
    .optional()
    .describe(
      'controller-revision-hash of its pods then, where its controller does not remember whether a template was rolled out to the end: pods of another one are of a rollout of its owner.',
    ),
});
export type WorkloadRecord = z.infer<typeof WorkloadRecord>;

const LabelValue = z.object({
  key: z.string().max(317).describe('Label key.'),
  value: z.string().max(63).optional().describe('Its value; absent if the namespace did not have the label.'),
});

/** What a namespace was before the first change: rollback restores exactly this. */
export const Original = z.object({
  namespaceUid: z.string().max(64).describe('uid of the namespace.'),
  capturedAt: Time.describe('When it was recorded.'),
  labels: z
    .array(LabelValue)
    .max(16)
    .describe('The labels that the migration changes.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key'] }),
});
export type Original = z.infer<typeof Original>;

const Failure = z.object({
  reason: z.string().max(128).describe('One word for programs.'),
  message: z.string().max(1024).describe('What went wrong, with the object and the remedy.'),
  at: Time.describe('When it was noticed.'),
});
export type Failure = z.infer<typeof Failure>;

/** Everything the operator knows and needs to go on after a crash: it keeps nothing of importance in memory. */
export const NamespaceMigrationStatus = z.object({
  phase: z
    .string()
    .max(16)
    .optional()
    .describe(
      'Where the namespace is. Edit it to RollingBack, Paused or Migrating to command exactly that for this namespace.',
    ),
  writtenPhase: z
    .string()
    .max(16)
    .optional()
    .describe('The phase as the operator wrote it last; a phase that differs from it is a command.'),
  observedGeneration: z.int().min(0).optional().describe('metadata.generation that this status was computed from.'),
  command: Command.optional().describe('The last command given by editing the status, while it holds.'),
  message: z.string().max(1024).optional().describe('What it is doing or waiting for, in one sentence.'),
  waitUntil: Time.optional().describe('When a wait ends at the latest.'),
  direction: z
    .enum(['Forward', 'Backward'])
    .optional()
    .describe('Forward while migrating, Backward while rolling back.'),
  attempt: z.int().min(0).optional().describe('How often the migration of this namespace was started.'),
  itinerary: ItineraryName.optional().describe(
    'L4: labels and restarts are enough. L7: something needs HTTP, so a waypoint is put in front first. Hbone: the namespace stays, and its old sidecars are restarted once (spec.restart.hboneNamespaces). Chosen when the namespace is started and kept until it ends.',
  ),
  waypoint: z
    .string()
    .max(63)
    .optional()
    .describe(
      'Name of the waypoint of yours that the namespace uses (spec.waypoint.adopt); absent if the operator makes one, or if it needs none. Settled when the namespace is started and kept until it ends.',
    ),
  step: StoredName.optional().describe('The step it is at.'),
  plan: z
    .array(PlannedStep)
    .max(16)
    .optional()
    .describe('The steps ahead and the reason for each.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  planDigest: PlanDigest.optional().describe(
    'What the plan consists of, for the hashes in status.plan of the MeshMigration: digests of its steps, of the objects that are made with those of its owner, and of each finding that was answered for. As it was at the start, once it is started.',
  ),
  explanations: z
    .array(z.string().max(512))
    .max(50)
    .optional()
    .describe(
      'What the plan rests on and nothing has to be done about, one sentence each: which features of routes go on behind the waypoint.',
    )
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  order: z
    .array(PlannedRestart)
    .max(2000)
    .optional()
    .describe(
      'Workloads in the order of their restart, where callers have to come before those whom they call. Kept from the start on.',
    )
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  steps: z
    .array(Step)
    .max(32)
    .optional()
    .describe('The steps begun so far in this attempt.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  findings: z
    .array(Finding)
    .max(100)
    .optional()
    .describe(
      'What is found now, the critical ones first; while something cannot be worked out also what was found before. Absent on the way back and after it.',
    )
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  original: Original.optional().describe('What the namespace was before the first change.'),
  labels: z
    .array(LabelValue)
    .max(16)
    .optional()
    .describe(
      'The same labels as the operator last set or accepted them: another value in the namespace is a foreign change. After a rollback those that it went back to.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key'] }),
  workloads: z
    .array(WorkloadRecord)
    .max(mostWorkloads)
    .optional()
    .describe('Restarts announced so far; each is written here before it is done.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  before: PodCounts.optional().describe('Pods by mode before the first change.'),
  pods: PodCounts.optional().describe(
    'Pods by mode, refreshed while the namespace is under way and left alone afterwards.',
  ),
  podsObservedAt: Time.optional().describe('When pods was counted.'),
  gates: z
    .array(GateStatus)
    .max(mostGates)
    .optional()
    .describe('What the gates (spec.gates) said last in this attempt, on the way back and at rest too.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  gatesSince: Time.optional().describe('From when on gates count: when the last workload was restarted.'),
  failure: Failure.optional().describe('Why the attempt failed, if it did.'),
  conditions: z
    .array(Condition)
    .max(16)
    .optional()
    .describe('Ready, Reconciling and Stalled, with the meaning kstatus gives them.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
});
export type NamespaceMigrationStatus = z.infer<typeof NamespaceMigrationStatus>;
