/** A port as istiod reads it for Envoy and for ztunnel, which is strconv.ParseUint: digits only, up to 65535. */
export function portNumber(value: string): number | undefined {
  const port = /^\d{1,20}$/.test(value) ? Number(value) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}
