import { z } from 'zod';
import { NamespaceName } from './names.ts';

/**
 * Findings by which nothing becomes allowed: something is refused or lost at most. The catalogue marks the same rules
 * (`acknowledgeable`), which a test compares.
 */
export const acknowledgeable = [
  'MM042',
  'MM055',
  'MM059',
  'MM128',
  'MM132',
  'MM138',
  'MM139',
  'MM148',
  'MM155',
] as const;

/** A critical finding that somebody answers for, for a time. */
export const Acknowledgement = z.object({
  id: z
    .enum(acknowledgeable)
    .describe(
      'Id of the finding. Only those can be acknowledged by which nothing becomes allowed that was refused: something is refused, or lost, at most.',
    ),
  namespace: NamespaceName.optional().describe('Only in this namespace; in all of the migration without.'),
  object: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[A-Z][A-Za-z]+(\.[a-z0-9.-]+)? [a-z0-9]([-a-z0-9]*[a-z0-9])?(\/[a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$/)
    .optional()
    .describe('Only about this object, as the finding names it, for example Deployment shop/api; about all without.'),
  reason: z.string().min(1).max(256).describe('Why it may go on all the same. Whoever reads the finding reads it too.'),
  until: z.iso
    .datetime({ offset: true })
    .max(40)
    .describe(
      'Until when, for example 2027-03-31T00:00:00Z. After that the finding blocks again what has not been started, and is said of what has.',
    )
    .meta({ format: 'date-time' }),
});
export type Acknowledgement = z.infer<typeof Acknowledgement>;
