import type { State } from './state.ts';

/** What the gauges are read from when somebody asks. */
export interface Source {
  /** What two replicas would both say, one says: the leader, whose picture it works with. */
  isLeader(): boolean;
  /** Keys that wait to be looked at now. */
  queued(): number;
  state(): State;
}
