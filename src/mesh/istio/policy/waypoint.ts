import { spend } from '../../../base/effort.ts';
import { memoize } from '../../../base/memoize.ts';
import { optionsFor } from './authorizer.ts';
import { mapLiterals } from '../../../requests/conditions.ts';
import type { PolicyOptions } from './options.ts';
import { readingOnce } from './reading-once.ts';
import type { Literal, Reading } from '../../../requests/semantics.ts';
import type { Protocol } from './protocol.ts';
import { asSidecar } from './sidecar.ts';
import type { AuthorizationPolicy } from './types.ts';

/**
 * What a waypoint does with the policy; undefined if it has no part in any decision. A waypoint is an Envoy, but reads
 * only policies with targetRefs (ShouldAttachPolicy in istio/istio pilot/pkg/model/policyattachment.go), and the
 * destination port of a request is the one of the Service (pilot/pkg/networking/core/listener_waypoint.go).
 */
export function asWaypoint(
  policy: AuthorizationPolicy,
  protocol: Protocol,
  options: PolicyOptions,
): Reading | undefined {
  return readingOnce(policy, options, `waypoint ${protocol}`, () => {
    const reading = policy.targetRefs.length > 0 ? asSidecar(policy, protocol, options) : undefined;
    return reading && { ...reading, rules: atWaypoint(reading.rules) };
  });
}

/** Of the same rules the same ones: copies for many Services have theirs in common. */
const atWaypoint = memoize((rules: Reading['rules']): Reading['rules'] => {
  spend(rules.length);
  return rules.map((condition) => mapLiterals(condition, withoutDirectPeer));
});

/**
 * What a waypoint does with all the policies that it reads for a Service; CUSTOM policies of different providers spoil
 * each other, as in sidecars.
 */
export function asWaypoints(
  policies: readonly AuthorizationPolicy[],
  protocol: Protocol,
  options: PolicyOptions,
): readonly Reading[] {
  const together = optionsFor(policies, options);
  return policies.flatMap((policy) => asWaypoint(policy, protocol, together) ?? []);
}

/**
 * istiod asks Envoy for the direct peer of the connection (srcIPGenerator in
 * pilot/pkg/security/authz/model/generator.go). The filters of a waypoint are in its internal listener main_internal,
 * whose peer is Envoy itself (`envoy://internal_client_address/`) and never an IP address, so that no block holds it.
 * `remote.ip` is the caller's: it comes along with the connection.
 */
function withoutDirectPeer(literal: Literal): Literal {
  return { ...literal, anyOf: literal.anyOf.filter(({ of }) => of !== 'sourceIp') };
}
