import { spend } from '../../../../base/effort.ts';

/** One reason why a Service needs a waypoint. */
export interface Reason {
  readonly object: string;
  readonly sentence: string;
  /** It decides about requests, so that nobody may go around the waypoint. */
  readonly enforces: boolean;
  /** It only reports about requests: without it each fares as before. */
  readonly reports?: true;
}

/** What it takes to say one of a Service: it is counted, told, and asked about when it is proved what comes of it. */
const stepsOfReason = 6;

/** The reason, as one more of a Service. Whoever makes many objects, and many Services, makes each of them of each. */
export function oneMore(reason: Reason): Reason {
  spend(stepsOfReason);
  return reason;
}
