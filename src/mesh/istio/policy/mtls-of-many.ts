import { spend } from '../../../base/effort.ts';
import { byAge, effectiveMtls, isWide, scopes, type EffectiveMtls } from './peer-authentication.ts';
import type { Selecting } from './selecting.ts';
import type { PeerAuthentication } from './types.ts';

/** Label sets that are alike to PeerAuthentications, by their places, and what is asked of connections to them. */
export interface AlikeInMtls {
  readonly places: readonly number[];
  readonly mtls: EffectiveMtls;
}

/**
 * What PeerAuthentications ask of connections to each of many label sets of a namespace. Those of which the same policy
 * of workloads counts are alike, so that its ports are listed once.
 */
export function mtlsOfMany(
  sets: readonly Readonly<Record<string, string>>[],
  select: Selecting,
  peers: readonly PeerAuthentication[],
  home: string,
  rootNamespace: string,
): readonly AlikeInMtls[] {
  const found = scopes(peers, rootNamespace);
  const wide = [found.mesh, found.namespace].filter((policy) => policy !== undefined);
  const left = new Set(sets.keys());
  const mtlsAt = (place: number, own: readonly PeerAuthentication[]): EffectiveMtls =>
    effectiveMtls([...wide, ...own], { namespace: home, labels: sets[place] ?? {} }, rootNamespace);
  const alike = byAge(peers.filter((peer) => !isWide(peer) && peer.namespace !== rootNamespace)).flatMap(
    (policy): readonly AlikeInMtls[] => {
      const places = select(policy.selector).filter((place) => left.delete(place));
      spend(1 + (places.length + Object.keys(policy.ports).length) / 8);
      return places[0] === undefined ? [] : [{ places, mtls: mtlsAt(places[0], [policy]) }];
    },
  );
  const [first] = left;
  return first === undefined ? alike : [...alike, { places: [...left], mtls: mtlsAt(first, []) }];
}

/** The same by the places of the label sets. */
export function byPlace(alike: readonly AlikeInMtls[]): ReadonlyMap<number, EffectiveMtls> {
  return new Map(alike.flatMap(({ places, mtls }) => places.map((place) => [place, mtls] as const)));
}
