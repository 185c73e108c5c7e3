import { classify, type Classes } from './classes.ts';
import { spend } from '../base/effort.ts';
import {
  addressBits,
  formatAddress,
  parseAddress,
  parseBlock,
  type AddressRange,
  type Family,
} from '../base/address.ts';

/** Addresses to name first when a policy does not tell them apart from others: a pod, documentation ranges, IPv6. */
const usual = ['10.244.1.17', '192.0.2.10', '198.51.100.7', '2001:db8::17'];

/**
 * Classes of addresses under CIDR blocks. Between two neighbouring ends of blocks all addresses are alike, so that one
 * of each such interval is enough. Blocks lie within each other or apart, so that an address is looked up once for each
 * length of theirs.
 */
export function addressClasses(blocks: readonly string[]): Classes<string> {
  spend(blocks.length * stepsOfBlock);
  const ranges = blocks.map(parseBlock);
  const unique = new Map(ranges.flatMap((range) => (range === undefined ? [] : [[keyOf(range), range] as const])));
  const numbers = new Map([...unique.keys()].map((key, number) => [key, number]));
  const sizes = [
    ...new Map(
      [...unique.values()].map(({ family, first, last }) => [
        `${family} ${last - first}`,
        { family, size: last - first + 1n },
      ]),
    ).values(),
  ];
  const holding = (address: string): readonly number[] => {
    const parsed = parseAddress(address);
    if (parsed === undefined) return [];
    spend(sizes.length);
    return sizes
      .filter(({ family }) => family === parsed.family)
      .flatMap(({ family, size }) => numbers.get(`${family} ${parsed.value - (parsed.value % size)} ${size}`) ?? [])
      .sort((a, b) => a - b);
  };
  const all = [...unique.values()];
  const { representatives, holds } = classify(
    [...usual, ...intervals(all, 4), ...intervals(all, 6)],
    unique.size,
    holding,
  );
  return {
    representatives,
    holds: ranges.map((range) => (range === undefined ? 0n : (holds[numbers.get(keyOf(range)) ?? -1] ?? 0n))),
  };
}

/** Reading a block takes about as long as so many steps. */
const stepsOfBlock = 20;

function keyOf({ family, first, last }: AddressRange): string {
  return `${family} ${first} ${last - first + 1n}`;
}

/** The second address of each interval if it has one: the first is often a network's own. */
function intervals(ranges: readonly AddressRange[], family: Family): readonly string[] {
  const end = 1n << BigInt(addressBits[family]);
  const starts = ranges.filter((range) => range.family === family).flatMap(({ first, last }) => [first, last + 1n]);
  const sorted = [...new Set([0n, ...starts])].filter((start) => start < end).sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((start, index) =>
    formatAddress(family, start + 1n < (sorted[index + 1] ?? end) ? start + 1n : start),
  );
}
