/**
 * Whether version `a` is at or after `b`. Within one resource the numbers are comparable (KEP-5504, stable in
 * Kubernetes
 * 1.35, and true of etcd before); undefined when one of them is not a number.
 */
export function atOrAfter(a: string, b: string): boolean | undefined {
  if (a === b) return true;
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return undefined;
  return a.length === b.length ? a > b : a.length > b.length;
}
