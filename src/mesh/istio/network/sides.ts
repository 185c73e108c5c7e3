import { openings, type Opening } from '../../network-policy/admits.ts';
import type { Direction, NetworkPolicy, Peer, Protocol } from '../../network-policy/types.ts';
import { memoize } from '../../../base/memoize.ts';
import { spend } from '../policy/effort.ts';
import { addressesToldApart } from './addresses.ts';
import { rulesOf } from './ends.ts';
import type { Place } from './places.ts';

/** What policies at one end of a connection open; `All` where none isolates it. */
export type Side = 'All' | readonly Opening[];

/** The same at both ends. */
export type Sides = Readonly<Record<Direction, Side>>;

/** What is open before and after, if the pods have certain addresses. */
export interface Supposed {
  readonly now: Sides;
  readonly then: Sides;
}

/** Both ends of every connection. */
export const directions = ['Ingress', 'Egress'] as const;

/** What it takes to ask a policy, in steps. */
const weightOf = memoize((policy: NetworkPolicy): Readonly<Record<Direction, number>> => {
  const weight = (direction: Direction): number =>
    rulesOf(policy, direction).reduce((sum, { peers, ports }) => sum + 1 + peers.length + ports.length / 4, 1);
  return { Ingress: weight('Ingress'), Egress: weight('Egress') };
});

function sideOf(
  isolating: readonly NetworkPolicy[],
  ends: { readonly from: Peer; readonly to: Peer; readonly protocol: Protocol },
  direction: Direction,
): Side {
  if (isolating.length === 0) return 'All';
  spend(isolating.reduce((sum, policy) => sum + weightOf(policy)[direction], 1));
  return isolating.flatMap((policy) => openings(policy, ends, direction));
}

/** Whether a port is open at one end. */
export function isOpen(side: Side, port: number): boolean {
  return side === 'All' || side.some(({ first, last }) => first <= port && port <= last);
}

/** Whether it is open at both. */
export function areOpen(sides: Sides, port: number): boolean {
  return directions.every((direction) => isOpen(sides[direction], port));
}

function at(peer: Peer, address: string | undefined): Peer {
  return address === undefined ? peer : { ...peer, address };
}

/** Whether nothing isolates either end. */
export function isFree(caller: Place, called: Place): boolean {
  return caller.isolating.Egress.length === 0 && called.isolating.Ingress.length === 0;
}

/** What is open between two places, for all addresses that these policies tell apart. */
export function suppositions(caller: Place, called: Place, protocol: Protocol = 'TCP'): readonly Supposed[] {
  const [ingress, egress] = [called.isolating.Ingress, caller.isolating.Egress];
  return addressesToldApart(ingress, 'Ingress').flatMap((from) =>
    addressesToldApart(egress, 'Egress').map((to): Supposed => {
      const sides = (when: 'peerNow' | 'peerThen'): Sides => ({
        Ingress: sideOf(ingress, { from: at(caller[when], from), to: called[when], protocol }, 'Ingress'),
        Egress: sideOf(egress, { from: caller[when], to: at(called[when], to), protocol }, 'Egress'),
      });
      return { now: sides('peerNow'), then: sides('peerThen') };
    }),
  );
}
