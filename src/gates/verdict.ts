/** Why a gate cannot tell yet. */
export type Missing =
  /** Nobody could be asked, or the answer cannot be relied on. */
  | 'NoTarget'
  /** No piece of time is over since the restarts. */
  | 'TooEarly'
  /** There is no such series, neither before nor since. */
  | 'NoSeries'
  /** The series are there, and nothing happened. */
  | 'NoTraffic';

/** What was counted since the restarts, and what it was compared with. */
export interface Measured {
  readonly bad: number;
  readonly total: number;
  /** The share that was allowed. */
  readonly limit: number;
  /** How much more likely that is on the side of the verdict than at the limit. */
  readonly evidence: number;
  /** Of whom, and who says so, where it is about one of those who tell. */
  readonly of?: { readonly by: string; readonly observer: string };
}

/** What a gate says of a namespace; with `why` where it has no counts. */
export type Verdict =
  /** Fewer are bad than allowed; with `missing` because that is accepted. */
  | (Measured & { readonly kind: 'Pass'; readonly missing?: Missing | 'TooFew' })
  /** More are bad than allowed, what there was before is gone, or that nothing is known is not accepted. */
  | (Measured & { readonly kind: 'Fail'; readonly reason: 'AboveLimit' | 'TrafficLost' | Missing | 'TooFew' })
  /** Neither is shown yet; `Soaking`: it would pass if it had been looked at for long enough. */
  | (Measured & { readonly kind: 'Inconclusive'; readonly reason: 'TooFew' | 'Soaking' })
  | { readonly kind: 'NoData'; readonly reason: Missing; readonly why: string }
  /** Where nothing is counted. */
  | { readonly kind: 'Pass'; readonly reason: 'NoAlert'; readonly why: string }
  | { readonly kind: 'Fail'; readonly reason: 'AlertFiring'; readonly why: string }
  | { readonly kind: 'Inconclusive'; readonly reason: 'Soaking'; readonly why: string };
