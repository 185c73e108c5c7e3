/** The labels of one series that a query of the adapter found. */
export type SeriesLabels = Readonly<Record<string, string>>;

/** Who made a call. */
export interface ObservedCaller {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Only of callers in the namespace that they call, where it decides about the order of restarts. */
  readonly workload?: string;
}

/**
 * One thing that metrics tell of a workload. `by`: the namespace that answers for it, and against whose share it
 * counts.
 */
export type Sighting = { readonly namespace: string; readonly workload: string; readonly by: string } & (
  | { readonly kind: 'Call'; readonly caller: ObservedCaller }
  /**
   * By somebody outside the mesh, or in plaintext; `from` is the namespace that it claims to be in, if it claims any.
   */
  | { readonly kind: 'CallWithoutIdentity'; readonly from?: string }
  /** Its proxies report the calls that they get (`Inbound`), or those that they make. */
  | { readonly kind: 'Reports'; readonly side: 'Inbound' | 'Outbound' }
  /** Somebody who cannot speak for the workload said something of it; `by` is empty if that is no namespace. */
  | { readonly kind: 'Disbelieved' }
);

/** Which side of calls reports them, and so speaks for its own namespace. */
export type Side = 'Called' | 'Caller';

/** A part of what a question asks about. */
export interface Among {
  /** Where it was scraped; an empty name for what does not say. */
  readonly scraped: readonly string[];
  /** Only what one side reports, and that of namespaces: for what was scraped where all are spoken for. */
  readonly side?: Side;
  readonly speaksFor?: readonly string[];
}

/** What an adapter knows about the metrics of its mesh. */
export interface Telemetry {
  /**
   * PromQL expressions over the last `seconds` before the time of the query, for the whole mesh or a part of it;
   * `coarse`: without what callers say of themselves.
   */
  queries(seconds: number, among?: Among, coarse?: boolean): readonly string[];
  /**
   * In which namespaces anything was scraped; an empty name for what does not say. For answers that are too large in
   * one.
   */
  readonly namespaces: { query(seconds: number): string; read(series: readonly SeriesLabels[]): readonly string[] };
  /**
   * The sides that each of the questions is about, and for which namespaces they speak; an empty name for what does not
   * say.
   */
  readonly sides: readonly (readonly Side[])[];
  readonly spokenFor: {
    query(seconds: number, question: number, among: Among): string;
    read(series: readonly SeriesLabels[], side: Side): readonly string[];
  };
  /**
   * What the answers mean; one that fits no query says nothing. What was scraped in `root`, the mesh's own namespace,
   * may speak for all.
   */
  sightings(series: readonly SeriesLabels[], root: string): readonly Sighting[];
}

/** What metrics tell of one workload. */
export interface ObservedWorkload {
  readonly callers: readonly ObservedCaller[];
  /** Namespaces that callers without an identity claim to be in; an empty string for those that claim none. */
  readonly withoutIdentity: readonly string[];
  readonly reports: ReadonlySet<'Inbound' | 'Outbound'>;
  /** Other namespaces that said something of it, which nobody believes; an empty string for what is none. */
  readonly disbelieved: readonly string[];
}

/** What is known from metrics about who calls the workloads of a namespace. */
export type ObservedCallers =
  /** All of the window was asked about; a workload that is not among them is in no metric. */
  | { readonly kind: 'Observed'; readonly window: string; readonly workloads: ReadonlyMap<string, ObservedWorkload> }
  /** The window is being asked about, piece by piece. */
  | { readonly kind: 'Learning'; readonly window: string }
  /** There is no answer that could be relied on; `since` (milliseconds since the epoch): the first try that failed. */
  | { readonly kind: 'Unavailable'; readonly server: string; readonly since?: number; readonly why: string };
