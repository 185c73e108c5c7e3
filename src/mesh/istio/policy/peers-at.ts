import { memoizeLast } from '../../../base/memoize.ts';
import { spend } from '../../../base/effort.ts';
import type { Reading } from '../../../requests/semantics.ts';
import type { Workload } from './attachment.ts';
import { byAge, effectiveMtls, isWide, scopes, type EffectiveMtls } from './peer-authentication.ts';
import {
  attachedPeerAuthentications,
  convertedPeerAuthentications,
  ztunnelPeerReadings,
} from './peer-authentication-ztunnel.ts';
import { selectedBy } from './selecting.ts';
import type { PeerAuthentication } from './types.ts';
import type { ZtunnelAuthorization } from './ztunnel-types.ts';

/** What PeerAuthentications make of connections to a pod. */
export interface PeersAt {
  /** What its sidecar enforces. */
  readonly mtls: EffectiveMtls;
  /** What ztunnel does. */
  readonly strict: readonly Reading[];
}

/** Of those that select by the same labels the oldest counts, whichever they select. */
function distinct(narrow: readonly PeerAuthentication[]): readonly PeerAuthentication[] {
  const found = new Map<string, PeerAuthentication>();
  for (const policy of narrow) {
    const key = JSON.stringify(Object.entries(policy.selector ?? {}).sort());
    if (!found.has(key)) found.set(key, policy);
  }
  return [...found.values()];
}

/** Of the policies of a namespace and of the mesh those that count for some data plane. */
function widest(
  policies: readonly PeerAuthentication[],
  home: string,
  rootNamespace: string,
): readonly PeerAuthentication[] {
  const wide = policies.filter(isWide);
  // ztunnel passes by what selects nothing in the root namespace, where sidecars take it for the mesh.
  const fetched = wide.filter(({ namespace, selector }) => namespace === home || selector === undefined);
  const counting = [wide, fetched].flatMap((each) => {
    const { mesh, namespace } = scopes(each, rootNamespace);
    return [mesh, namespace].filter((policy) => policy !== undefined);
  });
  return [...new Set(counting)];
}

/**
 * What counts for a pod is one policy of workloads, and those above it: looked up by its labels, and worked out once for
 * all pods of which it is the same one, however many ports it names.
 */
function peersIn(
  policies: readonly PeerAuthentication[],
  converted: readonly ZtunnelAuthorization[],
  home: string,
  rootNamespace: string,
): (labels: Workload['labels']) => PeersAt {
  const inReach = policies.filter(({ namespace }) => namespace === home || namespace === rootNamespace);
  const wide = widest(inReach, home, rootNamespace);
  const narrow = distinct(byAge(inReach.filter((each) => !isWide(each) && each.namespace !== rootNamespace)));
  const select = selectedBy(
    narrow.map(({ selector }) => selector),
    spend,
  );
  const byName = new Map(converted.map((each) => [`${each.namespace}/${each.name}`, each]));
  const known = new Map<number | undefined, PeersAt>();
  return (labels) => {
    const [place] = select(labels);
    const before = known.get(place);
    if (before !== undefined) return before;
    const own = place === undefined ? undefined : narrow[place];
    const all = own === undefined ? wide : [...wide, own];
    spend(1 + Object.keys(own?.ports ?? {}).length / 8);
    const pod = { namespace: home, labels };
    const names = attachedPeerAuthentications(all, pod, rootNamespace);
    const sent = names.flatMap((name) => byName.get(name) ?? []);
    const found = {
      mtls: effectiveMtls(all, pod, rootNamespace),
      strict: ztunnelPeerReadings(sent, names),
    };
    known.set(place, found);
    return found;
  };
}

/** What the policies of a list make of connections to pods. The list must never change. */
export const peersAmong = memoizeLast((policies: readonly PeerAuthentication[], rootNamespace: string) => {
  const converted = convertedPeerAuthentications(policies, rootNamespace);
  const known = new Map<string, (labels: Workload['labels']) => PeersAt>();
  return ({ namespace, labels }: Workload): PeersAt => {
    const at = known.get(namespace) ?? peersIn(policies, converted, namespace, rootNamespace);
    known.set(namespace, at);
    return at(labels);
  };
});
