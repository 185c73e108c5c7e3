/** One reason why a Service needs a waypoint. */
export interface Reason {
  readonly object: string;
  readonly sentence: string;
  /** It decides about requests, so that nobody may go around the waypoint. */
  readonly enforces: boolean;
  /** It only reports about requests: without it each fares as before. */
  readonly reports?: true;
}
