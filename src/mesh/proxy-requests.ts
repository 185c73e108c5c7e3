/** What some proxies request together. */
export interface ProxyRequest {
  /** Now, by what moves; Afterwards, in its place; Always, whoever moves. */
  readonly when: 'Now' | 'Afterwards' | 'Always';
  /** What they are, for people. */
  readonly proxies: string;
  readonly pods: number;
  /** Quantities. */
  readonly cpu: string;
  readonly memory: string;
}

/** What the proxies of some namespaces request now, and what those will that come in their place. */
export interface ProxyRequests {
  readonly requests: readonly ProxyRequest[];
  /** How many request no CPU or no memory now: what they use is in no figure. */
  readonly silent: number;
}
