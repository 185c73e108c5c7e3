import { formatAddress, parseBlock, type AddressRange } from '../../../base/address.ts';
import { memoize } from '../../../base/memoize.ts';
import { isInBlock } from '../../network-policy/admits.ts';
import type { Direction, NetworkPolicy, Peer, PolicyPeer } from '../../network-policy/types.ts';
import { spend } from '../policy/effort.ts';
import { rulesOf } from './ends.ts';

/*
 * Which address a pod has is not known: it has another one after each restart, and manifests have none. So an `ipBlock` may mean any pod whose address lies
 * in it, and addresses of pods are private ones.
 */

const privateRanges: readonly AddressRange[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
].flatMap((block) => parseBlock(block) ?? []);

type Block = Extract<PolicyPeer, { readonly kind: 'Block' }>;

/** The blocks of each rule that has some. */
function blocksOf(policies: readonly NetworkPolicy[], direction: Direction): readonly (readonly Block[])[] {
  return policies
    .flatMap((policy) => rulesOf(policy, direction))
    .map(({ peers }) => peers.filter((peer) => peer.kind === 'Block'))
    .filter(({ length }) => length > 0);
}

/** By its address alone. */
function podAt(address: string): Peer {
  return { namespace: '', namespaceLabels: {}, labels: {}, ports: [], address };
}

function toldApart(policies: readonly NetworkPolicy[], direction: Direction): readonly (string | undefined)[] {
  const rules = blocksOf(policies, direction);
  if (rules.length === 0) return [undefined];
  const ranges = rules.flat().flatMap(({ block, except }) => [block, ...except]);
  const starts = [...privateRanges, ...ranges].flatMap(({ family, first, last }) => [
    { family, value: first },
    { family, value: last + 1n },
  ]);
  const possible = starts.filter((start) =>
    privateRanges.some(
      ({ family, first, last }) => family === start.family && start.value >= first && start.value <= last,
    ),
  );
  const addresses = [...new Set(possible.map(({ family, value }) => formatAddress(family, value)))];
  spend((addresses.length * ranges.length) / 8);
  const alike = Map.groupBy(addresses, (address) => {
    const pod = podAt(address);
    return rules.flatMap((blocks, index) => (blocks.some((block) => isInBlock(block, pod)) ? [index] : [])).join(' ');
  });
  return [...alike.values()].map(([first]) => first);
}

/**
 * One address for each set of rules whose blocks it may be in, as far as pods may have it: between two neighbouring ends
 * of blocks all are alike. Nothing but an unknown one where they ask for none.
 */
export const addressesToldApart: (
  policies: readonly NetworkPolicy[],
) => Readonly<Record<Direction, readonly (string | undefined)[]>> = memoize((policies: readonly NetworkPolicy[]) => ({
  Ingress: toldApart(policies, 'Ingress'),
  Egress: toldApart(policies, 'Egress'),
}));
