import type { Surroundings } from '../../src/mesh/adapter.ts';

/** Surroundings in which a rule sees something, and such in which it does not, by what they show. */
export interface Examples {
  readonly seen: Readonly<Record<string, Surroundings>>;
  readonly ignored: Readonly<Record<string, Surroundings>>;
}
