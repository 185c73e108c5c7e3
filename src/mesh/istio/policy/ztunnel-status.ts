import { sendsDryRun, type PolicyOptions } from './options.ts';
import type { AuthorizationPolicy } from './types.ts';
import { reportedFields } from './ztunnel-rule.ts';

/** The condition `ZtunnelAccepted` of an AuthorizationPolicy. */
export interface ZtunnelStatus {
  readonly status: 'True' | 'False';
  readonly reason: 'Accepted' | 'UnsupportedValue';
  readonly message: string;
}

const consequence: Readonly<Record<'ALLOW' | 'DENY', string>> = {
  ALLOW:
    'Within an ALLOW policy, rules matching HTTP attributes are omitted. This will be more restrictive than requested.',
  DENY: 'DENY policy with HTTP attributes is enforced without the HTTP rules. This will be more restrictive than requested.',
};

/**
 * What istiod writes on the policy, which is not always what ztunnel does: a DENY that has only HTTP attributes denies
 * nothing, `trustDomains` are not mentioned, and a dry-run policy for a waypoint is refused although it is none of
 * ztunnel's. Undefined if it writes nothing. (convertAuthorizationPolicy in
 * pilot/pkg/serviceregistry/ambient/authorization.go; GetConditions of WorkloadAuthorization in
 * pilot/pkg/model/service.go.)
 */
export function ztunnelStatus(policy: AuthorizationPolicy, options: PolicyOptions): ZtunnelStatus | undefined {
  const { action, namespace, name } = policy;
  if (policy.dryRun && !sendsDryRun(options)) {
    return unsupported(
      'False',
      `found policy "${namespace}/${name}" using dry-run annotation, but support for ambient dry-run authorizationPolicies isn't enabled`,
    );
  }
  if (policy.targetRefs.length > 0) return undefined;
  if (action !== 'ALLOW' && action !== 'DENY')
    return unsupported('False', `ztunnel does not support the ${action} action`);
  const fields = [...new Set(policy.rules.flatMap(reportedFields))].sort();
  if (fields.length === 0) return { status: 'True', reason: 'Accepted', message: 'attached to ztunnel' };
  return unsupported(
    'True',
    `ztunnel does not support HTTP attributes (found: ${fields.join(', ')}). ` +
      `In ambient mode you must use a waypoint proxy to enforce HTTP rules. ${consequence[action]}`,
  );
}

function unsupported(status: 'True' | 'False', message: string): ZtunnelStatus {
  return { status, reason: 'UnsupportedValue', message };
}
