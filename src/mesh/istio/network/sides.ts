import { openings, type Opening } from '../../network-policy/admits.ts';
import { lastBefore } from '../../network-policy/blocks.ts';
import type { Direction, NetworkPolicy, Peer, Protocol } from '../../network-policy/types.ts';
import { memoize } from '../../../base/memoize.ts';
import { spend } from '../../../base/effort.ts';
import { addressesToldApart } from './addresses.ts';
import { directions, rulesOf } from './ends.ts';
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

/** What it takes to ask a policy, in steps. */
const weightOf = memoize((policy: NetworkPolicy): Readonly<Record<Direction, number>> => {
  const weight = (direction: Direction): number =>
    rulesOf(policy, direction).reduce(
      (sum, { peers, ports }) => sum + (1 + peers.filter(({ kind }) => kind === 'Pods').length + ports.length / 4) / 2,
      1,
    );
  return { Ingress: weight('Ingress'), Egress: weight('Egress') };
});

/** What it takes to look up what is open at both ends, now and then, where all of it is known. */
const stepsOfSupposition = 2;

type Known = (isolating: readonly NetworkPolicy[]) => (other: Peer) => Map<string, Side>;

function nothingKnown(): Known {
  return memoize((_isolating: readonly NetworkPolicy[]) => memoize((_other: Peer) => new Map<string, Side>()));
}

/** What a list of policies opens to a pod at the other end, as it was worked out for another pod that they isolate. */
let known = nothingKnown();

/**
 * Compares some places with others. What is worked out on the way is forgotten with the end of it: there are more pairs
 * of pods in a cluster than anybody has room for, and whether a look takes too long must not depend on who was looked at
 * before.
 */
export function comparing<T>(work: () => T): T {
  known = nothingKnown();
  try {
    return work();
  } finally {
    known = nothingKnown();
  }
}

interface Asked {
  readonly direction: Direction;
  readonly from: Peer;
  readonly to: Peer;
  readonly protocol: Protocol;
  /** Of the pod at the other end. */
  readonly address: string | undefined;
}

function sideOf(isolating: readonly NetworkPolicy[], { direction, from, to, protocol, address }: Asked): Side {
  if (isolating.length === 0) return 'All';
  const sides = known(isolating)(direction === 'Ingress' ? from : to);
  const key = JSON.stringify([direction, protocol, address, direction === 'Ingress' && to.ports]);
  const before = sides.get(key);
  if (before !== undefined) return before;
  const labels = Object.keys(direction === 'Ingress' ? from.labels : to.labels).length;
  spend(isolating.reduce((sum, policy) => sum + weightOf(policy)[direction], 1) * (1 + labels / 16));
  const ends =
    direction === 'Ingress' ? { from: at(from, address), to, protocol } : { from, to: at(to, address), protocol };
  const side = isolating.flatMap((policy) => openings(policy, ends, direction));
  sides.set(key, side);
  return side;
}

/** Ports as ranges in order, so that thousands of them are no more to look through than a few. */
const inOrder = memoize((side: readonly Opening[]): readonly Ports[] => {
  const found: Ports[] = [];
  for (const { first, last } of side.toSorted((one, other) => one.first - other.first)) {
    const before = found.at(-1);
    if (before === undefined || first > before.last + 1) found.push({ first, last });
    else if (last > before.last) found.splice(-1, 1, { ...before, last });
  }
  return found;
});

type Ports = Pick<Opening, 'first' | 'last'>;

/** Whether a port is open at one end. */
export function isOpen(side: Side, port: number): boolean {
  return side === 'All' || (lastBefore(inOrder(side), port)?.last ?? 0) >= port;
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
  const [callers, receivers] = [addressesToldApart(ingress, 'Ingress'), addressesToldApart(egress, 'Egress')];
  spend(callers.length * receivers.length * stepsOfSupposition);
  return callers.flatMap((from) =>
    receivers.map((receiver): Supposed => {
      const sides = (when: 'peerNow' | 'peerThen'): Sides => {
        const ends = { from: caller[when], to: called[when], protocol };
        return {
          Ingress: sideOf(ingress, { ...ends, direction: 'Ingress', address: from }),
          Egress: sideOf(egress, { ...ends, direction: 'Egress', address: receiver }),
        };
      };
      const now = sides('peerNow');
      const isSame = caller.peerNow === caller.peerThen && called.peerNow === called.peerThen;
      return { now, then: isSame ? now : sides('peerThen') };
    }),
  );
}
