import { z } from 'zod';

/*
 * What the CRDs of the Gateway API 1.6 take in the fields of rules that a VirtualService becomes. A VirtualService may
 * say more: any method, paths of any form, empty values, fractions of a second, and as many of each as somebody likes.
 */

const headerName = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/);

function named(maxLength: number): z.ZodType {
  return z.array(z.object({ name: headerName, value: z.string().min(1).max(maxLength) })).max(16);
}

const headers = z.object({
  set: named(4096).optional(),
  add: named(4096).optional(),
  remove: z.array(z.string()).max(16).optional(),
});

/** The rules of CEL about paths: absolute, with nothing that a proxy would write in another way. */
const path = z
  .string()
  .max(1024)
  .regex(/^(?!.*(?:\/\/|\/\.\.?(?:\/|$)|%2f))\/(?:[-a-z0-9/._~!$&'()*+,;=:@]|%[0-9a-f]{2})*$/i);

const httpMatch = z.object({
  path: z.object({ value: path }).optional(),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']).optional(),
  headers: named(4096).optional(),
  queryParams: named(1024).optional(),
});

const grpcMatch = z.object({
  method: z.object({
    service: z
      .string()
      .max(1024)
      .regex(/^\.?[a-z_][a-z_0-9]*(?:\.[a-z_][a-z_0-9]*)*$/i),
    method: z
      .string()
      .max(1024)
      .regex(/^[a-z_][a-z_0-9]*$/i),
  }),
});

function rulesOf(match: z.ZodType): z.ZodType {
  return z.array(
    z.object({
      matches: z.array(match).max(64).optional(),
      filters: z
        .array(z.object({ requestHeaderModifier: headers.optional(), responseHeaderModifier: headers.optional() }))
        .optional(),
      timeouts: z.object({ request: z.string().regex(/^(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}$/) }).optional(),
      backendRefs: z.array(z.object({ weight: z.int().min(0).max(1_000_000).optional() })).max(16),
    }),
  );
}

/** The rules of a route that its CRD takes, by the kind of the route. */
export const acceptedRules = { HTTPRoute: rulesOf(httpMatch), GRPCRoute: rulesOf(grpcMatch) } as const;
