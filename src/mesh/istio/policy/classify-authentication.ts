import { effectOf } from './classify-effect.ts';
import type { PlaneClassification } from './classify-plane.ts';
import type { PolicyOptions } from './options.ts';
import { asPeerReading, effectiveMtls, scopes } from './peer-authentication.ts';
import {
  attachedPeerAuthentications,
  convertedPeerAuthentications,
  ztunnelPeerReadings,
} from './peer-authentication-ztunnel.ts';
import type { Effect, Reading } from '../../../requests/semantics.ts';
import type { PeerAuthentication, Plane, RequestAuthentication } from './types.ts';

/** What the planes make of a policy that has no rules. */
export interface AuthenticationClassification {
  readonly planes: Readonly<Record<Plane, PlaneClassification>>;
  readonly notes: readonly string[];
}

function whole(effect: Effect): PlaneClassification {
  return { effect, rules: [] };
}

/**
 * A PeerAuthentication among all those of the mesh, for a workload that has just the labels it selects. A waypoint is
 * reached by mutual TLS only, so that none of them would change anything there.
 */
export function classifyPeerAuthentication(
  policy: PeerAuthentication,
  all: readonly PeerAuthentication[],
  { rootNamespace }: PolicyOptions,
): AuthenticationClassification {
  const policies = all.includes(policy) ? all : [...all, policy];
  const workload = { namespace: policy.namespace, labels: policy.selector ?? {} };
  const intended = asPeerReading(effectiveMtls(policies, workload, rootNamespace), policy.namespace);
  const enforced = ztunnelPeerReadings(
    convertedPeerAuthentications(policies, rootNamespace),
    attachedPeerAuthentications(policies, workload, rootNamespace),
  );
  const denied = (readings: readonly Reading[]): Reading['rules'][number] =>
    readings.flatMap(({ rules }) => rules.flat());
  return {
    planes: {
      sidecar: whole('Exact'),
      ztunnel: whole(effectOf('DENY', denied(enforced), denied(intended === undefined ? [] : [intended]))),
      waypoint: whole('Exact'),
    },
    notes: peerNotes(policy, policies, rootNamespace),
  };
}

function peerNotes(
  policy: PeerAuthentication,
  all: readonly PeerAuthentication[],
  rootNamespace: string,
): readonly string[] {
  const counting = Object.values(
    scopes(
      all.filter(
        ({ namespace, selector }) =>
          namespace === policy.namespace && JSON.stringify(selector ?? {}) === JSON.stringify(policy.selector ?? {}),
      ),
      rootNamespace,
    ),
  );
  return [
    ...([policy.mode, ...Object.values(policy.ports)].includes('DISABLE')
      ? ['ztunnel reads DISABLE as PERMISSIVE: callers in the mesh use mutual TLS nevertheless']
      : []),
    ...(counting.includes(policy)
      ? []
      : ['it is not in force: an older one has the same scope, or it selects workloads from the root namespace']),
  ];
}

/**
 * A RequestAuthentication refuses requests whose token is not valid. ztunnel sees no tokens, so that they would pass.
 */
export function classifyRequestAuthentication({
  targetRefs,
  issuers,
}: RequestAuthentication): AuthenticationClassification {
  const missing = whole(issuers.length > 0 ? 'FailsOpen' : 'Exact');
  const isTargeted = targetRefs.length > 0;
  return {
    planes: {
      sidecar: whole('Exact'),
      ztunnel: isTargeted ? whole('Exact') : missing,
      waypoint: isTargeted ? whole('Exact') : missing,
    },
    notes: [],
  };
}
