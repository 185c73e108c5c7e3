import { formatAddress, parseBlock, type AddressRange } from '../../../base/address.ts';
import type { Direction, NetworkPolicy } from '../../network-policy/types.ts';
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

/**
 * One address of each kind that some policies tell apart, as far as pods may have it: between two neighbouring ends of
 * blocks all are alike. Nothing but an unknown one where they ask for none.
 */
export function addressesToldApart(
  policies: readonly NetworkPolicy[],
  direction: Direction,
): readonly (string | undefined)[] {
  const blocks = policies.flatMap((policy) =>
    rulesOf(policy, direction).flatMap(({ peers }) =>
      peers.flatMap((peer) => (peer.kind === 'Block' ? [peer.block, ...peer.except] : [])),
    ),
  );
  if (blocks.length === 0) return [undefined];
  spend(blocks.length * privateRanges.length);
  const starts = [...privateRanges, ...blocks].flatMap(({ family, first, last }) => [
    { family, value: first },
    { family, value: last + 1n },
  ]);
  const possible = starts.filter((start) =>
    privateRanges.some(
      ({ family, first, last }) => family === start.family && start.value >= first && start.value <= last,
    ),
  );
  return [...new Set(possible.map(({ family, value }) => formatAddress(family, value)))];
}
