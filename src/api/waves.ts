import { z } from 'zod';
import { ApprovalMode } from './approval.ts';
import { DurationOrNone, Time } from './common.ts';
import { LabelSelector, NamespaceNames } from './names.ts';

/** One of `spec.waves`. */
export const Wave = z.object({
  name: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .describe('Name of the wave, for messages and the status.'),
  namespaces: z
    .object({
      names: NamespaceNames,
      selector: LabelSelector.optional().describe(
        'Namespaces by label. As for the selection, those labels of data planes count that a namespace had before its start.',
      ),
    })
    .meta({
      'x-kubernetes-validations': [
        {
          rule: '(has(self.names) && self.names.size() > 0) || has(self.selector)',
          message: 'takes nobody: give names or selector',
        },
      ],
    })
    .describe(
      'Who belongs to it, of those in scope: each namespace to the first wave that takes it, and to the last of all where none does. An empty selector takes all that are left.',
    ),
  soak: DurationOrNone.default('0s').describe(
    'How long everything stays as it is, once the wave has arrived, before the next one begins. Namespaces that go back, or stall, begin it anew, each that stalls and goes on again once, and so do those that join.',
  ),
  maxFailures: z
    .int32()
    .min(0)
    .max(1000)
    .default(0)
    .describe(
      'How many namespaces of the wave may be blocked, stalled, incomplete or rolled back for the next wave to begin all the same. spec.failureBudget goes on counting those that failed, over all waves.',
    ),
  maxConcurrentNamespaces: z
    .int32()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'How many namespaces may be under way at once when one of this wave is started. Default, and at most: what the operator allows.',
    ),
  approval: ApprovalMode.optional().describe(
    'Whether its namespaces are started only after somebody has approved of their plan. Default: what spec.approval.mode says.',
  ),
});
export type Wave = z.infer<typeof Wave>;

/** What the wave without a name is called, to which all belong that no wave takes; no name of a wave has brackets. */
export const otherNamespaces = '(others)';

/** As many of those that came to a stop as are named: each of any others begins a soak anew as often as it stops. */
export const mostStopped = 100;

/** One of `status.waves`. */
export const WaveStatus = z.object({
  name: z.string().max(63).describe(`Name of the wave; ${otherNamespaces} for the namespaces that no wave takes.`),
  state: z
    .enum(['Waiting', 'Open', 'Held', 'Soaking', 'Done'])
    .describe(
      'Waiting for the waves before it, or because nothing is to be started now; Open, so that its namespaces begin as slots are free; Held, because more of its namespaces than maxFailures came to a stop or need a person, or because it has none that it names; Soaking; Done, so that the next one may begin.',
    ),
  total: z.int().min(0).describe('Its namespaces.'),
  migrated: z.int().min(0).describe('Those that are Migrated or Finalized and need nobody.'),
  unfinished: z.int().min(0).describe('Those that are blocked, incomplete, rolled back, or need a person (Stalled).'),
  stopped: z
    .array(z.string().max(63))
    .max(mostStopped)
    .optional()
    .describe(
      'Those that came to a stop since it has arrived, whatever became of them: each begins the soak anew once. Absent where none did.',
    )
    .meta({ 'x-kubernetes-list-type': 'set' }),
  arrivedAt: Time.optional().describe('Since when all of it is where it shall be, but for as many as maxFailures.'),
  doneAt: Time.optional().describe(
    'When its soak was over. It stays so whatever becomes of its namespaces, until all of the migration goes back. Absent where it has nobody.',
  ),
});
export type WaveStatus = z.infer<typeof WaveStatus>;
