/** The labels of one series that a query of the adapter found. */
export type SeriesLabels = Readonly<Record<string, string>>;

/** Who made a call. */
export interface ObservedCaller {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Only of callers in the namespace that they call, where it decides about the order of restarts. */
  readonly workload?: string;
}

/** One thing that metrics tell of a workload. */
export type Sighting = { readonly namespace: string; readonly workload: string } & (
  | { readonly kind: 'Call'; readonly caller: ObservedCaller }
  /** By somebody outside the mesh, or in plaintext; `from` is the namespace that it claims to be in, if it claims any. */
  | { readonly kind: 'CallWithoutIdentity'; readonly from?: string }
  /** Its proxies report the calls that they get (`Inbound`), or those that they make. */
  | { readonly kind: 'Reports'; readonly side: 'Inbound' | 'Outbound' }
);

/** What an adapter knows about the metrics of its mesh. */
export interface Telemetry {
  /** PromQL expressions over the last `seconds` before the time of the query, for the whole mesh. */
  queries(seconds: number): readonly string[];
  /** What the answers mean; one that fits no query says nothing. */
  sightings(series: readonly SeriesLabels[]): readonly Sighting[];
}

/** What metrics tell of one workload. */
export interface ObservedWorkload {
  readonly callers: readonly ObservedCaller[];
  /** Namespaces that callers without an identity claim to be in; an empty string for those that claim none. */
  readonly withoutIdentity: readonly string[];
  readonly reports: ReadonlySet<'Inbound' | 'Outbound'>;
}

/** What is known from metrics about who calls the workloads of a namespace. */
export type ObservedCallers =
  /** All of the window was asked about; a workload that is not among them is in no metric. */
  | { readonly kind: 'Observed'; readonly window: string; readonly workloads: ReadonlyMap<string, ObservedWorkload> }
  /** The window is being asked about, piece by piece. */
  | { readonly kind: 'Learning'; readonly window: string }
  /** There is no answer that could be relied on; `since` (milliseconds since the epoch): the first try that failed. */
  | { readonly kind: 'Unavailable'; readonly server: string; readonly since?: number; readonly why: string };
