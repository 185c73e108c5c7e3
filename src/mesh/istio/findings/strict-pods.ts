import type { Surroundings } from '../../adapter.ts';
import type { PodView } from '../../views.ts';
import { append } from '../../../base/collected.ts';
import { spend } from '../../../base/effort.ts';
import { parsed } from '../policy/parsed.ts';
import { effectiveMtls, isWide, scopes } from '../policy/peer-authentication.ts';
import type { Selecting } from '../policy/selecting.ts';
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

/** By the places of the pods at which plaintext is refused on some port. */
export function strictAt(pods: readonly Labels[], select: Selecting, surroundings: Surroundings): ReadonlySet<number> {
  const {
    namespace: { name: namespace },
    mesh: { rootNamespace },
  } = surroundings;
  const peers = inReach(['PeerAuthentication'], surroundings).flatMap((config) => {
    const policy = parsed(config);
    return policy?.kind === 'PeerAuthentication' ? [policy] : [];
  });
  const { mesh, namespace: own } = scopes(peers.filter(isWide), rootNamespace);
  const wide = [mesh, own].filter((policy) => policy !== undefined);
  const narrow = bySelector(
    select,
    peers
      .filter((policy) => !isWide(policy) && policy.namespace === namespace)
      .map((policy) => ({ matchLabels: policy.selector, found: policy })),
  );
  return new Set(
    pods.flatMap((labels, place) => {
      const { mode, ports } = effectiveMtls(
        [...wide, ...(narrow.get(place) ?? [])],
        { namespace, labels },
        rootNamespace,
      );
      return [mode, ...Object.values(ports)].includes('STRICT') ? [place] : [];
    }),
  );
}
