/** The head of an answer, and its body as it comes in. */
export interface PrometheusResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As sent, so perhaps compressed; iterate once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The one seam between the operator and a Prometheus: production sends over undici, tests hand in a stand-in. */
export interface PrometheusTransport {
  /** For messages only, for example `https://prometheus.monitoring:9090`. */
  readonly server: string;
  /** GETs a path below the server's own. Rejects, with any error, when no complete head arrived. */
  get(path: string, signal: AbortSignal): Promise<PrometheusResponse>;
}
