import { z } from 'zod';
import { Time } from './common.ts';

/** How many windows a migration may have. */
export const mostWindows = 16;

/**
 * Five fields of cron, as far as characters tell: `?` is left out, which would stand for the moment at which somebody
 * reads it. Whether it is a schedule is asked of the one who reads it (`src/plan/schedule.ts`).
 */
const fields = ['[0-9*,/-]+', '[0-9*,/-]+', '[0-9LW*,/-]+', '[0-9A-Za-z*,/-]+', '[0-9A-Za-z*,/#-]+'] as const;

/** One of `spec.windows`. */
export const Window = z.object({
  kind: z
    .enum(['Allow', 'Deny'])
    .describe(
      'Allow: namespaces are started in it; where there is one such window, not outside of all of them. Deny: none is started in it, whatever others allow.',
    ),
  schedule: z
    .string()
    .max(64)
    .regex(new RegExp(`^${fields.join(' ')}$`))
    .describe(
      'When it begins, in five fields of cron: minute, hour, day of the month, month, day of the week, for example "0 22 * * 1-5". With both days given, either is enough.',
    ),
  duration: z
    .string()
    .min(2)
    .max(8)
    .regex(/^([0-9]{1,4}h)?([0-9]{1,2}m)?$/)
    .meta({
      'x-kubernetes-validations': [{ rule: "duration(self) > duration('0s')", message: 'must be longer than 0m' }],
    })
    .describe(
      'How long it lasts from each of its beginnings, in hours and minutes that pass, for example 4h or 1h30m: a change to or from summer time makes it neither longer nor shorter.',
    ),
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/)
    .default('UTC')
    .describe('Time zone of the schedule, by its name in the IANA database, for example Europe/Berlin.'),
});
export type Window = z.infer<typeof Window>;

/** `status.windows`. */
export const WindowsStatus = z.object({
  state: z
    .enum(['Open', 'Closing', 'Closed'])
    .describe(
      'Open: namespaces may be started. Closing: a window is open, but not for as long as they take. Closed: none is started.',
    ),
  closesAt: Time.optional().describe('When what is open closes; absent where that is further away than is looked.'),
  nextOpen: Time.optional().describe(
    'When namespaces may be started next, while they may not be now; absent where that is further away than is looked, or never.',
  ),
  margin: z
    .string()
    .max(16)
    .optional()
    .describe(
      'As long before the end of a window no namespace is started any more: what those before took, by their median. Absent before one has arrived.',
    ),
});
export type WindowsStatus = z.infer<typeof WindowsStatus>;
