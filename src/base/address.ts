import { isIPv4, isIPv6 } from 'node:net';

/** A range of addresses of one family, as numbers; both ends belong to it. */
export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** IP version. */
export type Family = 4 | 6;

/** Number of bits of an address. */
export const addressBits: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/**
 * A CIDR block or a single address as a range; undefined if it is neither. Host bits are ignored, as Envoy does when it
 * loads a CidrRange. Zones and leading zeros are read as Go's netip does, with which istiod reads them: a single
 * address may have a zone, which is forgotten, a block may not.
 */
export function parseBlock(block: string): AddressRange | undefined {
  const [address = '', length, ...rest] = block.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || rest.length > 0 || (length !== undefined && address.includes('%'))) return undefined;
  const bits = addressBits[parsed.family];
  const prefix = length === undefined ? bits : prefixLength(length, bits);
  if (prefix === undefined) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = (parsed.value / size) * size;
  return { family: parsed.family, first, last: first + size - 1n };
}

/**
 * Whether the address lies in the block. A malformed block or address never matches; an IPv4 block holds no IPv6
 * address.
 */
export function blockContains(block: string, address: string): boolean {
  const range = parseBlock(block);
  const parsed = parseAddress(address);
  if (range === undefined || range.family !== parsed?.family) return false;
  return parsed.value >= range.first && parsed.value <= range.last;
}

/** The address as a number. */
export function parseAddress(address: string): { readonly family: Family; readonly value: bigint } | undefined {
  if (isIPv4(address)) return { family: 4, value: number(address.split('.').map(Number), 8n) };
  if (isIPv6(address)) return { family: 6, value: number(groups(address.split('%', 1)[0] ?? ''), 16n) };
  return undefined;
}

/** The number as an address, IPv6 in the short form of RFC 5952. */
export function formatAddress(family: Family, value: bigint): string {
  if (family === 4) return parts(value, 4, 8n).join('.');
  return new URL(
    `http://[${parts(value, 8, 16n)
      .map((group) => group.toString(16))
      .join(':')}]`,
  ).hostname.slice(1, -1);
}

function prefixLength(text: string, bits: number): number | undefined {
  const length = /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Number.NaN;
  return length <= bits ? length : undefined;
}

/** The eight groups of an IPv6 address, whose `::` stands for as many zeros as are missing. */
function groups(address: string): readonly number[] {
  const [head = [], tail] = embedded(address)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...(tail ?? [])].map((group) => Number.parseInt(group, 16));
}

/** `::ffff:1.2.3.4` with its last part in hexadecimal. */
function embedded(address: string): string {
  return address.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

function number(digits: readonly number[], width: bigint): bigint {
  return digits.reduce((value, digit) => (value << width) | BigInt(digit), 0n);
}

function parts(value: bigint, count: number, width: bigint): readonly bigint[] {
  const mask = (1n << width) - 1n;
  return Array.from({ length: count }, (_, index) => (value >> (width * BigInt(count - 1 - index))) & mask);
}
