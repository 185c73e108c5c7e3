import { classify, type Classes } from './classes.ts';
import { addressBits, blockContains, formatAddress, parseBlock, type AddressRange, type Family } from './matches-address.ts';

/** Addresses to name first when a policy does not tell them apart from others: a pod, documentation ranges, IPv6. */
const usual = ['10.244.1.17', '192.0.2.10', '198.51.100.7', '2001:db8::17'];

/**
 * Classes of addresses under CIDR blocks. Between two neighbouring ends of blocks all addresses are alike, so that one of each such
 * interval is enough.
 */
export function addressClasses(blocks: readonly string[]): Classes<string> {
  const ranges = blocks.map(parseBlock).filter((range) => range !== undefined);
  const candidates = [...usual, ...intervals(ranges, 4), ...intervals(ranges, 6)];
  return classify(candidates, blocks.length, (address) => blocks.flatMap((block, index) => (blockContains(block, address) ? [index] : [])));
}

/** The second address of each interval if it has one: the first is often a network's own. */
function intervals(ranges: readonly AddressRange[], family: Family): readonly string[] {
  const end = 1n << BigInt(addressBits[family]);
  const starts = ranges.filter((range) => range.family === family).flatMap(({ first, last }) => [first, last + 1n]);
  const sorted = [...new Set([0n, ...starts])].filter((start) => start < end).sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((start, index) => formatAddress(family, start + 1n < (sorted[index + 1] ?? end) ? start + 1n : start));
}

