import type { DataPlane } from '../api/common.ts';
import type { ItineraryName } from '../api/namespace-migration.ts';
import type { SeriesLabels } from './telemetry.ts';

/** What a gate may ask without a query of its own. */
export type Preset = 'ErrorRate';

/** Namespaces that go the same way, by how long a piece of time is. */
export interface Asked {
  readonly namespaces: readonly string[];
  /** Seconds that one piece of time has. */
  readonly seconds: number;
  /** The mesh's own namespace, which speaks for all. */
  readonly root: string;
  readonly to: DataPlane;
  readonly itinerary: ItineraryName;
}

/** Whose pieces a series is about, and who says so. */
export interface Told {
  readonly namespace: string;
  readonly by: string;
}

/** Two expressions about the same requests, seen by the same. */
export interface GateQuestion {
  /**
   * `Callers`: those outside of the namespace, whose proxies stay what they are. `Own`: the proxies of the new data
   * plane, which nothing of before can be compared with.
   */
  readonly observer: 'Callers' | 'Own';
  readonly total: string;
  readonly bad: string;
  /** Undefined for what is about none of the namespaces, or told by somebody who cannot speak for it. */
  readonly read: (labels: SeriesLabels) => Told | undefined;
  /** Who called, as the called themselves saw it: whoever tells of calls that these know nothing of makes them up. */
  readonly seen?: { readonly expression: string; readonly read: (labels: SeriesLabels) => Told | undefined };
}

/** What an adapter knows about metrics that tell whether a namespace is well. */
export interface GateTelemetry {
  /** One question about all the namespaces for each observer. */
  questions(preset: Preset, asked: Asked): readonly GateQuestion[];
}
