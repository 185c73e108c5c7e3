import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { append } from '../../../base/collected.ts';
import { spend } from '../../../base/effort.ts';
import { mtlsOfMany } from '../policy/mtls-of-many.ts';
import { parsed } from '../policy/parsed.ts';
import type { Selecting } from '../policy/selecting.ts';
import type { PeerAuthentication } from '../policy/types.ts';
import { inReach } from '../vocabulary/objects.ts';

type Labels = PodView['labels'];

/** What is found of each of some pods by its place, as far as a selector selects it. */
export function bySelector<T>(
  select: Selecting,
  all: readonly { readonly matchLabels: Labels | undefined; readonly found: T }[],
): ReadonlyMap<number, readonly T[]> {
  const places = new Map<number, T[]>();
  for (const { matchLabels, found } of all) {
    const selected = select(matchLabels);
    spend(1 + selected.length / 8);
    for (const place of selected) append(places, place, found);
  }
  return places;
}

/** The PeerAuthentications that may be about pods of the namespace. */
export function peersInReach(surroundings: Surroundings): readonly PeerAuthentication[] {
  return inReach(['PeerAuthentication'], surroundings).flatMap((config) => {
    const policy = parsed(config);
    return policy?.kind === 'PeerAuthentication' ? [policy] : [];
  });
}

/**
 * By the places of the pods at which plaintext is refused on some port. However many ports a policy names, they are
 * read once for all pods that it decides about.
 */
export function strictAt(
  pods: readonly Labels[],
  select: Selecting,
  peers: readonly PeerAuthentication[],
  { namespace, mesh: { rootNamespace } }: Pick<Surroundings, 'namespace' | 'mesh'>,
): ReadonlySet<number> {
  const alike = mtlsOfMany(pods, select, peers, namespace.name, rootNamespace);
  return new Set(
    alike.flatMap(({ places, mtls: { mode, ports } }) =>
      mode === 'STRICT' || Object.values(ports).includes('STRICT') ? places : [],
    ),
  );
}
