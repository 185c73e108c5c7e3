import { z } from 'zod';

/** Kind, namespace, and the name or all of them. */
const acceptedObject = /^[A-Z][A-Za-z]+ [a-z0-9]([-a-z0-9]*[a-z0-9])?\/([a-z0-9]([-.a-z0-9]*[a-z0-9])?|\*)$/;

/** What others have and the owner of a migration takes as it is. */
export const Accepted = z
  .object({
    finding: z
      .enum(['MM030', 'MM080', 'MM094', 'MM098', 'MM139'])
      .describe(
        'Id of the finding: routing of others that would be lost or begin (MM030, MM094), an authorizer that is asked where they say (MM080), calls out of the mesh that a waypoint of others refuses or would refuse (MM098), or calls that a NetworkPolicy of others would cut off (MM139). Nothing else by which a request would get through can be accepted.',
      ),
    object: z
      .string()
      .min(1)
      .max(512)
      .regex(acceptedObject)
      .describe(
        'The object as the finding names it, for example VirtualService shared/all-hosts. With * instead of its name all objects of that kind in that namespace.',
      ),
    digest: z
      .string()
      .max(32)
      .regex(/^[a-f0-9]{32}$/)
      .optional()
      .describe(
        'What was looked at, as the fix of the finding says it: what becomes of the object later is not accepted then. Needed wherever requests could get through by that or elsewhere, so always for MM080, MM098 and MM139.',
      ),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "!(self.finding in ['MM080', 'MM098', 'MM139']) || has(self.digest)",
        message: 'MM080, MM098 and MM139 are accepted as they are now only: give the digest that the finding says',
      },
    ],
  });
