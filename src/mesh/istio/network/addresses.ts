import { formatAddress, parseBlock, type AddressRange } from '../../../base/address.ts';
import { memoize } from '../../../base/memoize.ts';
import { coverOf, isEmptyCover, type Cover } from '../../network-policy/blocks.ts';
import type { Direction, NetworkPolicy } from '../../network-policy/types.ts';
import { costed, recount, spend } from '../../../base/effort.ts';
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

type Point = Pick<AddressRange, 'family'> & { readonly value: bigint };

/** Where the blocks of a rule begin to mean addresses, or cease to. */
function turnsOf(cover: Cover): readonly Point[] {
  return [...cover[4], ...cover[6]].flatMap(({ family, first, last }) => [
    { family, value: first },
    { family, value: last + 1n },
  ]);
}

function isPrivate({ family, value }: Point): boolean {
  return privateRanges.some((range) => range.family === family && value >= range.first && value <= range.last);
}

interface Turn extends Point {
  readonly rule: number;
}

function inOrder(one: Turn, other: Turn): number {
  if (one.family !== other.family) return one.family - other.family;
  if (one.value === other.value) return 0;
  return one.value < other.value ? -1 : 1;
}

/** By the rules that mean it, one address of each kind: from one turn to the next they are the same. */
function oneOfEach(turns: readonly Turn[]): readonly string[] {
  const found = new Map<string, string>();
  let meaning = 0n;
  for (const [index, { family, value, rule }] of turns.entries()) {
    if (turns[index - 1]?.family !== family) meaning = 0n;
    if (rule >= 0) meaning ^= 1n << BigInt(rule);
    const next = turns[index + 1];
    if ((next?.family === family && next.value === value) || !isPrivate({ family, value })) continue;
    const key = meaning.toString(36);
    if (!found.has(key)) found.set(key, formatAddress(family, value));
  }
  return [...found.values()];
}

function toldApart(policies: readonly NetworkPolicy[], direction: Direction): readonly (string | undefined)[] {
  const all = policies.flatMap((policy) => rulesOf(policy, direction)).map(({ peers }) => coverOf(peers));
  const rules = all.filter((cover) => !isEmptyCover(cover));
  if (rules.length === 0) return [undefined];
  const starts = privateRanges.map(({ family, first }): Turn => ({ family, value: first, rule: -1 }));
  const turns = rules.flatMap((cover, rule) => turnsOf(cover).map((point): Turn => ({ ...point, rule })));
  spend(turns.length * (1 + rules.length / 512));
  return oneOfEach([...starts, ...turns].sort(inOrder));
}

/** Remembered with what it took: nobody is told apart by who was asked before. */
const known = memoize((policies: readonly NetworkPolicy[]) => {
  const of = (direction: Direction): (() => ReturnType<typeof costed<readonly (string | undefined)[]>>) => {
    let found: ReturnType<typeof costed<readonly (string | undefined)[]>> | undefined;
    return () => (found ??= costed(() => toldApart(policies, direction)));
  };
  return { Ingress: of('Ingress'), Egress: of('Egress') };
});

/**
 * One address for each set of rules whose blocks it may be in, as far as pods may have it: between two neighbouring ends
 * of blocks all are alike. Nothing but an unknown one where they ask for none.
 */
export function addressesToldApart(
  policies: readonly NetworkPolicy[],
  direction: Direction,
): readonly (string | undefined)[] {
  return recount(known(policies)[direction]());
}
