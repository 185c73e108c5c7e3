/** The filter of an HTTP connection manager, or the one of a plain TCP filter chain. */
export type Protocol = 'http' | 'tcp';
