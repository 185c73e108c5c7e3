import { sidecarAction } from './reach.ts';
import { coverage } from './selection.ts';
import { manifest, type Manifest } from './manifest.ts';
import type { ServiceNeed } from './needs.ts';
import { titleOf, waypointPrincipal, type ServiceFacts, type World } from './world.ts';

const apiVersion = 'security.istio.io/v1';
const kind = 'AuthorizationPolicy';

/** The ALLOW policies that decide about the pods of a Service while they have sidecars. */
function allows(service: ServiceFacts, world: World): readonly string[] {
  return world.policies
    .filter(
      ({ policy }) =>
        sidecarAction(policy, world.options) === 'ALLOW' && coverage(policy, service, world.workloads) !== 'None',
    )
    .map(({ object }) => titleOf(object));
}

/**
 * Lets the waypoint in where some ALLOW policy would keep it out: behind the waypoint the pods see its identity, and
 * what ztunnel cannot evaluate of an ALLOW it leaves out, which refuses everything. Nothing becomes more allowed: only
 * the waypoint has that identity, it sends on only what the copies let through, and it sends to these pods only through
 * this Service. It is made only beside an ALLOW, because the first ALLOW of a pod refuses all other callers, and it
 * selects the pods of the Service and no more.
 */
export function allowWaypoint(service: ServiceFacts, world: World): Manifest | undefined {
  const originals = allows(service, world);
  if (originals.length === 0) return undefined;
  return manifest(world, {
    role: 'AllowWaypoint',
    apiVersion,
    kind,
    originals,
    target: { kind: 'Service', namespace: service.namespace, name: service.name },
    spec: {
      selector: { matchLabels: service.selector },
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: [waypointPrincipal(world)] } }] }],
    },
  });
}

/** The field by which only ztunnel enforces the guard. */
export const guardField = 'remoteIpBlocks';

/** Broadcast of the local network (RFC 919): no request has it as its source. */
export const nobody = '255.255.255.255/32';

/**
 * Refuses whoever goes around the waypoint: callers with sidecars, gateways without `istio.io/ingress-use-waypoint`,
 * callers that address a pod, callers outside the mesh. It is for pods without a sidecar only, and there before the
 * first of them: sidecars, which decide about direct callers themselves, ask besides for a remote address that nobody
 * has, so that the rule never matches; ztunnel drops that field of a DENY and enforces the rest (handleRule in
 * pilot/pkg/serviceregistry/ambient/authorization.go; the status of the policy says so, and is asked). It selects pods:
 * with targetRefs the waypoint would read it, which protects nothing. Where no policy needs the waypoint, ztunnel
 * decides about direct callers as the sidecar did, and there is no guard.
 */
export function guard({ service, reasons }: ServiceNeed, world: World): Manifest | undefined {
  const enforced = reasons.filter(({ enforces }) => enforces);
  if (enforced.length === 0) return undefined;
  const { principals, ports } = world.exceptions;
  const to = ports.length === 0 ? {} : { to: [{ operation: { notPorts: ports.map(String) } }] };
  const source = { notPrincipals: [waypointPrincipal(world), ...principals], [guardField]: [nobody] };
  return manifest(world, {
    role: 'Guard',
    apiVersion,
    kind,
    originals: enforced.map(({ object }) => object),
    target: { kind: 'Service', namespace: service.namespace, name: service.name },
    spec: { selector: { matchLabels: service.selector }, action: 'DENY', rules: [{ from: [{ source }], ...to }] },
  });
}
