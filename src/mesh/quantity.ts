import { text } from './json.ts';

/** Factors of the suffixes of a resource.Quantity (apimachinery pkg/api/resource/suffix.go). */
const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** More characters than any quantity that the API server takes has: what is longer is none, and is not read. */
const longest = 64;

const form = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/;

/** A quantity in thousandths, so that sums of `100m` are exact; undefined if it is none. */
export function thousandths(value: unknown): number | undefined {
  const written = typeof value === 'number' ? String(value) : (text(value) ?? '');
  const [, digits, exponent, suffix] = (written.length > longest ? undefined : form.exec(written)) ?? [];
  if (digits === undefined) return undefined;
  const factor = exponent === undefined ? (suffixes[suffix ?? ''] ?? 1) : 10 ** Number(exponent);
  return Math.round(Number(digits) * factor * 1000);
}

const mebi = 1000 * 2 ** 20;

/** Thousandths as a quantity, for people. */
export function quantity(amount: number): string {
  if (amount >= mebi && amount % mebi === 0) return `${amount / mebi}Mi`;
  return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
}
