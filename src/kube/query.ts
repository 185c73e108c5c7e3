/** What a list or watch selects. */
export interface ListParameters {
  /** Without it: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** Parameters of a watch. */
export interface WatchParameters extends ListParameters {
  /** Where to go on. Without it the stream starts with ADDED events for the present state. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'NotOlderThan';
  /** WatchList (KEP-3157): the present state as ADDED events, closed by a bookmark, then the changes. */
  readonly sendInitialEvents?: boolean;
  /** When the server ends the stream. */
  readonly timeoutSeconds?: number;
}

/** Query parameters; those that are undefined or empty are left out. */
export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** `?limit=500&continue=...`, or nothing. */
export function queryOf(values: QueryValues): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
