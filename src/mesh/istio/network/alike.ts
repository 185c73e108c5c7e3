import { memoize } from '../../../base/memoize.ts';
import { entriesOf } from '../../has-labels.ts';
import { mayMean } from '../../network-policy/admits.ts';
import type { Direction, NetworkPolicy } from '../../network-policy/types.ts';
import { spend } from '../../../base/effort.ts';
import { rulesOf } from './ends.ts';
import type { Place } from './places.ts';

/*
 * Two namespaces of twenty applications each have hundreds of pairs, and a cluster hundreds of such namespaces. Most policies mean nobody of most of them, or
 * all of their pods alike: what is so is seen before the pairs are.
 */

/** Whether policies let anything through to or from somebody in the namespace of a place, whoever that is. */
function meansAny(policies: readonly NetworkPolicy[], direction: Direction, { peerNow }: Place): boolean {
  return policies.some((policy) =>
    rulesOf(policy, direction).some((rule) => {
      spend((1 + rule.peers.length) / 8);
      return mayMean(rule, peerNow, policy.namespace);
    }),
  );
}

/** Those places at one end whose policies let anything through to or from the namespace at the other end. */
export function reachable(places: readonly Place[], direction: Direction, others: readonly Place[]): readonly Place[] {
  const [other] = others;
  if (other === undefined) return [];
  const lets = memoize((policies: readonly NetworkPolicy[]) => meansAny(policies, direction, other));
  return places.filter(({ isolating }) => isolating[direction].length === 0 || lets(isolating[direction]));
}

/**
 * Places by what decides about their calls at one end: how they are reached, the policies that isolate them, and of
 * their labels those that are asked for at the other end.
 */
export function alike(
  places: readonly Place[],
  direction: Direction,
  asked: ReadonlySet<string>,
  more: (place: Place) => unknown,
): readonly (readonly Place[])[] {
  const lists = new Map<readonly NetworkPolicy[], number>();
  const groups = Map.groupBy(places, (place) => {
    const { now, then, isolating, end } = place;
    const list = isolating[direction];
    if (!lists.has(list)) lists.set(list, lists.size);
    const labels = entriesOf(end.labels);
    const called = direction === 'Ingress' ? [end.ports, end.called] : [];
    spend((1 + labels.length + end.called.length) / 8);
    return JSON.stringify([now, then, lists.get(list), labels.filter(([key]) => asked.has(key)), called, more(place)]);
  });
  return [...groups.values()];
}
