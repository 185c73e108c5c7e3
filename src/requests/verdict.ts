import { readingMatches } from './matches.ts';
import type { Reading, Request, Verdict } from './semantics.ts';

/**
 * Whether one data plane that enforces these readings lets the request through. A CUSTOM policy comes first and only
 * asks (`asked`): its authorizer can refuse, never allow what follows would refuse. Then a DENY that matches refuses;
 * then, if there is any ALLOW policy, one of them has to match (istio/istio: pilot/pkg/security/authz/builder, order of
 * the RBAC filters).
 */
export function verdict(readings: readonly Reading[], request: Request): Verdict {
  const custom = deciding(readings, 'CUSTOM', request);
  const asked = custom === undefined ? {} : { asked: custom };
  const deny = deciding(readings, 'DENY', request);
  if (deny !== undefined) return { allowed: false, by: deny, ...asked };
  if (!readings.some((reading) => reading.action === 'ALLOW')) return { allowed: true, ...asked };
  const allow = deciding(readings, 'ALLOW', request);
  return allow === undefined ? { allowed: false, ...asked } : { allowed: true, by: allow, ...asked };
}

/** The first policy of the action that matches. */
function deciding(readings: readonly Reading[], action: Reading['action'], request: Request): string | undefined {
  const first = readings.find((reading) => reading.action === action && readingMatches(reading, request));
  return first && `${first.namespace}/${first.name}`;
}
