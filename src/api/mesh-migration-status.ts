import { z } from 'zod';
import { PlanStatus } from './approval.ts';
import { Command, Condition, Finding, Time } from './common.ts';
import { WaveStatus } from './waves.ts';
import { WindowsStatus } from './windows.ts';

/** Phases of a MeshMigration. */
export const MigrationPhase = z.enum([
  'Planning',
  'Planned',
  'Migrating',
  'Paused',
  'RollingBack',
  'RolledBack',
  'Migrated',
  'Incomplete',
  'Finalized',
  'Blocked',
  'Failed',
]);
export type MigrationPhase = z.infer<typeof MigrationPhase>;

const NamespaceTotals = z.object({
  total: z
    .int()
    .min(0)
    .describe('Namespaces in scope: the sum of pending, blocked, inFlight, migrated, incomplete and rolledBack.'),
  pending: z.int().min(0).describe('Not started yet.'),
  blocked: z.int().min(0).describe('Not started because of critical findings, their own or about the selection.'),
  inFlight: z.int().min(0).describe('Being migrated or rolled back, or stopped half-way.'),
  migrated: z.int().min(0).describe('Migrated or Finalized.'),
  incomplete: z
    .int()
    .min(0)
    .describe(
      'All that the operator can restart is done, but pods of the old data plane are left that only their owner can replace.',
    ),
  rolledBack: z.int().min(0).describe('Back as they were.'),
  failed: z
    .int()
    .min(0)
    .describe(
      'How many of these failed on the way, whether rolled back since or not (so each is counted in inFlight or rolledBack too), and of those that are only restarted for HBONE, which are in no other number; counted against failureBudget.',
    ),
});
export type NamespaceTotals = z.infer<typeof NamespaceTotals>;

/** The reason of a namespace in `status.returned` that did not fail. */
export const commanded = 'Command';

/**
 * The reason of a namespace in `status.returned` whose journal was taken away: where it stands is known only to whoever
 * brings it back by hand.
 */
export const journalLost = 'JournalLost';

/** How many namespaces `status.returned` has room for. */
export const mostReturned = 1000;

/** A namespace that is not started again by itself. */
export const Returned = z.object({
  namespace: z.string().max(63).describe('The namespace.'),
  uid: z.string().max(64).describe('Its uid: a namespace that was deleted and created again is another one.'),
  attempt: z.int().min(0).describe('The attempt that was taken back; 0 where that is not known.'),
  reason: z
    .string()
    .max(128)
    .describe(
      'Why: the reason of its failure, Command, or JournalLost where the record on the Namespace was taken away.',
    ),
  at: Time.describe('When it failed, or when the command was given, or the loss was noted.'),
  by: z
    .string()
    .max(256)
    .optional()
    .describe('Who commanded it back, spec.rollback.onScopeLost for one; absent after a failure.'),
  over: z
    .boolean()
    .optional()
    .describe('That all of it was back. The entry is there from the beginning of the way back on.'),
});
export type Returned = z.infer<typeof Returned>;

/** A bounded summary; the details are in the NamespaceMigrations. */
export const MeshMigrationStatus = z.object({
  phase: z
    .string()
    .max(16)
    .optional()
    .describe('Where the migration is. Edit it to RollingBack, Paused or Migrating to command exactly that.'),
  writtenPhase: MigrationPhase.optional().describe(
    'The phase as the operator wrote it last; a phase that differs from it is a command.',
  ),
  observedGeneration: z.int().min(0).optional().describe('metadata.generation that this status was computed from.'),
  command: Command.optional().describe('The last command given by editing the status, while it holds.'),
  namespaces: NamespaceTotals.optional().describe('Namespaces by state.'),
  findings: z
    .array(Finding)
    .max(50)
    .optional()
    .describe('Findings about the migration as a whole.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  needAttention: z
    .int()
    .min(0)
    .optional()
    .describe('How many namespaces need a person; attention has room for 20 of them.'),
  attention: z
    .array(
      z.object({
        namespace: z.string().max(63).describe('The namespace.'),
        phase: z.string().max(16).describe('Its phase.'),
        message: z.string().max(1024).describe('What is the matter.'),
      }),
    )
    .max(20)
    .optional()
    .describe(
      'Namespaces that need a person, the worst first: stuck, failed, rolled back, stopped, incomplete, blocked.',
    )
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  waves: z
    .array(WaveStatus)
    .max(51)
    .optional()
    .describe('The waves in their order, where spec.waves has any.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  plan: PlanStatus.optional().describe('What is planned, by hashes that spec.approval.plans may name.'),
  windows: WindowsStatus.optional().describe('Whether namespaces may be started now, where spec.windows has any.'),
  returned: z
    .array(Returned)
    .max(mostReturned)
    .optional()
    .describe(
      'Namespaces that went back by a failure, by a command of their own or because they left the scope, or whose journal was lost: they are not started again by themselves. The command Migrating on the NamespaceMigration takes an entry away.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['namespace'] }),
  startedAt: Time.optional().describe('When the first namespace was started.'),
  conditions: z
    .array(Condition)
    .max(16)
    .optional()
    .describe('Ready, Reconciling and Stalled, with the meaning kstatus gives them.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
});
export type MeshMigrationStatus = z.infer<typeof MeshMigrationStatus>;
