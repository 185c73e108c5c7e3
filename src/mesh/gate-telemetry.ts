import type { DataPlane } from '../api/common.ts';
import type { GatePreset, Matcher } from '../api/gates.ts';
import type { ItineraryName } from '../api/namespace-migration.ts';
import type { SeriesLabels } from './telemetry.ts';

/** Namespaces that go the same way, by how long a piece of time is. */
export interface Asked {
  readonly namespaces: readonly string[];
  /** Seconds that one piece of time has. */
  readonly seconds: number;
  /** The mesh's own namespace, which speaks for all. */
  readonly root: string;
  readonly to: DataPlane;
  readonly itinerary: ItineraryName;
  /** What every series has to have besides. */
  readonly extraMatchers: readonly Matcher[];
  /** What takes longer than so many milliseconds is slow. */
  readonly slowerThanMs?: number;
}

/** Whose pieces a series is about, and who says so. */
export interface Told {
  readonly namespace: string;
  readonly by: string;
  /** By what else the same is known, where it may be told without what makes it `by`. */
  readonly also?: string;
}

/** One expression, and what its answer is about. */
export interface Heard {
  readonly expression: string;
  readonly read: (labels: SeriesLabels) => Told | undefined;
}

/** How many there were and how many of them were bad, seen by the same. */
export interface Counted {
  readonly total: string;
  readonly bad: string;
  /** Undefined for what is about none of the namespaces, or told by somebody who cannot speak for it. */
  readonly read: (labels: SeriesLabels) => Told | undefined;
}

/** Two expressions about the same requests, seen by the same. */
export interface GateQuestion extends Counted {
  /**
   * `Callers`: those outside of the namespace, whose proxies stay what they are. `Own`: the proxies of the new data
   * plane, which nothing of before can be compared with.
   */
  readonly observer: 'Callers' | 'Own';
  /** Who called, as the called themselves saw it: whoever tells of calls that these know nothing of makes them up. */
  readonly seen?: Heard;
  /** Each caller is judged by himself: of whom all fails he must not drown in what others call. */
  readonly each?: true;
  /**
   * What was told of each caller before, in other counts than those since: only of who was never told anything bad of
   * then can it be told since.
   */
  readonly admitted?: Counted;
}

/** What an adapter knows about metrics that tell whether a namespace is well. */
export interface GateTelemetry {
  /** One question about all the namespaces for each observer. */
  questions(preset: GatePreset, asked: Asked): readonly GateQuestion[];
  /** Labels that the questions ask for: what is added to them must not be one of these, or it asks for something else. */
  readonly labels: ReadonlySet<string>;
}
